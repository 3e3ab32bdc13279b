import { logLikelihoodRatio, logMeanExp } from './share-test.ts';

/** How often the distance from 1 to the limit is halved for the alternatives; near ones find a small excess. */
const HALVINGS = 4;

/** The alternatives to a limit: 1, halfway to it, a quarter of the way, and so on, until one is at most 1.5 times the limit. */
function alternativesTo(limit: number): readonly number[] {
  const halvings = Math.max(HALVINGS, Math.ceil(Math.log2((1 - limit) / (limit / 2))));
  return Array.from({ length: halvings + 1 }, (_, k) => limit + (1 - limit) / 2 ** k);
}

/**
 * A sequential test of whether something happens more often than a limit allows: a mixture of likelihood ratios of higher
 * rates against the limit. Under any rate up to the limit the mixture is a supermartingale that starts at 1, so one may look
 * after every trial, and the probability of a false alarm stays below alpha (J. Ville, 1939).
 */
export class RateTest {
  readonly #free: number;
  readonly #threshold: number;
  readonly #ratios: readonly ((hits: number, n: number) => number)[];
  #hits = 0;
  #misses = 0;
  #exceeded = false;

  /**
   * @param limit highest accepted probability of a hit, above 0 and below 1
   * @param alpha probability of a false alarm, above 0 and below 1
   * @param free this many hits are tolerated, however early they come
   * @throws RangeError for values outside these ranges
   */
  constructor(limit: number, alpha: number, free = 0) {
    for (const [name, value] of Object.entries({ limit, alpha })) {
      if (!(value > 0 && value < 1))
        throw new RangeError(`${name} must be between 0 and 1, got ${String(value)}`);
    }
    this.#free = free;
    this.#threshold = Math.log(1 / alpha);
    this.#ratios = alternativesTo(limit).map((rate) => logLikelihoodRatio(rate, limit));
  }

  /** Counts one trial; true once the limit is proven to be exceeded. */
  add(hit: boolean): boolean {
    return this.addMany(hit ? 1 : 0, hit ? 0 : 1);
  }

  /** Counts several trials, of which only the outcome of all is known. */
  addMany(hits: number, misses: number): boolean {
    this.#hits += hits;
    this.#misses += misses;
    this.#exceeded ||= this.#hits > this.#free && this.logEvidence >= this.#threshold;
    return this.#exceeded;
  }

  /** ln of the evidence against the limit; 0 before the first trial. */
  get logEvidence(): number {
    const trials = this.#hits + this.#misses;
    return logMeanExp(this.#ratios.map((ratio) => ratio(this.#hits, trials)));
  }
}
