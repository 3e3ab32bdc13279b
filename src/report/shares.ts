import { shareOf } from '../verify/evidence.ts';
import type { IngressEvidence, VersionEvidence } from '../verify/evidence.ts';
import { toleranceBand } from '../verify/statistics/share-test.ts';
import type { VersionName } from '../core/weights.ts';

/** What was asked for one version at one ingress, and what was observed; shares are fractions. */
export interface Share {
  readonly version: VersionName;
  readonly weight: number;
  /** Between these the share passes. */
  readonly lower: number;
  readonly upper: number;
  readonly observed: number;
  readonly samples: number;
  readonly within: boolean;
  readonly answers: VersionEvidence | undefined;
}

/** The tolerance where a record tells none: that of a run without the input. */
const USUAL_TOLERANCE = 0.05;

/** The versions of an ingress, in the order of the weights. */
export function sharesAt(evidence: IngressEvidence, tolerance = USUAL_TOLERANCE): readonly Share[] {
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
      answers: evidence.versions.get(version),
    };
  });
}

/** Halves of the strip: cells from the weight to the edge of the tolerance, and beyond it. */
const INSIDE = 4;
const OUTSIDE = 4;

/**
 * A share drawn against its weight in one line of characters: `····├───┼●──┤····`. `┼` is the weight, `├` and `┤` are the
 * edges of the tolerance, `●` is the share; `◄` and `►` one that lies beyond the strip.
 */
export function stripOf({
  weight,
  lower,
  upper,
  observed,
}: Omit<Share, 'version' | 'samples' | 'answers'>): string {
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

/** Inside the tolerance the mark stays inside its edges, and outside of it outside, whatever the rounding. */
function cellsAway(away: number, room: number): number {
  if (away === 0) return 0;
  const relative = room === 0 ? Infinity : Math.abs(away) / room;
  const exact = relative * INSIDE;
  const cells =
    relative <= 1 ? Math.min(Math.round(exact), INSIDE - 1) : Math.max(Math.round(exact), INSIDE + 1);
  return Math.sign(away) * cells;
}
