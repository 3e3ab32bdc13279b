import { logLikelihood, logMeanExp } from './share-test.ts';

/** Halvings of the way from the limit to 1, at which the alternatives lie; near ones find a small excess. */
const HALVINGS = 4;

/** The alternatives to a limit: 1, halfway to it, a quarter of the way, and so on, until one is at most half as much again. */
function alternativesTo(limit: number): readonly number[] {
  const halvings = Math.max(HALVINGS, Math.ceil(Math.log2((1 - limit) / (limit / 2))));
  return Array.from({ length: halvings + 1 }, (_, k) => limit + (1 - limit) / 2 ** k);
}

/**
 * A sequential test of whether something happens more often than a limit allows: a mixture of likelihood ratios of higher
 * rates against the limit. Under any rate up to the limit the mixture is a supermartingale that begins at 1, so one may look
 * after every trial, and a false alarm stays as unlikely as asked (J. Ville, 1939). Pure: no clock, no I/O.
 */
export class RateTest {
  readonly #limit: number;
  readonly #free: number;
  readonly #threshold: number;
  readonly #rates: readonly number[];
  #hits = 0;
  #misses = 0;
  #exceeded = false;

  /**
   * @param limit highest probability of a hit that is accepted, above 0 and below 1
   * @param alpha probability of a false alarm, above 0 and below 1
   * @param free so many hits are no excess yet, however early they come
   * @throws RangeError for others
   */
  constructor(limit: number, alpha: number, free = 0) {
    for (const [name, value] of Object.entries({ limit, alpha })) {
      if (!(value > 0 && value < 1))
        throw new RangeError(`${name} must be between 0 and 1, got ${String(value)}`);
    }
    this.#limit = limit;
    this.#free = free;
    this.#threshold = Math.log(1 / alpha);
    this.#rates = alternativesTo(limit);
  }

  /** Counts one trial. Once the limit is shown to be exceeded, it stays so. */
  add(hit: boolean): boolean {
    if (hit) this.#hits += 1;
    else this.#misses += 1;
    this.#exceeded ||= this.#hits > this.#free && this.logEvidence >= this.#threshold;
    return this.#exceeded;
  }

  /** ln of the evidence against the limit; 0 before the first trial. */
  get logEvidence(): number {
    const trials = this.#hits + this.#misses;
    const own = logLikelihood(this.#hits, trials, this.#limit);
    return logMeanExp(this.#rates.map((rate) => logLikelihood(this.#hits, trials, rate) - own));
  }
}
