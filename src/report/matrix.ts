import type { IngressEvidence, IngressVerdict } from '../verify/evidence.ts';
import { total } from '../verify/evidence.ts';
import type { VersionName } from '../core/weights.ts';
import type { FormatTexts } from '../texts/catalogue/formats.ts';
import { range } from './format.ts';
import { sharesAt } from './shares.ts';
import type { Share } from './shares.ts';

/** The last check at one ingress. */
export interface MatrixRow {
  readonly evidence: IngressEvidence;
  readonly shares: readonly Share[];
  /** In the order of the matrix's versions; undefined for a version that this ingress does not have. */
  readonly cells: readonly (Share | undefined)[];
  /** Requests that failed, those without a known version included. */
  readonly failed: number;
}

interface Column {
  readonly version: VersionName;
  /** As a fraction; undefined where the ingresses do not have the same. */
  readonly weight: number | undefined;
}

/** The shares that one version had, over some ingresses. */
interface ShareRange {
  readonly version: VersionName;
  readonly lowest: number;
  readonly highest: number;
}

/** Cluster × version, as the summary and the report show a check: the rows to act on first. */
export interface Matrix {
  readonly columns: readonly Column[];
  /** Failed or inconclusive, the failed ones first. */
  readonly notable: readonly MatrixRow[];
  /** Stopped without a verdict because another part of the check had failed. */
  readonly undecided: readonly MatrixRow[];
  readonly passed: readonly MatrixRow[];
  /** Whether any request failed. */
  readonly hasFailures: boolean;
  /** Addresses that several of the clusters share, so that nobody knows which of them answered. */
  readonly shared: readonly { readonly url: string; readonly clusters: readonly string[] }[];
}

/** @param tolerance of the check, as a fraction */
export function matrixOf(evidence: readonly IngressEvidence[], tolerance?: number): Matrix {
  const each = evidence.map((one) => ({ evidence: one, shares: sharesAt(one, tolerance) }));
  const columns = columnsOf(each.flatMap(({ shares }) => shares));
  const rows = each.map(({ evidence: one, shares }): MatrixRow => ({
    evidence: one,
    shares,
    cells: columns.map(({ version }) => shares.find((share) => share.version === version)),
    failed: total(one.errors),
  }));
  const having = (verdict: IngressEvidence['verdict']): readonly MatrixRow[] =>
    rows.filter((row) => row.evidence.verdict === verdict);
  const byUrl = Map.groupBy(evidence, ({ url }) => url);
  return {
    columns,
    notable: [...having('fail'), ...having('inconclusive')],
    undecided: having('undecided'),
    passed: having('pass'),
    hasFailures: rows.some(({ failed }) => failed > 0),
    shared: [...byUrl].flatMap(([url, own]) =>
      own.length < 2 ? [] : [{ url, clusters: own.map(({ cluster }) => cluster) }],
    ),
  };
}

function columnsOf(shares: readonly Share[]): readonly Column[] {
  return [...Map.groupBy(shares, ({ version }) => version)].map(([version, own]) => {
    const weight = own[0]?.weight;
    return { version, weight: own.every((one) => one.weight === weight) ? weight : undefined };
  });
}

/** More rows that passed are folded, and so are fewer below rows to act on. */
const MOST_PASSED = 15;
const MOST_PASSED_BELOW = 3;

/** What of a matrix is shown at once, and what on demand. */
export interface MatrixView {
  readonly shown: readonly MatrixRow[];
  /** Rows of one verdict each. */
  readonly folded: readonly { readonly verdict: IngressVerdict; readonly rows: readonly MatrixRow[] }[];
}

export function viewOf({ notable, undecided, passed }: Matrix): MatrixView {
  const arePassedShown = passed.length <= (notable.length === 0 ? MOST_PASSED : MOST_PASSED_BELOW);
  const groups = [
    { verdict: 'undecided', rows: undecided },
    { verdict: 'pass', rows: arePassedShown ? [] : passed },
  ] as const;
  return {
    shown: arePassedShown ? [...notable, ...passed] : notable,
    folded: groups.filter(({ rows }) => rows.length > 0),
  };
}

/** The lowest and the highest share of each version. */
function rangesOf(rows: readonly MatrixRow[]): readonly ShareRange[] {
  const shares = rows.flatMap((row) => row.shares);
  return [...Map.groupBy(shares, ({ version }) => version)].map(([version, own]) => {
    const observed = own.map((share) => share.observed);
    return { version, lowest: Math.min(...observed), highest: Math.max(...observed) };
  });
}

/** For the line in place of folded rows: `v1 78.2–81.9%, v2 18.1–21.8%`. */
export function rangesInWords(rows: readonly MatrixRow[], { list }: Pick<FormatTexts, 'list'>): string {
  return list(
    rangesOf(rows).map(({ version, lowest, highest }) => `${version} ${range(lowest, highest, 1)}`),
  );
}
