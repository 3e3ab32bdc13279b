import { RateTest } from './statistics/rate-test.ts';
import { INGRESS } from '../core/deadlines.ts';

/** Up to this share of answers under an earlier configuration may come from a replica that is only late. */
const LATE_SHARE = 0.05;
/** So many are no excess yet, however early they come. */
const FREE = 5;
/** So many answers have to come after that time: a replica that one connection in ten reaches shows in all but 3 of 100,000 cases. */
const LOOKS = 100;

/** `fine`: too few to matter; `open`: too many for now, which may still pass; `behind`: a replica stays behind. */
export type LagState = 'fine' | 'open' | 'behind';

/**
 * Tells a gateway replica that was late from one that stays behind. The first seconds after a change may bring a burst of
 * answers under the earlier configuration, which is nobody's failure; answers that still come after them are one. Pure: the
 * time is an argument.
 */
export class ReplicaLag {
  readonly #alpha: number;
  readonly #catchUpMs: number;
  #phase: 'first' | 'waiting' | 'again' = 'first';
  #until = 0;
  #test: RateTest;
  #answers = 0;
  #late = 0;
  #behind = false;

  /**
   * @param alpha probability that so few late answers as are accepted are taken for a replica that stays behind
   * @param catchUpMs how long a replica may be late
   */
  constructor(alpha: number, catchUpMs = INGRESS.catchUpMs) {
    this.#alpha = alpha;
    this.#catchUpMs = catchUpMs;
    this.#test = this.#fresh();
  }

  /** @param now in milliseconds, of any clock that does not go back */
  add(late: boolean, now: number): void {
    if (this.#phase === 'waiting') {
      if (now < this.#until) return;
      this.#phase = 'again';
      this.#test = this.#fresh();
      this.#answers = 0;
      this.#late = 0;
    }
    this.#answers += 1;
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
    const few = this.#late <= LATE_SHARE * this.#answers;
    switch (this.#phase) {
      case 'first':
        return few || this.#late <= FREE ? 'fine' : 'open';
      case 'waiting':
        return 'open';
      case 'again':
        return few && this.#answers >= LOOKS ? 'fine' : 'open';
    }
  }

  #fresh(): RateTest {
    return new RateTest(LATE_SHARE, this.#alpha, FREE);
  }
}
