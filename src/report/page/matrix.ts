import type { Texts } from '../../texts/catalogue.ts';
import type { IngressVerdict } from '../../verify/evidence.ts';
import { percent, range } from '../format.ts';
import { rangesInWords, viewOf } from '../matrix.ts';
import type { Matrix, MatrixRow } from '../matrix.ts';
import { isSetOff } from '../shares.ts';
import type { Share } from '../shares.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { marked, markedVerdict } from './marks.ts';

const TONES: Readonly<Record<IngressVerdict, string>> = {
  pass: 'good-text',
  fail: 'bad-text',
  inconclusive: 'doubt-text',
  undecided: 'quiet',
};

/** Cluster × version: the rows to act on, and folded, those that explain nothing. */
export function matrixBlock(matrix: Matrix, texts: Texts): Html {
  const { shown, folded } = viewOf(matrix);
  return html`${shown.length === 0 ? undefined : matrixTable(matrix, shown, texts)}
  ${matrix.shared.map((one) => html`<p class="quiet">${texts.matrix.shared(one)}</p>`)}
  ${folded.map(
    ({ verdict, rows }) =>
      html`<details>
        <summary>
          ${marked(verdict, texts.matrix.folded({ verdict, ingresses: rows.length, shares: rangesInWords(rows, texts.formats) }))}
        </summary>
        ${matrixTable(matrix, rows, texts)}
      </details>`,
  )}`;
}

function matrixTable(matrix: Matrix, rows: readonly MatrixRow[], texts: Texts): Html {
  const { cluster, verdict, samples, failedRequests } = texts.matrix.columns;
  const versions = matrix.columns.map(({ version, weight }) =>
    weight === undefined ? version : `${version} (${percent(weight, 0)})`,
  );
  return html`<table class="matrix">
    <thead>
      <tr>
        <th scope="col">${cluster}</th>
        <th scope="col">${verdict}</th>
        ${versions.map((version) => html`<th scope="col" class="number">${version}</th>`)}
        <th scope="col" class="number">${samples}</th>
        ${matrix.hasFailures ? html`<th scope="col" class="number">${failedRequests}</th>` : undefined}
      </tr>
    </thead>
    <tbody>
      ${rows.map((row) => matrixRow(matrix, versions, row, texts))}
    </tbody>
  </table>`;
}

/** On a phone each cell is on its own, with its column's name from `data-label`. */
function matrixRow(
  { hasFailures }: Matrix,
  versions: readonly string[],
  { evidence, cells, failed }: MatrixRow,
  texts: Texts,
): Html {
  const { matrix, formats } = texts;
  const { cluster, verdict, samples, requests } = evidence;
  return html`<tr>
    <th scope="row">${cluster}</th>
    <td class="verdict-cell">
      <span class="${TONES[verdict]}">${markedVerdict(verdict, texts)}</span>
    </td>
    ${cells.map((share, i) => html`<td class="number" data-label="${versions[i] ?? ''}">${shareCell(share, verdict, texts)}</td>`)}
    <td class="number" data-label="${matrix.columns.samples}">${formats.number(samples)}</td>
    ${
      hasFailures
        ? html`<td class="number" data-label="${matrix.columns.failedRequests}">
            ${failed === 0 ? '0' : `${formats.number(failed)} (${percent(failed / requests)})`}
          </td>`
        : undefined
    }
  </tr>`;
}

function shareCell(
  share: Share | undefined,
  verdict: IngressVerdict,
  { matrix: { notIn, fail }, formats: { comma } }: Texts,
): Html | string {
  if (share === undefined) return '–';
  const { observed, lower, upper, samples, responses } = share;
  const errors = responses?.errors ?? 0;
  const isOff = isSetOff(share, verdict);
  return html`${isOff ? html`<span class="bad-text">${percent(observed)}</span>${comma}${notIn(range(lower, upper))}` : percent(observed)}${errors === 0 ? undefined : html`${comma}<span class="bad-text">${fail(percent(errors / samples))}</span>`}`;
}
