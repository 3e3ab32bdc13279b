import type { Message } from '../texts/message.ts';
import type { MetricReader, Reading, ReadingFailure } from './readings.ts';

/** How the polls of a metric went. */
export class PollLog {
  readonly #readers: readonly MetricReader[];
  #last: readonly Reading[] = [];
  #polls = 0;
  #missed = 0;
  #latestFailure: ReadingFailure | undefined;
  readonly #said = new Set<string>();
  /** How often each address was read. */
  readonly #read: number[];

  constructor(readers: readonly MetricReader[]) {
    this.#readers = readers;
    this.#read = readers.map(() => 0);
  }

  /** @param readings in the order of the readers */
  add(readings: readonly Reading[]): void {
    this.#last = readings;
    this.#polls += readings.length;
    for (const [i, reading] of readings.entries()) {
      if (reading.kind !== 'failure') this.#read[i] = (this.#read[i] ?? 0) + 1;
      if (reading.kind === 'failure') {
        this.#missed += 1;
        this.#latestFailure = reading;
      } else for (const note of reading.notes) this.#said.add(note);
    }
  }

  /** How many there are. */
  get addresses(): number {
    return this.#readers.length;
  }

  get polls(): number {
    return this.#polls;
  }

  get missed(): number {
    return this.#missed;
  }

  /** Why the last poll has no complete answer; undefined where it has. */
  get lastFailure(): string | undefined {
    const messages = this.#last.flatMap((reading) => (reading.kind === 'failure' ? [reading.message] : []));
    return messages.length === 0 ? undefined : [...new Set(messages)].join(' ');
  }

  /** The addresses that could be read only once, so that there is nothing to compare with. */
  get readOnce(): readonly string[] {
    return this.#readers.filter((_, i) => (this.#read[i] ?? 0) < 2).map(({ address }) => address);
  }

  /** The addresses whose last answer had no series at all. */
  get empty(): readonly string[] {
    return this.#readers
      .filter((_, i) => {
        const reading = this.#last[i];
        if (reading === undefined || reading.kind === 'failure') return false;
        return (reading.kind === 'value' ? reading.series : reading.requests).length === 0;
      })
      .map(({ address }) => address);
  }

  /** Why the last query for hits could not find any; undefined where it could, or nothing says. */
  get unknown(): Message | undefined {
    return this.#last.flatMap((reading) => (reading.kind === 'counters' ? (reading.unknown ?? []) : []))[0];
  }

  get notes(): readonly Message[] {
    const { message } = this.#latestFailure ?? {};
    const failed: readonly Message[] =
      message === undefined
        ? []
        : [{ kind: 'readingsFailed', missed: this.#missed, polls: this.#polls, message }];
    return [...failed, ...[...this.#said].map((note): Message => ({ kind: 'serverSays', note }))];
  }
}
