import fc from 'fast-check';

/**
 * Runs property tests with a fixed seed, so that a run repeats itself. A failure prints seed and path; CONTRIBUTING.md explains how to
 * replay it.
 */

const { CANARY_PROPERTY_RUNS, CANARY_PROPERTY_SEED, CANARY_PROPERTY_PATH } = process.env;

/** Of the runs that `npm test` makes. */
const USUAL_SEED = 20_261_127;

/**
 * Checks that a property holds for many generated values.
 *
 * @param runs how many in `npm test`
 * @throws Error with the smallest counterexample found, the seed and the path
 */
export async function expectHolds<T>(
  runs: number,
  property: fc.IProperty<T> | fc.IAsyncProperty<T>,
): Promise<void> {
  await fc.assert(property as fc.IAsyncProperty<T>, {
    numRuns: CANARY_PROPERTY_RUNS === undefined ? runs : Number(CANARY_PROPERTY_RUNS),
    seed: CANARY_PROPERTY_SEED === undefined ? USUAL_SEED : Number(CANARY_PROPERTY_SEED),
    ...(CANARY_PROPERTY_PATH === undefined ? {} : { path: CANARY_PROPERTY_PATH, endOnFailure: true }),
  });
}

/** A value as an API server returns it: plain JSON, without `undefined`. */
export function readBack<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** The JSON text of a value with its keys in one order, as an API server stores them. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
