/**
 * Computes exactly how often a right split of two versions is inconclusive at the default `maxSamples`. Prints the worst case over
 * the weights 1 to 99 for every tolerance and confidence; the argument is the number of ingresses. Takes some minutes.
 */
import { ShareTest, toleranceBand } from '../src/verify/statistics/share-test.ts';

/** Probabilities below this are dropped to keep the rows short; even a million of them do not matter. */
const NEGLIGIBLE = 1e-18;
/** The edges that a running test has ruled out. */
const NONE = 0;
const LOWER = 1;
const UPPER = 2;
const BOTH = LOWER | UPPER;

/** An edge is ruled out after n samples if `hits * slope + n * offset >= threshold`. */
interface Edge {
  readonly slope: number;
  readonly offset: number;
}

function edgeOf(weight: number, edge: number): Edge {
  const offset = Math.log((1 - weight) / (1 - edge));
  return { slope: Math.log(weight / edge) - offset, offset };
}

/**
 * The probability that Wald's two tests have not both ruled out their edge after so many samples, if the share equals the weight.
 * The test that fails a split can only lower it.
 */
export function undecidedAfter(samples: number, weight: number, tolerance: number, beta: number): number {
  const band = toleranceBand(weight, tolerance);
  const lower = edgeOf(weight, band.lower);
  const upper = edgeOf(weight, band.upper);
  const threshold = Math.log(1 / beta);
  // Chances of each number of hits from `first` on, by the edges ruled out so far.
  let first = 0;
  let rows = [Float64Array.of(1), Float64Array.of(0), Float64Array.of(0)] as const;
  for (let n = 1; n <= samples; n += 1) {
    const length = rows[NONE].length + 1;
    const next = [new Float64Array(length), new Float64Array(length), new Float64Array(length)] as const;
    const fromLower = (threshold - n * lower.offset) / lower.slope;
    const toUpper = (threshold - n * upper.offset) / upper.slope;
    for (const known of [NONE, LOWER, UPPER] as const) {
      const row = rows[known];
      for (let i = 0; i < length; i += 1) {
        const chance =
          (i < row.length ? (row[i] ?? 0) * (1 - weight) : 0) + (i > 0 ? (row[i - 1] ?? 0) * weight : 0);
        if (chance === 0) continue;
        const hits = first + i;
        const ruled = known | (hits >= fromLower ? LOWER : NONE) | (hits <= toUpper ? UPPER : NONE);
        if (ruled === BOTH) continue;
        const to = next[ruled as typeof NONE | typeof LOWER | typeof UPPER];
        to[i] = (to[i] ?? 0) + chance;
      }
    }
    let begin = 0;
    let end = length;
    const massAt = (i: number): number =>
      (next[NONE][i] ?? 0) + (next[LOWER][i] ?? 0) + (next[UPPER][i] ?? 0);
    while (begin < end && massAt(begin) < NEGLIGIBLE) begin += 1;
    while (end > begin && massAt(end - 1) < NEGLIGIBLE) end -= 1;
    if (begin === end) return 0;
    rows = [
      next[NONE].subarray(begin, end),
      next[LOWER].subarray(begin, end),
      next[UPPER].subarray(begin, end),
    ];
    first += begin;
  }
  return rows.reduce((sum, row) => row.reduce((a, b) => a + b, sum), 0);
}

/** The weight from 1 to 99 that is most likely to be inconclusive. */
export function worstCase(
  tolerance: number,
  beta: number,
  ingresses: number,
): { readonly weight: number; readonly maxSamples: number; readonly chance: number } {
  // A weight and its complement split alike.
  const cases = Array.from({ length: 50 }, (_, i) => {
    const weight = (i + 1) / 100;
    const { maxSamples } = new ShareTest([weight, 1 - weight], { tolerance, beta, ingresses });
    return { weight, maxSamples, chance: ingresses * undecidedAfter(maxSamples, weight, tolerance, beta) };
  });
  return cases.reduce((worst, one) => (one.chance > worst.chance ? one : worst));
}

if (import.meta.main) {
  const ingresses = Number(process.argv[2] ?? '1');
  process.stdout.write(
    `A right split at ${String(ingresses)} ingress(es): chance of an inconclusive check\n`,
  );
  for (const points of [25, 12, 5, 2, 1]) {
    for (const confidence of [90, 99, 99.9, 99.99]) {
      const { weight, maxSamples, chance } = worstCase(points / 100, 1 - confidence / 100, ingresses);
      process.stdout.write(
        `tolerance ${String(points).padStart(2)}   confidence ${String(confidence).padStart(5)}   worst at weight ${String(100 * weight)}: ${chance.toExponential(1)} after ${String(maxSamples)} samples\n`,
      );
    }
  }
}
