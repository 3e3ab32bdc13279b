import type { Texts } from '../../texts/catalogue.ts';
import { textsIn } from '../../texts/texts.ts';
import { percent, range } from '../format.ts';
import { matrixOf, rangesInWords, viewOf } from '../matrix.ts';
import type { Matrix, MatrixRow } from '../matrix.ts';
import type { RunRecord } from '../run-record.ts';
import { isSetOff } from '../shares.ts';
import type { Share } from '../shares.ts';
import type { IngressVerdict } from '../../verify/evidence.ts';
import { VERDICT_EMOJI } from './emoji.ts';
import { detailPieces, placeOfIngress, reasonPiece } from './ingress-details.ts';
import { escape, row, tableHead, text, unbroken } from './markdown.ts';
import { fixed, folded } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** What each ingress showed in the last check: the ones to act on first, and what explains nothing folded. */
export function matrixSection({ evidence, limits, language }: RunRecord): readonly Piece[] {
  if (evidence.length === 0) return [];
  const texts = textsIn(language);
  const { title, folded: foldedRows, details, shared } = texts.matrix;
  const matrix = matrixOf(evidence, limits?.tolerance);
  const view = viewOf(matrix);
  const table = (rows: readonly MatrixRow[]): readonly Piece[] => matrixTable(matrix, rows, texts);
  return [
    fixed(`### ${title}\n\n`),
    ...(view.shown.length === 0 ? [] : table(view.shown)),
    ...matrix.notable.map((one) => reasonPiece(one.evidence, texts)),
    ...(matrix.notable.length === 0 ? [] : [fixed('\n')]),
    ...matrix.shared.map((one) => fixed(`${text(shared(one))}\n\n`)),
    ...view.folded.flatMap(({ verdict, rows }) => {
      const shares = rangesInWords(rows, texts.formats);
      const line = foldedRows({ verdict, ingresses: rows.length, shares });
      return folded(`${VERDICT_EMOJI[verdict]} ${escape(line)}`, table(rows));
    }),
    ...folded(
      details,
      detailPieces(
        evidence,
        matrix.notable.map((one) => one.evidence),
        limits?.tolerance,
        texts,
      ),
    ),
  ];
}

function matrixTable(matrix: Matrix, rows: readonly MatrixRow[], texts: Texts): readonly Piece[] {
  const { cluster, verdict, samples, failedRequests } = texts.matrix.columns;
  const versions = matrix.columns.map(
    ({ version, weight }) =>
      `${text(version)}${weight === undefined ? '' : `&nbsp;(${percent(weight, 0)})`}:`,
  );
  const head = [
    cluster,
    verdict,
    ...versions,
    `${samples}:`,
    ...(matrix.hasFailures ? [`${failedRequests}:`] : []),
  ];
  return [fixed(`${tableHead(head)}\n`), ...rows.map((one) => matrixRow(matrix, one, texts)), fixed('\n')];
}

function matrixRow(
  { columns, hasFailures }: Matrix,
  { evidence, cells, failed }: MatrixRow,
  texts: Texts,
): Piece {
  const { outcomes, formats } = texts;
  const { cluster, verdict, samples, requests } = evidence;
  const shown = [
    text(cluster),
    unbroken(`${VERDICT_EMOJI[verdict]} ${outcomes.verdicts[verdict]}`),
    ...cells.map((share, i) =>
      shareCell(share, { verdict, hasWeight: columns[i]?.weight !== undefined }, texts),
    ),
    formats.number(samples),
    ...(hasFailures
      ? [failed === 0 ? '0' : unbroken(`${formats.number(failed)} (${percent(failed / requests)})`)]
      : []),
  ];
  return { text: `${row(shown)}\n`, ...placeOfIngress(verdict) };
}

function shareCell(
  share: Share | undefined,
  { verdict, hasWeight }: { readonly verdict: IngressVerdict; readonly hasWeight: boolean },
  { matrix: { ofWeight, notIn, fail }, formats }: Texts,
): string {
  if (share === undefined) return '–';
  const { observed, weight, lower, upper, samples, responses } = share;
  const errors = responses?.errors ?? 0;
  const isOff = isSetOff(share, verdict);
  return [
    isOff ? `**${percent(observed)}**` : percent(observed),
    ...(hasWeight ? [] : [unbroken(ofWeight(percent(weight, 0)))]),
    ...(isOff ? [unbroken(notIn(range(lower, upper)))] : []),
    ...(errors === 0 ? [] : [`**${unbroken(fail(percent(errors / samples)))}**`]),
  ].join(formats.comma);
}
