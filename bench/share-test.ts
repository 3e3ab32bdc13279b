import { ShareTest } from '../src/verify/statistics/share-test.ts';
import { paired } from './paired.ts';
import type { Ratio } from './paired.ts';

const SAMPLES = 20_000;

/** A test of ten versions, compared with one of two. */
export async function shareTest(): Promise<Ratio> {
  return paired(
    `share test of 10 versions : of 2, ${String(SAMPLES)} looks`,
    () => look(10),
    () => look(2),
  );
}

async function look(versions: number): Promise<void> {
  const weights = Array.from({ length: versions }, () => 1);
  const test = new ShareTest(weights, { beta: 1e-300, maxSamples: Infinity });
  for (let n = 0; n < SAMPLES; n += 1) {
    const verdict = test.add(weights.map((_, i) => (i === n % versions ? 1 : 0)));
    if (verdict !== 'continue') throw new Error(`decided after ${String(n)}: ${verdict}`);
  }
  return Promise.resolve();
}
