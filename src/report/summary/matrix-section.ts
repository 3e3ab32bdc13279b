import { count } from '../../core/plural.ts';
import { percent, range } from '../format.ts';
import { matrixOf, rangesOf, viewOf } from '../matrix.ts';
import type { Matrix, MatrixRow } from '../matrix.ts';
import type { RunRecord } from '../run-record.ts';
import type { Share } from '../shares.ts';
import { VERDICT_EMOJI } from './emoji.ts';
import { detailPieces, placeOfIngress, reasonPiece } from './ingress-details.ts';
import { row, tableHead, text, unbroken } from './markdown.ts';
import { fixed, folded } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** What each ingress showed in the last check: the ones to act on first, and what explains nothing folded. */
export function matrixSection({ evidence, limits }: RunRecord): readonly Piece[] {
  if (evidence.length === 0) return [];
  const matrix = matrixOf(evidence, limits?.tolerance);
  const view = viewOf(matrix);
  return [
    fixed('### Observed traffic split\n\n'),
    ...(view.shown.length === 0 ? [] : matrixTable(matrix, view.shown)),
    ...matrix.notable.map((one) => reasonPiece(one.evidence)),
    ...(matrix.notable.length === 0 ? [] : [fixed('\n')]),
    ...matrix.shared.map(sharedNote),
    ...view.folded.flatMap(({ verdict, rows }) =>
      folded(
        `${VERDICT_EMOJI[verdict]} ${count(rows, 'ingress', 'ingresses')} ${verdict === 'pass' ? 'passed' : verdict}: ${rangesInWords(rows)}`,
        matrixTable(matrix, rows),
      ),
    ),
    ...folded(
      'Reasons, tolerance, errors and response times of each ingress',
      detailPieces(evidence, limits?.tolerance),
    ),
  ];
}

function matrixTable(matrix: Matrix, rows: readonly MatrixRow[]): readonly Piece[] {
  const versions = matrix.columns.map(
    ({ version, weight }) =>
      `${text(version)}${weight === undefined ? '' : `&nbsp;(${percent(weight, 0)})`}:`,
  );
  const head = [
    'Cluster',
    'Verdict',
    ...versions,
    'Samples:',
    ...(matrix.hasFailures ? ['Failed requests:'] : []),
  ];
  return [fixed(`${tableHead(head)}\n`), ...rows.map((one) => matrixRow(matrix, one)), fixed('\n')];
}

function matrixRow({ columns, hasFailures }: Matrix, { evidence, cells, failed }: MatrixRow): Piece {
  const { cluster, verdict, samples, requests } = evidence;
  const shown = [
    text(cluster),
    unbroken(`${VERDICT_EMOJI[verdict]} ${verdict}`),
    ...cells.map((share, i) => shareCell(share, { verdict, hasWeight: columns[i]?.weight !== undefined })),
    samples.toLocaleString('en'),
    ...(hasFailures ? [failedCell(failed, requests)] : []),
  ];
  return { text: `${row(shown)}\n`, ...placeOfIngress(verdict) };
}

/** Only where it may be why the check did not pass, a share is set off. */
function shareCell(
  share: Share | undefined,
  { verdict, hasWeight }: { readonly verdict: string; readonly hasWeight: boolean },
): string {
  if (share === undefined) return '–';
  const { observed, weight, lower, upper, within, samples, responses } = share;
  const errors = responses?.errors ?? 0;
  const isOff = !within && verdict !== 'undecided';
  return [
    ...(hasWeight ? [] : [unbroken(`of ${percent(weight, 0)}`)]),
    unbroken(isOff ? `**${percent(observed)}**, not ${range(lower, upper)}` : percent(observed)),
    ...(errors === 0 ? [] : [unbroken(`**${percent(errors / samples)} fail**`)]),
  ].join(', ');
}

function failedCell(failed: number, requests: number): string {
  return failed === 0 ? '0' : unbroken(`${failed.toLocaleString('en')} (${percent(failed / requests)})`);
}

/** `v1 78.2–81.9%, v2 18.1–21.8%` */
function rangesInWords(rows: readonly MatrixRow[]): string {
  return rangesOf(rows)
    .map(({ version, lowest, highest }) => `${text(version)} ${range(lowest, highest, 1)}`)
    .join(', ');
}

function sharedNote({ url, clusters }: Matrix['shared'][number]): Piece {
  return fixed(
    `${clusters.map(text).join(', ')} share the address ${text(url)}, so any of them may have answered.\n\n`,
  );
}
