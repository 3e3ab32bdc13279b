/** The longest time between two turns of the event loop, in milliseconds. */
export interface Stall {
  /**
   * Processor time of the main thread. On a busy machine the time on the clock is mostly that of other processes; on a quiet one both
   * are the same, except where the process waits for a pipe or a file.
   */
  readonly cpu: number;
  readonly clock: number;
}

interface Watch {
  /** Between which turns time counts; by default between all. */
  readonly counts?: () => boolean;
  /** Called after each turn that took at least `leastMs` of processor time. */
  readonly onStall?: (stall: Stall) => void;
  readonly leastMs?: number;
}

/** Watches the event loop of this process. @returns a function that ends it and returns the longest stall */
export function watchLoop({ counts = () => true, onStall, leastMs = Infinity }: Watch = {}): () => Stall {
  let longest: Stall = { cpu: 0, clock: 0 };
  const begin = () => ({ cpu: process.threadCpuUsage(), at: performance.now(), counts: counts() });
  let turn = begin();
  const look = (): void => {
    const { user, system } = process.threadCpuUsage(turn.cpu);
    const stall = { cpu: (user + system) / 1000, clock: performance.now() - turn.at };
    if (turn.counts) {
      longest = { cpu: Math.max(longest.cpu, stall.cpu), clock: Math.max(longest.clock, stall.clock) };
      if (stall.cpu >= leastMs) onStall?.(stall);
    }
    turn = begin();
  };
  const timer = setInterval(look, 1).unref();
  return () => {
    look();
    clearInterval(timer);
    return longest;
  };
}

export function formatStall({ cpu, clock }: Stall): string {
  return `${cpu.toFixed(0)} ms of processor time (${clock.toFixed(0)} ms on the clock)`;
}
