/** Timers that keep no process alive and that end together. */
export class Timers {
  readonly #running = new Set<NodeJS.Timeout>();

  /** Calls back once after some milliseconds; the returned function calls it off. */
  after(ms: number, callback: () => void): () => void {
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      callback();
    }, ms);
    timer.unref();
    this.#running.add(timer);
    return () => {
      this.#running.delete(timer);
      clearTimeout(timer);
    };
  }

  clear(): void {
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
