import { formatCount } from '../../core/plural.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import type { Share } from '../shares.ts';
import { percent } from '../format.ts';
import type { Texts } from '../../texts/catalogue.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { linear, logarithmic, powersOfTen, spread } from './scale.ts';

/** Size in the units of the drawing, about that on a phone. */
const WIDTH = 360;
const HEIGHT = 230;
const PLOT = { left: 44, right: 246, top: 10, bottom: 196 };
const LABEL_GAP = 15;
/** With fewer samples the shares fluctuate too much; a longer curve starts here. */
const FIRST_SAMPLES = 10;
/** Number of styles for lines and bands in the style sheet. */
const LOOKS = 6;

/** One version's share by number of samples. */
interface Line {
  readonly version: string;
  /** Path data. */
  readonly path: string;
  /** Tolerance and weight, as y coordinates. */
  readonly band: { readonly top: number; readonly bottom: number; readonly weight: number };
  readonly end: { readonly x: number; readonly y: number };
  readonly label: number;
}

export interface Convergence {
  readonly lines: readonly Line[];
  readonly samples: readonly { readonly at: number; readonly text: string }[];
  readonly shares: readonly { readonly at: number; readonly text: string }[];
}

/** The geometry of the chart; undefined without samples. */
export function convergenceOf(evidence: IngressEvidence, shares: readonly Share[]): Convergence | undefined {
  const last = evidence.convergence.at(-1)?.samples ?? 0;
  if (last === 0) return undefined;
  const first = last > 10 * FIRST_SAMPLES ? FIRST_SAMPLES : 1;
  const points = evidence.convergence.filter(({ samples }) => samples >= first);
  const domain = [first, Math.max(last, first + 1)] as const;
  const x = logarithmic(domain, [PLOT.left, PLOT.right]);
  const y = linear([0, 1], [PLOT.bottom, PLOT.top]);
  const ends = shares.map((_, i) => y(shareAt(points.at(-1), i)));
  const labels = spread(ends, LABEL_GAP, [PLOT.top + 4, PLOT.bottom]);
  return {
    lines: shares.map(({ version, weight, lower, upper }, i) => ({
      version,
      path: pathOf(points.map((point) => [x(point.samples), y(shareAt(point, i))])),
      band: { top: y(upper), bottom: y(lower), weight: y(weight) },
      end: { x: x(last), y: ends[i] ?? 0 },
      label: labels[i] ?? 0,
    })),
    samples: powersOfTen(domain).map((samples) => ({ at: x(samples), text: formatCount(samples) })),
    shares: [0, 0.25, 0.5, 0.75, 1].map((share) => ({ at: y(share), text: percent(share, 0) })),
  };
}

function shareAt(point: IngressEvidence['convergence'][number] | undefined, version: number): number {
  return point === undefined ? 0 : (point.counts[version] ?? 0) / point.samples;
}

function pathOf(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
}

/** The convergence of the shares towards their weights; title and description are for screen readers. */
export function convergenceChart(
  evidence: IngressEvidence,
  shares: readonly Share[],
  id: string,
  { page, formats }: Texts,
): Html | undefined {
  const drawing = convergenceOf(evidence, shares);
  if (drawing === undefined) return undefined;
  const texts = page.charts.shares;
  const descriptions = shares.map(({ version, observed, weight, lower, upper, within }) =>
    texts.version({
      version,
      observed: percent(observed),
      weight: percent(weight, 0),
      within,
      lower: percent(lower),
      upper: percent(upper),
    }),
  );
  return html`<svg
    class="chart"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    role="img"
    aria-labelledby="${id}-title ${id}-desc"
  >
    <title id="${id}-title">${texts.title(evidence.cluster)}</title>
    <desc id="${id}-desc">${formats.sentences([...descriptions, texts.samples(evidence.samples)])}</desc>
    ${drawing.shares.map(({ at, text }) => html`<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at}" y2="${at}" /><text class="tick" x="${PLOT.left - 5}" y="${at + 4}" text-anchor="end">${text}</text>`)}
    ${drawing.samples.map(({ at, text }) => html`<line class="grid" x1="${at}" x2="${at}" y1="${PLOT.top}" y2="${PLOT.bottom}" /><text class="tick" x="${at}" y="${PLOT.bottom + 15}" text-anchor="middle">${text}</text>`)}
    <text class="tick" x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 31}" text-anchor="middle">
      ${texts.axis}
    </text>
    ${drawing.lines.map(({ band }, i) => html`<rect class="band ${lookOf(i)}" x="${PLOT.left}" width="${PLOT.right - PLOT.left}" y="${band.top}" height="${Math.max(band.bottom - band.top, 1)}" /><line class="weight ${lookOf(i)}" x1="${PLOT.left}" x2="${PLOT.right}" y1="${band.weight}" y2="${band.weight}" />`)}
    ${drawing.lines.map(({ path, end, label, version }, i) => html`<path class="line ${lookOf(i)}" d="${path}" /><circle class="dot ${lookOf(i)}" cx="${end.x}" cy="${end.y}" r="3.5" /><text class="label ${lookOf(i)}" x="${PLOT.right + 9}" y="${label + 4}">${clipped(version)} ${percent(shares[i]?.observed ?? 0)}</text>`)}
  </svg>`;
}

/** The style class of the i-th version: the color and dashes of its line. */
export function lookOf(version: number): string {
  return `v${String(version % LOOKS)}`;
}

/** A name shortened to fit next to the chart; the tables have it in full. Names of versions differ at either end. */
export function clipped(name: string): string {
  return name.length > 7 ? `${name.slice(0, 3)}…${name.slice(-3)}` : name;
}
