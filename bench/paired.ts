/** How long two ways of doing something took, run in turn in one process. */
export interface Ratio {
  readonly name: string;
  /** Median time of each way in milliseconds. */
  readonly of: number;
  readonly to: number;
  /** Median of the ratios of the pairs, and their range. */
  readonly ratio: number;
  readonly range: readonly [number, number];
}

/** Runs two ways in turn, so that other load affects both, and compares them in pairs. The first pair is a warm-up. */
export async function paired(
  name: string,
  of: () => Promise<void>,
  to: () => Promise<void>,
  pairs = 7,
): Promise<Ratio> {
  const times: (readonly [number, number])[] = [];
  for (let i = 0; i <= pairs; i += 1) {
    const pair = [await timeOf(of), await timeOf(to)] as const;
    if (i > 0) times.push(pair);
  }
  const ratios = times.map(([a, b]) => a / b).toSorted((a, b) => a - b);
  return {
    name,
    of: median(times.map(([a]) => a)),
    to: median(times.map(([, b]) => b)),
    ratio: median(ratios),
    range: [ratios.at(0) ?? NaN, ratios.at(-1) ?? NaN],
  };
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
