/** Timers that do not keep the process alive, and that are cleared together. */
export class Timers {
  readonly #running = new Set<NodeJS.Timeout>();

  /** Calls back once after some milliseconds; the returned function cancels it. */
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
