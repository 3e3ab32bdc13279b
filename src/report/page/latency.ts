import type { IngressEvidence } from '../../verify/evidence.ts';
import type { Share } from '../shares.ts';
import type { Texts } from '../../texts/catalogue.ts';
import { clipped, lookOf } from './convergence.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { linear, roundTicks } from './scale.ts';

const WIDTH = 360;
const PLOT = { left: 78, right: 346, top: 8 };
const ROW = 30;
const TICKS = 4;

/** The row of one version, from the median to the 99th percentile. */
interface LatencyRow {
  readonly version: string;
  readonly y: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

export interface LatencyDrawing {
  readonly rows: readonly LatencyRow[];
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  readonly bottom: number;
}

/** The geometry of the chart for the versions that responded; undefined if none did. */
export function latencyDrawing(shares: readonly Share[]): LatencyDrawing | undefined {
  const slowest = Math.max(0, ...shares.map(({ responses }) => responses?.latency?.p99 ?? 0));
  if (slowest === 0) return undefined;
  const ticks = roundTicks(slowest, TICKS);
  const x = linear([0, ticks.at(-1) ?? slowest], [PLOT.left, PLOT.right]);
  const rows = shares.flatMap(({ version, responses }, i) => {
    const latency = responses?.latency;
    if (latency === undefined) return [];
    const { p50, p90, p99 } = latency;
    return [{ version, y: PLOT.top + (i + 0.5) * ROW, p50: x(p50), p90: x(p90), p99: x(p99) }];
  });
  return {
    rows,
    ticks: ticks.map((ms) => ({ at: x(ms), text: ms.toLocaleString('en') })),
    bottom: PLOT.top + shares.length * ROW,
  };
}

/** Response times by version: a dot at the median, a ring at 90%, a bar at 99%. */
export function latencyChart(
  evidence: IngressEvidence,
  shares: readonly Share[],
  id: string,
  { page, formats }: Texts,
): Html | undefined {
  const drawing = latencyDrawing(shares);
  if (drawing === undefined) return undefined;
  const { rows, ticks, bottom } = drawing;
  const texts = page.charts.times;
  const { milliseconds } = formats;
  const descriptions = shares.flatMap(({ version, responses }) => {
    const latency = responses?.latency;
    if (latency === undefined) return [];
    const { p50, p90, p99 } = latency;
    return [
      texts.version({
        version,
        p50: milliseconds(p50),
        p90: milliseconds(p90),
        p99: milliseconds(p99),
      }),
    ];
  });
  const looks = new Map(shares.map(({ version }, i) => [version, lookOf(i)]));
  return html`<svg
    class="chart"
    viewBox="0 0 ${WIDTH} ${bottom + 36}"
    role="img"
    aria-labelledby="${id}-title ${id}-desc"
  >
    <title id="${id}-title">${texts.title(evidence.cluster)}</title>
    <desc id="${id}-desc">${formats.sentences(descriptions)}</desc>
    ${ticks.map(({ at, text }) => html`<line class="grid" x1="${at}" x2="${at}" y1="${PLOT.top}" y2="${bottom}" /><text class="tick" x="${at}" y="${bottom + 15}" text-anchor="middle">${text}</text>`)}
    <text class="tick" x="${(PLOT.left + PLOT.right) / 2}" y="${bottom + 31}" text-anchor="middle">
      ${texts.axis}
    </text>
    ${rows.map(({ version, y, p50, p90, p99 }) => {
      const look = looks.get(version);
      return html`<text class="label ${look}" x="${PLOT.left - 9}" y="${y + 4}" text-anchor="end"
          >${clipped(version)}</text
        ><line class="span ${look}" x1="${p50}" x2="${p99}" y1="${y}" y2="${y}" /><line
          class="span ${look}"
          x1="${p99}"
          x2="${p99}"
          y1="${y - 6}"
          y2="${y + 6}"
        /><circle class="ring ${look}" cx="${p90}" cy="${y}" r="4" /><circle
          class="dot ${look}"
          cx="${p50}"
          cy="${y}"
          r="4.5"
        />`;
    })}
  </svg>`;
}
