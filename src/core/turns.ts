/**
 * Lets only a few pieces of work begin in each turn of the event loop, so that a turn stays short however many could begin. Those who ask
 * get their turns one after the other, however often each of them asks.
 */
export class Turns {
  readonly #perTurn: number;
  /** Who waits, the next first, each with what is to begin. */
  readonly #waiting = new Map<object, (() => void)[]>();
  #left: number;
  #isRefilling = false;

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
    this.#left = perTurn;
  }

  /** Waits until another piece of work of this asker may begin. */
  async next(asker: object): Promise<void> {
    if (!this.#isRefilling) {
      this.#isRefilling = true;
      setImmediate(this.#refill);
    }
    if (this.#left > 0) {
      this.#left -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const waiting = this.#waiting.get(asker);
    const begin = (): void => {
      resolve(undefined);
    };
    if (waiting === undefined) this.#waiting.set(asker, [begin]);
    else waiting.push(begin);
    await promise;
  }

  readonly #refill = (): void => {
    this.#left = this.#perTurn;
    for (const [asker, [begin, ...others]] of this.#waiting) {
      if (this.#left === 0) break;
      this.#left -= 1;
      // Behind all others: a Map keeps the order in which its keys were added.
      this.#waiting.delete(asker);
      if (others.length > 0) this.#waiting.set(asker, others);
      begin?.();
    }
    this.#isRefilling = this.#left < this.#perTurn;
    if (this.#isRefilling) setImmediate(this.#refill);
  };
}
