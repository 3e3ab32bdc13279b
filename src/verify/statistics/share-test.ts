/** The result of a share test after each batch; all but `continue` are final. */
export type ShareVerdict = 'continue' | 'pass' | 'fail' | 'inconclusive';

export interface ShareTestOptions {
  /** How far a share may be from its weight, as a fraction (0.05 = 5 points). */
  readonly tolerance?: number;
  /** A version at weight 0 passes once its share is proven to be below this fraction. */
  readonly zeroTolerance?: number;
  /** Probability of a false `fail`, over all ingresses of the check together; 1e-6 by default. */
  readonly alpha?: number;
  /** Probability of a wrong `pass` for each edge of the tolerance. */
  readonly beta?: number;
  /** Number of ingresses in the check; alpha is divided among them. */
  readonly ingresses?: number;
  /** After this many samples without a decision, the verdict is `inconclusive`. */
  readonly maxSamples?: number;
  /** Watches for a drift indefinitely: never passes, and is never `inconclusive` without `maxSamples`. */
  readonly onlyFails?: boolean;
  /**
   * Fails only while a share is outside the tolerance: among very many requests, one that is nearer to the edge of the tolerance
   * than to the weight would fail too.
   */
  readonly failsOutside?: boolean;
}

/** The tolerance never reaches below this fraction of a version's weight, or of the rest. */
const FLOOR = 0.25;
/**
 * A false `fail` rolls back a good release, which costs more than the samples that prevent it: a swapped 80/20 is caught after
 * 22 samples, rather than 9 at an alpha of 1%.
 */
export const SHARE_ALPHA = 1e-6;
/** Probability that a check of a correct split reaches the default `maxSamples`, over all its ingresses together. */
const INCONCLUSIVE = 1e-6;
/** A share this close to 0 or 1 is 0 or 1: rounding must not put 0.8 + 4 * 0.05 into the grid beside 1. */
const ROUNDING = 1e-9;

/** The shares between which a version with this weight passes, as fractions. Weights of 0 and 1 leave no room. */
export function toleranceBand(
  weight: number,
  tolerance: number,
): { readonly lower: number; readonly upper: number } {
  return {
    lower: weight === 1 ? 1 : Math.max(weight - tolerance, FLOOR * weight),
    upper: weight === 0 ? 0 : Math.min(weight + tolerance, 1 - FLOOR * (1 - weight)),
  };
}

/**
 * ln of the likelihood ratio of a share against another one, after some hits in n trials.
 *
 * @param share the alternative, between 0 and 1
 * @param against strictly between 0 and 1
 */
export function logLikelihoodRatio(share: number, against: number): (hits: number, n: number) => number {
  // A sample updates many ratios, and logarithms take most of the time.
  const hit = Math.log(share / against);
  const miss = Math.log((1 - share) / (1 - against));
  // 0 ln 0 = 0
  return (hits, n) => (hits === 0 ? 0 : hits * hit) + (n === hits ? 0 : (n - hits) * miss);
}

/** Exponents for Chernoff's bound: each gives a valid bound, so the best of them is valid as well. */
const EXPONENTS = Array.from({ length: 49 }, (_, i) => (i + 1) / 50);

/**
 * After how many samples an edge q is ruled out, except with a small probability, if the share is the weight w. By Chernoff's
 * bound, the log-likelihood ratio of n samples stays below the threshold with a probability of at most exp(s * threshold) * rho^n for
 * every s between 0 and 1, with rho = w^(1-s) q^s + (1-w)^(1-s) (1-q)^s.
 *
 * @param chance probability that the edge is not ruled out by then
 */
function samplesToRuleOut(w: number, q: number, threshold: number, chance: number): number {
  const bounds = EXPONENTS.map((s) => {
    const rho = w ** (1 - s) * q ** s + (1 - w) ** (1 - s) * (1 - q) ** s;
    return (Math.log(1 / chance) + s * threshold) / -Math.log(rho);
  });
  return Math.ceil(Math.min(...bounds));
}

/** ln of the mean of exp(x), without overflow. */
export function logMeanExp(values: readonly number[]): number {
  const max = Math.max(...values);
  if (!Number.isFinite(max)) return max;
  return max + Math.log(values.reduce((sum, value) => sum + Math.exp(value - max), 0) / values.length);
}

