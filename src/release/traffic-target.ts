import type { Observation } from './observation.ts';
import { sameWeights } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';

/** What the routes of every config cluster shall hold. */
export interface TrafficTarget {
  readonly weights: Weights;
  /** The earlier weights to record with them, the latest last. */
  readonly history: readonly Weights[];
  /** A version to take out of the routes; none of `weights`. */
  readonly retired?: VersionName;
}

/** A step of the release: the weights that it leaves are added to the history. */
export function stepForward({ record, weights: previous }: Observation, weights: Weights): TrafficTarget {
  const history = record?.history ?? [];
  // A step that was cut off has recorded its weights where it arrived; the other clusters still hold what it left.
  const left = record?.weights ?? previous;
  return {
    weights,
    history: left === undefined || sameWeights(left, weights) ? history : [...history, left],
  };
}

/** A return to earlier weights: they are taken out of the history, unless the last step has arrived at them already. */
export function stepBack({ record }: Observation, weights: Weights): TrafficTarget {
  const history = record?.history ?? [];
  if (record?.weights !== undefined && sameWeights(record.weights, weights)) return { weights, history };
  const index = history.findLastIndex((earlier) => sameWeights(earlier, weights));
  return { weights, history: index < 0 ? history : history.slice(0, index) };
}

/** The weights with every version that the routes name: those that get nothing keep their subset and their preview. */
export function withHeldVersions({ routes }: Pick<Observation, 'routes'>, weights: Weights): Weights {
  const held = routes.flatMap((one) => [...(one.weights?.keys() ?? [])]);
  const versions = new Set([...held, ...weights.keys()]);
  return new Map([...versions].map((version) => [version, weights.get(version) ?? 0]));
}
