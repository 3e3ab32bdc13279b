import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Answer } from '../src/kubernetes/client/answer.ts';
import type { Call, CallCount, Transport } from '../src/kubernetes/client/connection.ts';

/** After so many turns of the event loop without a new call, those that wait are sent: work between two calls takes fewer. */
const QUIET_TURNS = 100;

/** What was tried at the same time, each once. */
export type RoundTrip = readonly string[];

interface Waiting {
  readonly tried: string;
  /** Sends the call. @returns what delivers its answer */
  readonly send: () => Promise<() => void>;
}

/**
 * Counts the round trips on the critical path of some work: calls wait until no further call is made, are sent together, and are
 * answered together. How many there are at a time does not matter, nor how fast the machine is.
 */
export class RoundTrips {
  #waiting: Waiting[] = [];
  #arrived = 0;

  /** The same way to a cluster, in round trips. */
  over(inner: Transport): Transport {
    return new InRoundTrips(inner, (call, send) => this.#join(call, send));
  }

  /** The round trips that work waits for, in order. */
  async of(work: () => Promise<unknown>): Promise<readonly RoundTrip[]> {
    const made: RoundTrip[] = [];
    let isOver = false;
    const done = work().finally(() => {
      isOver = true;
    });
    done.catch(() => undefined);
    // TypeScript does not see that the work sets it.
    while (!(isOver as boolean)) {
      await this.#quiet();
      const waiting = this.#waiting;
      this.#waiting = [];
      if (waiting.length === 0) continue;
      made.push([...new Set(waiting.map(({ tried }) => tried))]);
      const deliveries = await Promise.all(waiting.map(({ send }) => send()));
      for (const deliver of deliveries) deliver();
    }
    await done;
    return made;
  }

  async #quiet(): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      const before = this.#arrived;
      await turn();
      if (this.#arrived !== before) turns = 0;
    }
  }

  #join<T>({ tried }: Pick<Call, 'tried'>, send: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#arrived += 1;
    this.#waiting.push({
      tried,
      send: () =>
        send().then(
          (answer) => () => {
            resolve(answer);
          },
          (error: unknown) => () => {
            reject(error);
          },
        ),
    });
    return promise;
  }
}

type Join = <T>(call: Pick<Call, 'tried'>, send: () => Promise<T>) => Promise<T>;

class InRoundTrips implements Transport {
  readonly #inner: Transport;
  readonly #join: Join;

  constructor(inner: Transport, join: Join) {
    this.#inner = inner;
    this.#join = join;
  }

  get name(): string {
    return this.#inner.name;
  }

  get calls(): CallCount {
    return this.#inner.calls;
  }

  send<T>(call: Call, stop: AbortSignal): Promise<T> {
    return this.#join(call, () => this.#inner.send<T>(call, stop));
  }

  ask(call: Call, stop: AbortSignal): Promise<Answer> {
    return this.#join(call, () => this.#inner.ask(call, stop));
  }

  upgrade(call: Pick<Call, 'path' | 'tried'>, stop: AbortSignal): Promise<Duplex> {
    return this.#join(call, () => this.#inner.upgrade(call, stop));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
