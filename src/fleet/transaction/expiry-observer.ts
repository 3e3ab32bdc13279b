import type { Clock } from '../../core/clock.ts';
import { allowedSilenceMs, signOfLife } from './lease-format.ts';
import type { Lease } from './lease-format.ts';

/**
 * Tells a dead holder from a live one. Only time that passes between two looks at an unchanged Lease counts, by the monotonic clock
 * of this process, as in leader election (https://pkg.go.dev/k8s.io/client-go/tools/leaderelection).
 */
export class ExpiryObserver {
  readonly #clock: Clock;
  #sign: string | undefined;
  #since = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isDead(lease: Lease): boolean {
    const now = this.#clock.now();
    const sign = signOfLife(lease);
    if (sign !== this.#sign) {
      this.#sign = sign;
      this.#since = now;
    }
    return now - this.#since >= allowedSilenceMs(lease);
  }
}
