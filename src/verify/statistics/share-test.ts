/** What a share test says after each batch; all but `continue` are final. */
export type ShareVerdict = 'continue' | 'pass' | 'fail' | 'inconclusive';

export interface ShareTestOptions {
  /** How far a share may be from its weight, as a fraction (0.05 = 5 points). */
  readonly tolerance?: number;
  /** A version at weight 0 passes once its share is shown to be below this fraction. */
  readonly zeroTolerance?: number;
  /** Probability of a false `fail`, over all ingresses of the check together; 1e-6 by default. */
  readonly alpha?: number;
  /** Probability of a wrong `pass` for each edge of the tolerance. */
  readonly beta?: number;
  /** Number of ingresses tested in the check; alpha is split over them. */
  readonly ingresses?: number;
  /** After this many samples without a decision the verdict is `inconclusive`. */
  readonly maxSamples?: number;
  /** Looks for a drift without an end: there is no `pass`, and without `maxSamples` no `inconclusive`. */
  readonly onlyFails?: boolean;
}

/** The share of a version's own weight (or of the rest) that its tolerance never goes beyond. */
const FLOOR = 0.25;
/**
 * A false `fail` rolls back a sound release, and costs more than the samples that prevent it: a swapped 80/20 is caught after
 * 22 samples instead of 9 at an alpha of 1 %.
 */
const ALPHA = 1e-6;
/** Probability that a check of a right split runs into the default `maxSamples`, over all its ingresses together. */
const INCONCLUSIVE = 1e-6;
/** Closer to 0 or 1 than this is 0 or 1: 0.8 + 4 * 0.05 must not stand beside 1 in the grid because of rounding. */
const ROUNDING = 1e-9;

/** The shares between which a version with this weight passes; all are fractions. Weights of 0 and 1 leave no room. */
export function toleranceBand(
  weight: number,
  tolerance: number,
): { readonly lower: number; readonly upper: number } {
  return {
    lower: weight === 1 ? 1 : Math.max(weight - tolerance, FLOOR * weight),
    upper: weight === 0 ? 0 : Math.min(weight + tolerance, 1 - FLOOR * (1 - weight)),
  };
}

/** `count * ln(p)`, with 0 ln 0 = 0. */
const logTerm = (count: number, p: number): number => (count === 0 ? 0 : count * Math.log(p));

/** ln of the likelihood of `hits` of `n` at the share p. */
export const logLikelihood = (hits: number, n: number, p: number): number =>
  logTerm(hits, p) + logTerm(n - hits, 1 - p);

/** Exponents at which Chernoff's bound is tried: each gives a valid bound, so the best of a few is one as well. */
const EXPONENTS = Array.from({ length: 49 }, (_, i) => (i + 1) / 50);

/**
 * After how many samples an edge is ruled out, but for a small chance, where the share is the weight w. By Chernoff's bound
 * the log-likelihood ratio of n samples stays below the threshold with a probability of at most exp(s * threshold) * rho^n for
 * every s between 0 and 1, with rho = w^(1-s) q^s + (1-w)^(1-s) (1-q)^s.
 *
 * @param chance that the edge is not ruled out by then
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

/** One version with a weight strictly between 0 and 1: its alternatives, and which edges are ruled out. */
class Alternatives {
  readonly weight: number;
  readonly lower: number;
  readonly upper: number;
  readonly #grid: readonly number[];
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
    this.#grid = grid;
  }

  /** ln E_i: the evidence against the weight, a mixture of likelihood ratios over the grid. */
  logEvidence(hits: number, n: number): number {
    const own = logLikelihood(hits, n, this.weight);
    return logMeanExp(this.#grid.map((q) => logLikelihood(hits, n, q) - own));
  }

  /** Whether both edges have been ruled out, now or earlier (Wald's one-sided tests, sticky). */
  settle(hits: number, n: number, threshold: number): boolean {
    const own = logLikelihood(hits, n, this.weight);
    this.#lowerRuledOut ||= own - logLikelihood(hits, n, this.lower) >= threshold;
    this.#upperRuledOut ||= own - logLikelihood(hits, n, this.upper) >= threshold;
    return this.#lowerRuledOut && this.#upperRuledOut;
  }
}

/**
 * A sequential test of whether the observed shares of versions match their weights: Wald's one-sided tests against the
 * edges of the tolerance decide `pass`, a test martingale (Ville's inequality) decides `fail`, so that one may look
 * after every sample. Pure: no clock, no I/O.
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
  /** Samples without a hit after which a share of 0 is shown. */
  readonly #samplesForZero: number;
  readonly #onlyFails: boolean;
  #samples = 0;
  #logEvidence = 0;
  #verdict: ShareVerdict = 'continue';

  /**
   * @param weights one for each version, in any positive scale; at least one above 0
   * @throws RangeError for weights or options that make no test
   */
  constructor(weights: readonly number[], options: ShareTestOptions = {}) {
    const { tolerance = 0.05, zeroTolerance = 0.01, alpha = ALPHA, beta = 0.01 } = options;
    const { ingresses = 1, onlyFails = false } = options;
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
   * Counts further samples and decides. Once the verdict is final, nothing more is counted.
   *
   * @param counts how many further samples went to each version, in the order of the weights
   * @throws RangeError for a count that is no whole number of at least 0, or for the wrong number of counts
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
    // Every version settles its edges at every look: a flag must not depend on the flags of the versions before it.
    const settled = counted.map(({ weight, hits, open }) => {
      if (open !== undefined) return open.settle(hits, n, this.#passThreshold);
      return n >= (weight === 1 ? 1 : this.#samplesForZero);
    });
    if (this.#logEvidence >= this.#failThreshold) return 'fail';
    if (!this.#onlyFails && settled.every(Boolean)) return 'pass';
    return n >= this.maxSamples ? 'inconclusive' : 'continue';
  }

  /** So many that a right split is practically never inconclusive: the slowest edge has its part of the chance. */
  #defaultMaxSamples(ingresses: number): number {
    const open = this.#alternatives.filter((one) => one !== undefined);
    // Of two versions, the edges of one are those of the other.
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
