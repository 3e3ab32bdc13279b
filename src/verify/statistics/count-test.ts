import { logLikelihoodRatio, logMeanExp } from './share-test.ts';

/** What two versions did between two readings of their counters. */
export interface CountedInterval {
  /** Requests that the tested version had. */
  readonly requests: number;
  /** Those of them that failed, or were slow; at most `requests`. */
  readonly hits: number;
  readonly baselineRequests: number;
  readonly baselineHits: number;
}

/** Ratios of the hit rates against which the tolerated one is compared, as multiples of it. */
const MULTIPLES: readonly number[] = Array.from({ length: 12 }, (_, k) => 1.25 * 1.5 ** k);

/**
 * A sequential test of whether the requests of a version fail, or are slow, at more than a tolerated multiple of the rate of a
 * baseline. Given how many requests of an interval were hits, and how many requests each version had, the part of the hits
 * that fell on the tested version has a known law under the tolerated ratio, whatever made both versions worse in that
 * interval: a shared dependency that fails is no evidence. A mixture of likelihood ratios of higher ratios against the
 * tolerated one, multiplied over the intervals, is a supermartingale that starts at 1, so one may look after every
 * interval, and the probability of a false alarm stays below alpha (J. Ville, 1939).
 *
 * Source: M. Lindon and A. Malek, Anytime-valid inference for multinomial count data (NeurIPS 2022).
 */
export class CountTest {
  readonly #ratio: number;
  readonly #threshold: number;
  readonly #logEvidences: number[] = MULTIPLES.map(() => 0);
  #exceeded = false;

  /**
   * @param ratio highest accepted ratio of the rates, above 0
   * @param alpha probability of a false alarm, above 0 and below 1
   * @throws RangeError for values outside these ranges
   */
  constructor(ratio: number, alpha: number) {
    if (!(ratio > 0 && Number.isFinite(ratio)))
      throw new RangeError(`ratio must be above 0, got ${String(ratio)}`);
    if (!(alpha > 0 && alpha < 1))
      throw new RangeError(`alpha must be between 0 and 1, got ${String(alpha)}`);
    this.#ratio = ratio;
    this.#threshold = Math.log(1 / alpha);
  }

  /**
   * Counts one interval; true once the tolerated ratio is proven to be exceeded.
   *
   * @throws RangeError for counts that are not whole numbers of at least 0, or more hits than requests
   */
  add(interval: CountedInterval): boolean {
    const { requests, hits, baselineRequests, baselineHits } = interval;
    if (!isCount(requests, hits) || !isCount(baselineRequests, baselineHits))
      throw new RangeError(
        `counts must be whole numbers with at most as many hits as requests, got ${JSON.stringify(interval)}`,
      );
    // Without requests of both versions, there is nothing to compare.
    if (requests > 0 && baselineRequests > 0 && hits + baselineHits > 0) {
      const tolerated = shareOfHits(this.#ratio, requests, baselineRequests);
      for (const [k, multiple] of MULTIPLES.entries()) {
        const share = shareOfHits(multiple * this.#ratio, requests, baselineRequests);
        this.#logEvidences[k] =
          (this.#logEvidences[k] ?? 0) + logLikelihoodRatio(share, tolerated)(hits, hits + baselineHits);
      }
    }
    this.#exceeded ||= this.logEvidence >= this.#threshold;
    return this.#exceeded;
  }

  /** ln of the evidence against the tolerated ratio; 0 before the first hit. */
  get logEvidence(): number {
    return logMeanExp(this.#logEvidences);
  }
}

function isCount(requests: number, hits: number): boolean {
  return Number.isSafeInteger(requests) && Number.isSafeInteger(hits) && hits >= 0 && hits <= requests;
}

/** The probability that a hit fell on the tested version, if its rate is `ratio` times that of the baseline. */
function shareOfHits(ratio: number, requests: number, baselineRequests: number): number {
  return (ratio * requests) / (ratio * requests + baselineRequests);
}
