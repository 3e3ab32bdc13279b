/** Long work that stops between its pieces, so that the event loop can turn there. */
export type Pieces<T> = Generator<undefined, T>;

/** Does the work in one go. */
export function atOnce<T>(work: Pieces<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Does the work with a pause between two pieces. */
export async function withPauses<T>(work: Pieces<T>, pause: () => Promise<void>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await pause();
  }
}
