import type { Recorder, RunEvent } from './run-events.ts';

/** An event, and when it happened. */
export interface TimedEvent {
  /** Seconds since the run began. */
  readonly at: number;
  readonly event: RunEvent;
}

/** Keeps the events of a run as they come, so that nothing is lost when the run fails or is cancelled. */
export class RunLog implements Recorder {
  readonly begin: Date;
  readonly #events: TimedEvent[] = [];

  constructor(begin = new Date()) {
    this.begin = begin;
  }

  record(event: RunEvent): void {
    this.#events.push({ at: (Date.now() - this.begin.getTime()) / 1000, event });
  }

  /** The events so far, in the order of time. */
  get events(): readonly TimedEvent[] {
    return this.#events;
  }
}