/** One version with a weight strictly between 0 and 1: the alternatives to it, and which edges are ruled out. */
class Alternatives {
  readonly weight: number;
  readonly lower: number;
  readonly upper: number;
  readonly #ratios: readonly ((hits: number, n: number) => number)[];
  readonly #lowerRatio: (hits: number, n: number) => number;
  readonly #upperRatio: (hits: number, n: number) => number;
  #lowerRuledOut = false;
  #upperRuledOut = false;

  constructor(weight: number, tolerance: number) {
    const { lower, upper } = toleranceBand(weight, tolerance);
    this.weight = weight;
    this.lower = lower;
    this.upper = upper;
    const grid = [0, 1];
    for (let step = this.upper - weight; weight + step < 1 - ROUNDING; step *= 2) grid.push(weight + step);
    for (let step = weight - this.lower; weight - step > ROUNDING; step *= 2) grid.push(weight - step);
    this.#ratios = grid.map((share) => logLikelihoodRatio(share, weight));
    this.#lowerRatio = logLikelihoodRatio(lower, weight);
    this.#upperRatio = logLikelihoodRatio(upper, weight);
  }

  /** ln E_i: the evidence against the weight, a mixture of likelihood ratios over the grid. */
  logEvidence(hits: number, n: number): number {
    return logMeanExp(this.#ratios.map((ratio) => ratio(hits, n)));
  }

  /** Whether both edges have been ruled out, now or earlier (Wald's one-sided tests). */
  settle(hits: number, n: number, threshold: number): boolean {
    this.#lowerRuledOut ||= -this.#lowerRatio(hits, n) >= threshold;
    this.#upperRuledOut ||= -this.#upperRatio(hits, n) >= threshold;
    return this.#lowerRuledOut && this.#upperRuledOut;
  }
}

/**
 * A sequential test of whether the observed shares of versions match their weights: Wald's one-sided tests against the
 * edges of the tolerance decide `pass`, a test martingale (Ville's inequality) decides `fail`, so that one may look
 * after every sample.
 *
 * Sources: A. Wald, Sequential Analysis (1947); J. Ville (1939); G. Shafer, Testing by betting (2021).
 */
export class ShareTest {
  readonly maxSamples: number;
  readonly #weights: readonly number[];
  readonly #counts: number[];
  readonly #alternatives: readonly (Alternatives | undefined)[];
  readonly #passThreshold: number;
  readonly #failThreshold: number;
  /** Samples without a hit after which a share of 0 is proven. */
  readonly #samplesForZero: number;
  readonly #onlyFails: boolean;
  readonly #failsOutside: boolean;
  #samples = 0;
  #logEvidence = 0;
  #verdict: ShareVerdict = 'continue';

  /**
   * @param weights one for each version, in any positive scale; at least one above 0
   * @throws RangeError for weights or options that define no test
   */
  constructor(weights: readonly number[], options: ShareTestOptions = {}) {
    const { tolerance = 0.05, zeroTolerance = 0.01, alpha = SHARE_ALPHA, beta = 0.01 } = options;
    const { ingresses = 1, onlyFails = false, failsOutside = false } = options;
    for (const [name, value] of Object.entries({ tolerance, zeroTolerance, alpha, beta })) {
      if (!(value > 0 && value < 1))
        throw new RangeError(`${name} must be between 0 and 1, got ${String(value)}`);
    }
    if (!(Number.isInteger(ingresses) && ingresses > 0)) {
      throw new RangeError(`ingresses must be a whole number above 0, got ${String(ingresses)}`);
    }
    if (weights.some((weight) => !(weight >= 0 && Number.isFinite(weight)))) {
      throw new RangeError(`weights must be numbers of at least 0, got ${weights.join(', ')}`);
    }
    const sum = weights.reduce((a, b) => a + b, 0);
    if (!(sum > 0 && Number.isFinite(sum))) throw new RangeError('weights must not all be 0');
    this.#weights = weights.map((weight) => weight / sum);
    this.#counts = weights.map(() => 0);
    this.#alternatives = this.#weights.map((w) =>
      w > 0 && w < 1 ? new Alternatives(w, tolerance) : undefined,
    );
    this.#passThreshold = Math.log(1 / beta);
    this.#failThreshold = Math.log(ingresses / alpha);
    this.#samplesForZero = Math.ceil(this.#passThreshold / -Math.log1p(-zeroTolerance));
    this.#onlyFails = onlyFails;
    this.#failsOutside = failsOutside;
    this.maxSamples = options.maxSamples ?? (onlyFails ? Infinity : this.#defaultMaxSamples(ingresses));
    if (!(this.maxSamples > 0))
      throw new RangeError(`maxSamples must be above 0, got ${String(this.maxSamples)}`);
  }

