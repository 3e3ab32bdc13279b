import { INGRESS } from '../core/deadlines.ts';
import type { Sample } from './attribution.ts';
import { UNREACHED } from './failure-kinds.ts';
import { RateTest } from './statistics/rate-test.ts';

/** This many errors are tolerated before they are tested as a rate. */
const FREE = 5;
/** At least this many requests must follow an outage: a replica that serves one connection in ten is missed in 3 of 100,000 cases. */
const FEWEST_LOOKS = 100;

export interface ErrorRateOptions {
  readonly hasAnswered?: boolean | undefined;
  readonly awayMs?: number | undefined;
}

/**
 * Tests the errors of one ingress against the accepted rate. An ingress that restarts refuses or cuts every connection for a moment,
 * which no version of the service can cause: such failures are set aside, once, if they end in time. What follows an outage must be
 * within the rate on its own. An ingress that has never answered is not restarting.
 */
export class ErrorRate {
  readonly #limit: number;
  readonly #alpha: number;
  readonly #awayMs: number;
  /** Over the requests that reached the ingress. */
  readonly #reached: RateTest | undefined;
  /** Over all requests; from the end of an outage on, over those that followed. */
  #all: RateTest | undefined;
  #hasAnswered: boolean;
  #phase: 'first' | 'away' | 'back' = 'first';
  #until = 0;
  #requests = 0;
  #errors = 0;
  #unreached = 0;
  #setAside = 0;
  #followed = 0;
  #followedErrors = 0;
  #exceeded = false;

  /**
   * @param limit the accepted rate, from 0 to 1; with 0 the first error exceeds it
   * @param alpha probability that an acceptable rate is taken for a higher one
   * @param options `hasAnswered`: whether the ingress has answered before; `awayMs`: how long it may be away
   */
  constructor(
    limit: number,
    alpha: number,
    { hasAnswered = false, awayMs = INGRESS.catchUpMs }: ErrorRateOptions = {},
  ) {
    this.#limit = limit;
    this.#alpha = alpha;
    this.#hasAnswered = hasAnswered;
    this.#awayMs = awayMs;
    this.#reached = this.#fresh();
    this.#all = this.#fresh();
  }

  /** @param now in milliseconds, of any clock that does not run backwards */
  add({ error }: Pick<Sample, 'error'>, now: number): void {
    const isError = error !== undefined;
    const isUnreached = isError && UNREACHED.has(error);
    if (this.#phase === 'away' && now >= this.#until) this.#phase = 'back';
    this.#requests += 1;
    if (isError) this.#errors += 1;
    if (isUnreached) this.#unreached += 1;
    else this.#hasAnswered = true;
    if (this.#phase === 'back') {
      this.#followed += 1;
      if (isError) this.#followedErrors += 1;
    }
    if (this.#limit === 0 && isError) this.#exceeded = true;
    if (!isUnreached && this.#reached?.add(isError) === true) this.#exceeded = true;
    if (this.#phase === 'away') {
      this.#setAside = this.#unreached;
      return;
    }
    if (this.#all?.add(isError) !== true) return;
    if (this.#phase === 'back' || !this.#hasAnswered) this.#exceeded = true;
    if (this.#exceeded || this.#unreached === 0) return;
    this.#phase = 'away';
    this.#until = now + this.#awayMs;
    this.#setAside = this.#unreached;
    this.#all = this.#fresh();
  }

  /** Whether the rate is proven to be higher than accepted. */
  get isExceeded(): boolean {
    return this.#exceeded;
  }

  /** Whether more failed than the limit accepts, be it by chance, or an outage may not be over. */
  get isAbove(): boolean {
    const exceeds = (errors: number, requests: number): boolean => errors > this.#limit * requests;
    return (
      this.#isAway() ||
      exceeds(this.#errors - this.#setAside, this.#requests - this.#setAside) ||
      // The requests before an outage and during it would dilute what it did not end.
      exceeds(this.#followedErrors, this.#followed)
    );
  }

  /** Whether more requests may decide: a few errors among few requests may be chance. */
  get isOpen(): boolean {
    const evidence = [this.#all, this.#reached].map((test) => test?.logEvidence ?? Infinity);
    return this.#isAway() || (this.isAbove && Math.max(...evidence) > 0);
  }

  /** How many requests failed while the ingress was away. */
  get setAside(): number {
    return this.#setAside;
  }

  #isAway(): boolean {
    if (this.#phase !== 'back') return this.#phase === 'away';
    // Among fewer, failures at several times the accepted rate may be few by chance.
    return this.#followed < Math.max(FEWEST_LOOKS, FREE / this.#limit);
  }

  #fresh(): RateTest | undefined {
    return this.#limit > 0 && this.#limit < 1 ? new RateTest(this.#limit, this.#alpha, FREE) : undefined;
  }
}
