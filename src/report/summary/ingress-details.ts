import type { IngressEvidence, IngressVerdict } from '../../verify/evidence.ts';
import { total } from '../../verify/evidence.ts';
import { percent, range } from '../format.ts';
import type { Texts } from '../../texts/catalogue.ts';
import { say } from '../../texts/texts.ts';
import { podLine, sharesAt, stripOf } from '../shares.ts';
import type { Share } from '../shares.ts';
import { tellsFailures } from '../symptoms.ts';
import { VERDICT_EMOJI } from './emoji.ts';
import { judgedLine } from './judged-line.ts';
import { row, tableHead, text, unbroken } from './markdown.ts';
import { RANK, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';

/**
 * Everything about each ingress: reasons, shares with their tolerance, errors and response times.
 *
 * @param told of the evidence: whose reasons are shown elsewhere
 */
export function detailPieces(
  evidence: readonly IngressEvidence[],
  told: readonly IngressEvidence[],
  tolerance: number | undefined,
  texts: Texts,
): readonly Piece[] {
  const { columns } = texts.labels;
  const { weight, observed, samples, errors, median, slowest } = columns;
  const each = evidence.map((one) => ({ one, shares: sharesAt(one, tolerance) }));
  const table = (titles: readonly string[], cells: (share: Share) => readonly string[]): readonly Piece[] => [
    fixed(`${tableHead([columns.cluster, columns.version, ...titles])}\n`),
    ...each.map(({ one, shares }) => rowsOf(one, shares.map(cells))),
    fixed('\n'),
  ];
  return [
    ...each
      .filter(({ one }) => !told.includes(one))
      .map(({ one }) => ({ ...DETAIL, text: reasonLine(one, texts) })),
    fixed('\n'),
    ...table(
      [`${weight}:`, `${observed}:`, columns.deviation, `${columns.tolerance}:`, `${samples}:`],
      (share) => shareCells(share, texts),
    ),
    ...table([`${errors}:`, `${median}:`, '90%:', '99%:', `${slowest}:`], (share) =>
      responseCells(share, texts),
    ),
  ];
}

const DETAIL = { rank: RANK.detail, name: 'detail of an ingress' } as const;

function shareCells(share: Share, { formats }: Texts): readonly string[] {
  const { version, weight, lower, upper, observed, samples, within } = share;
  return [
    text(version),
    unbroken(percent(weight, 0)),
    unbroken(within ? percent(observed) : `**${percent(observed)}** ⚠️`),
    `\`${stripOf(share)}\``,
    unbroken(range(lower, upper)),
    formats.number(samples),
  ];
}

/** The rows of an ingress, with its name in the first one. */
function rowsOf({ cluster, verdict }: IngressEvidence, rows: readonly (readonly string[])[]): Piece {
  const lines = rows.map((cells, i) =>
    row([i === 0 ? `${VERDICT_EMOJI[verdict]} ${text(cluster)}` : '', ...cells]),
  );
  return { ...DETAIL, text: lines.map((line) => `${line}\n`).join('') };
}

/** Ingresses that passed are omitted before the others. */
export function placeOfIngress(verdict: IngressVerdict): Pick<Piece, 'rank' | 'name'> {
  return verdict === 'pass'
    ? { rank: RANK.passed, name: 'row of an ingress that passed' }
    : { rank: RANK.notPassed, name: 'row of an ingress that did not pass' };
}

/** Why an ingress has its verdict. */
export function reasonPiece(evidence: IngressEvidence, texts: Texts): Piece {
  return { ...placeOfIngress(evidence.verdict), text: reasonLine(evidence, texts) };
}

function reasonLine(evidence: IngressEvidence, texts: Texts): string {
  const { cluster, url, verdict, reason, requests, seconds, pods = [] } = evidence;
  const failed = total(evidence.errors);
  const stale = total(evidence.stale);
  const figures = [
    texts.evidence.requests({ requests, seconds }),
    ...(failed === 0 || tellsFailures(reason) ? [] : [texts.evidence.failed(failed)]),
    ...(stale === 0 ? [] : [texts.evidence.stale(stale)]),
  ];
  const parts = [say(reason, texts), figures.join(texts.formats.comma)];
  const line = judgedLine({ what: texts.evidence.ingress({ cluster, url }), verdict, parts }, texts);
  return [line, ...pods.map((one) => `  - ${text(podLine(one, texts))}\n`)].join('');
}

function responseCells({ version, samples, responses }: Share, { formats }: Texts): readonly string[] {
  const errors = responses?.errors ?? 0;
  const latency = responses?.latency;
  const times = latency === undefined ? [] : [latency.p50, latency.p90, latency.p99, latency.max];
  return [
    text(version),
    errors === 0 ? '0' : unbroken(`**${formats.number(errors)}** (${percent(errors / samples)})`),
    ...(latency === undefined ? ['–', '–', '–', '–'] : times.map(formats.milliseconds).map(unbroken)),
  ];
}