  /** Number of samples counted so far. */
  get samples(): number {
    return this.#samples;
  }

  /** The observed share of each version, as fractions; all 0 before the first sample. */
  get shares(): readonly number[] {
    return this.#counts.map((count) => (this.#samples === 0 ? 0 : count / this.#samples));
  }

  /** ln E, the evidence against the weights; Infinity after a sample that the weights rule out. */
  get logEvidence(): number {
    return this.#logEvidence;
  }

  /**
   * Counts further samples and decides. Once the verdict is final, no more are counted.
   *
   * @param counts how many further samples went to each version, in the order of the weights
   * @throws RangeError for a count that is not a whole number of at least 0, or for the wrong number of counts
   */
  add(counts: readonly number[]): ShareVerdict {
    if (
      counts.length !== this.#counts.length ||
      counts.some((count) => !(Number.isInteger(count) && count >= 0))
    ) {
      throw new RangeError(
        `counts must be ${String(this.#counts.length)} whole numbers of at least 0, got ${counts.join(', ')}`,
      );
    }
    if (this.#verdict !== 'continue') return this.#verdict;
    for (const [i, count] of counts.entries()) this.#counts[i] = (this.#counts[i] ?? 0) + count;
    this.#samples += counts.reduce((a, b) => a + b, 0);
    this.#verdict = this.#decide();
    return this.#verdict;
  }

  #decide(): ShareVerdict {
    const n = this.#samples;
    const counted = this.#weights.map((weight, i) => ({
      weight,
      hits: this.#counts[i] ?? 0,
      open: this.#alternatives[i],
    }));
    const ruledOut = counted.some(
      ({ weight, hits }) => (weight === 0 && hits > 0) || (weight === 1 && hits < n),
    );
    const evidences = counted.flatMap(({ hits, open }) =>
      open === undefined ? [] : [open.logEvidence(hits, n)],
    );
    this.#logEvidence = ruledOut ? Infinity : evidences.length === 0 ? 0 : logMeanExp(evidences);
    // Every version tests its edges each time: the result for one must not depend on the versions before it.
    const settled = counted.map(({ weight, hits, open }) => {
      if (open !== undefined) return open.settle(hits, n, this.#passThreshold);
      return n >= (weight === 1 ? 1 : this.#samplesForZero);
    });
    const isOutside =
      ruledOut ||
      counted.some(
        ({ hits, open }) => open !== undefined && (hits < open.lower * n || hits > open.upper * n),
      );
    if (this.#logEvidence >= this.#failThreshold && (isOutside || !this.#failsOutside)) return 'fail';
    if (!this.#onlyFails && settled.every(Boolean)) return 'pass';
    return n >= this.maxSamples ? 'inconclusive' : 'continue';
  }

  /** Enough that a correct split is practically never inconclusive: the slowest edge gets its part of the probability. */
  #defaultMaxSamples(ingresses: number): number {
    const open = this.#alternatives.filter((one) => one !== undefined);
    // With two versions, the edges of one are those of the other.
    const edges = (open.length === 2 ? open.slice(0, 1) : open).flatMap(({ weight, lower, upper }) => [
      [weight, lower] as const,
      [weight, upper] as const,
    ]);
    const chance = INCONCLUSIVE / (ingresses * edges.length);
    return Math.max(
      1,
      this.#weights.includes(0) ? this.#samplesForZero : 0,
      ...edges.map(([weight, edge]) => samplesToRuleOut(weight, edge, this.#passThreshold, chance)),
    );
  }
}
