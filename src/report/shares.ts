import { shareOf } from '../verify/evidence.ts';
import type { IngressEvidence, IngressVerdict, PodEvidence, VersionEvidence } from '../verify/evidence.ts';
import type { Texts } from '../texts/catalogue.ts';
import { toleranceBand } from '../verify/statistics/share-test.ts';
import type { VersionName } from '../core/weights.ts';

/** Weight and observed share of one version at one ingress, as fractions. */
export interface Share {
  readonly version: VersionName;
  readonly weight: number;
  /** The range of shares within the tolerance. */
  readonly lower: number;
  readonly upper: number;
  readonly observed: number;
  readonly samples: number;
  readonly within: boolean;
  readonly responses: VersionEvidence | undefined;
}

/** Whether a share is marked: only where it may be why the check failed. */
export function isSetOff({ within }: Pick<Share, 'within'>, verdict: IngressVerdict): boolean {
  return !within && verdict === 'fail';
}

/** The default of the input tolerance, for a record without limits. */
const DEFAULT_TOLERANCE = 0.05;

/** The versions of an ingress, in the order of the weights. */
export function sharesAt(evidence: IngressEvidence, tolerance = DEFAULT_TOLERANCE): readonly Share[] {
  const sum = [...evidence.weights.values()].reduce((a, b) => a + b, 0);
  return [...evidence.weights].map(([version, points]) => {
    const weight = points / sum;
    const { lower, upper } = toleranceBand(weight, tolerance);
    const observed = shareOf(evidence, version);
    return {
      version,
      weight,
      lower,
      upper,
      observed,
      samples: evidence.counts.get(version) ?? 0,
      within: observed >= lower && observed <= upper,
      responses: evidence.versions.get(version),
    };
  });
}

/** Cells of half a strip: from the weight to the edge of the tolerance, and beyond it. */
const INSIDE = 4;
const OUTSIDE = 4;

/**
 * A share next to its weight, drawn in characters: `····├───┼●──┤····`. `┼` is the weight, `├` and `┤` are the edges of the
 * tolerance, `●` is the share, `◄` and `►` a share beyond the strip.
 */
export function stripOf({
  weight,
  lower,
  upper,
  observed,
}: Omit<Share, 'version' | 'samples' | 'responses'>): string {
  const middle = INSIDE + OUTSIDE;
  const track = Array.from({ length: 2 * middle + 1 }, (_, cell): string => {
    const distance = Math.abs(cell - middle);
    if (distance === 0) return '┼';
    if (distance === INSIDE) return cell < middle ? '├' : '┤';
    return distance < INSIDE ? '─' : '·';
  });
  const away = observed - weight;
  const room = away < 0 ? weight - lower : upper - weight;
  const cell = middle + cellsAway(away, room);
  const at = Math.min(Math.max(cell, 0), 2 * middle);
  track[at] = cell < 0 ? '◄' : cell > 2 * middle ? '►' : '●';
  return track.join('');
}

/** Whatever the rounding, a share within the tolerance is drawn within its edges, and any other outside. */
function cellsAway(away: number, room: number): number {
  if (away === 0) return 0;
  const relative = room === 0 ? Infinity : Math.abs(away) / room;
  const exact = relative * INSIDE;
  const cells =
    relative <= 1 ? Math.min(Math.round(exact), INSIDE - 1) : Math.max(Math.round(exact), INSIDE + 1);
  return Math.sign(away) * cells;
}

/** `Pod gateway-1: 480 requests, v1 81%, v2 19%; 12 × connection cut` */
export function podLine(
  { counts, samples, replaced = false, ...seen }: PodEvidence,
  { evidence }: Pick<Texts, 'evidence'>,
): string {
  const shares =
    samples === 0 ? [] : [...counts].map(([version, number]) => ({ version, share: number / samples }));
  return evidence.pod({ ...seen, replaced, shares });
}
