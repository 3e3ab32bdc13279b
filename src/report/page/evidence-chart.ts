import type { MetricEvidence } from '../../metrics/metric-evidence.ts';
import type { Texts } from '../../texts/catalogue.ts';
import { say } from '../../texts/texts.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { linear, roundTicks } from './scale.ts';

/** Size in the units of the drawing, as of the chart of the shares. */
const WIDTH = 360;
const HEIGHT = 190;
const PLOT = { left: 56, right: 340, top: 10, bottom: 156 };
/** Stronger evidence is drawn at the edge: nothing is decided by how far beyond. */
const STRONGEST = 30;

/** The geometry of the chart. */
export interface EvidenceDrawing {
  /** Path data. */
  readonly path: string;
  /** Where a fail begins, as a y coordinate. */
  readonly threshold: number | undefined;
  readonly end: { readonly x: number; readonly y: number };
  readonly values: readonly { readonly at: number; readonly text: string }[];
  readonly times: readonly { readonly at: number; readonly text: string }[];
}

/** @returns undefined with fewer than two points */
export function evidenceDrawingOf(
  { kind, points, threshold }: MetricEvidence,
  { duration }: Texts['formats'],
): EvidenceDrawing | undefined {
  const last = points.at(-1);
  if (last === undefined || points.length < 2) return undefined;
  const shown = (value: number): number =>
    kind === 'limit' ? value : Math.min(STRONGEST, Math.max(0, value / Math.LN10));
  const limit = threshold === undefined ? undefined : shown(threshold);
  const values = [...points.map(({ value }) => shown(value)), ...(limit === undefined ? [] : [limit])];
  const lowest = Math.min(0, ...values);
  const ticks = roundTicks(Math.max(...values, 0) - lowest, 4).map((tick) => tick + lowest);
  const x = linear([0, Math.max(last.at, 1)], [PLOT.left, PLOT.right]);
  const y = linear([lowest, ticks.at(-1) ?? 1], [PLOT.bottom, PLOT.top]);
  return {
    path: points
      .map(({ at, value }, i) => `${i === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(shown(value)).toFixed(1)}`)
      .join(''),
    threshold: limit === undefined ? undefined : y(limit),
    end: { x: x(last.at), y: y(shown(last.value)) },
    values: ticks.map((tick) => ({
      at: y(tick),
      text: kind === 'limit' ? inFigures(tick) : `10^${inFigures(tick)}`,
    })),
    times: [0, last.at / 2, last.at].map((at) => ({ at: x(at), text: duration(at) })),
  };
}

/** The evidence, or the value of a limit, over time; title and description are for screen readers. */
export function evidenceChart(metric: MetricEvidence, id: string, texts: Texts): Html | undefined {
  const drawing = evidenceDrawingOf(metric, texts.formats);
  if (drawing === undefined) return undefined;
  const { path, threshold, end, values, times } = drawing;
  return html`<svg
    class="chart"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    role="img"
    aria-labelledby="${id}-title ${id}-desc"
  >
    <title id="${id}-title">${texts.page.charts.metric.title(metric.name)}</title>
    <desc id="${id}-desc">${say({ kind: 'sentence', phrase: metric.reason }, texts)}</desc>
    ${values.map(({ at, text }) => html`<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at}" y2="${at}" /><text class="tick" x="${PLOT.left - 5}" y="${at + 4}" text-anchor="end">${text}</text>`)}
    ${times.map(({ at, text }) => html`<text class="tick" x="${at}" y="${PLOT.bottom + 15}" text-anchor="middle">${text}</text>`)}
    ${threshold === undefined ? undefined : html`<line class="weight v1" x1="${PLOT.left}" x2="${PLOT.right}" y1="${threshold}" y2="${threshold}" />`}
    <path class="line v0" d="${path}" />
    <circle class="dot v0" cx="${end.x}" cy="${end.y}" r="3.5" />
  </svg>`;
}

function inFigures(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
