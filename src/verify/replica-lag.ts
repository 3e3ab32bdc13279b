import { RateTest } from './statistics/rate-test.ts';
import { INGRESS } from '../core/deadlines.ts';

/** Up to this share of responses under an earlier configuration may come from a replica that only lags. */
const LATE_SHARE = 0.05;
/** This many are tolerated, however early they come. */
const FREE = 5;
/** This many responses must follow: a replica that serves one connection in ten is missed in 3 of 100,000 cases. */
const LOOKS = 100;

/** `fine`: too few to matter; `open`: too many so far, which may still change; `behind`: a replica does not catch up. */
export type LagState = 'fine' | 'open' | 'behind';

/**
 * Distinguishes a gateway replica that lagged from one that never catches up. The first seconds after a change may bring a burst
 * of responses under the earlier configuration, which is normal; those that still come afterwards are a failure.
 */
export class ReplicaLag {
  readonly #alpha: number;
  readonly #catchUpMs: number;
  #phase: 'first' | 'waiting' | 'again' = 'first';
  #until = 0;
  #test: RateTest;
  #responses = 0;
  #late = 0;
  #behind = false;

  /**
   * @param alpha probability that an acceptable share of late responses is taken for a replica that does not catch up
   * @param catchUpMs how long a replica may lag
   */
  constructor(alpha: number, catchUpMs = INGRESS.catchUpMs) {
    this.#alpha = alpha;
    this.#catchUpMs = catchUpMs;
    this.#test = this.#fresh();
  }

  /** @param now in milliseconds, of any clock that does not run backwards */
  add(late: boolean, now: number): void {
    if (this.#phase === 'waiting') {
      if (now < this.#until) return;
      this.#phase = 'again';
      this.#test = this.#fresh();
      this.#responses = 0;
      this.#late = 0;
    }
    this.#responses += 1;
    if (late) this.#late += 1;
    if (!this.#test.add(late)) return;
    if (this.#phase === 'again') {
      this.#behind = true;
    } else {
      this.#phase = 'waiting';
      this.#until = now + this.#catchUpMs;
    }
  }

  get state(): LagState {
    if (this.#behind) return 'behind';
    const few = this.#late <= LATE_SHARE * this.#responses;
    switch (this.#phase) {
      case 'first':
        return few || this.#late <= FREE ? 'fine' : 'open';
      case 'waiting':
        return 'open';
      case 'again':
        return few && this.#responses >= LOOKS ? 'fine' : 'open';
    }
  }

  #fresh(): RateTest {
    return new RateTest(LATE_SHARE, this.#alpha, FREE);
  }
}
