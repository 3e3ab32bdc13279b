import { describe, expect, test } from '@jest/globals';
import { ReplicaLag } from '../../src/verify/replica-lag.ts';
import type { LagState } from '../../src/verify/replica-lag.ts';
import { random } from '../support/random.ts';

const ALPHA = 1e-5;
const CATCH_UP_MS = 1_000;
/** Answers come a hundred times a second. */
const INTERVAL_MS = 10;

/** The states after each of so many answers, of which these are late. */
function states(count: number, isLate: (n: number) => boolean): readonly LagState[] {
  const answers = new ReplicaLag(ALPHA, CATCH_UP_MS);
  return Array.from({ length: count }, (_, n) => {
    answers.add(isLate(n), n * INTERVAL_MS);
    return answers.state;
  });
}

describe('a lagging replica', () => {
  test('with a few late responses is fine all the time', () => {
    expect(new Set(states(300, (n) => n < 10 && n % 2 === 0))).toEqual(new Set(['fine']));
  });

  test('with a burst of late responses is open for a while, then fine', () => {
    const seen = states(300, (n) => n < 60 && n % 2 === 0);
    expect([seen.at(99), seen.at(-1)]).toEqual(['open', 'fine']);
    expect(seen).not.toContain('behind');
  });

  test('is fine only after a hundred responses past its time', () => {
    const seen = states(300, (n) => n < 6);
    const opened = seen.indexOf('open');
    expect(seen.indexOf('fine', opened) - opened).toBe(CATCH_UP_MS / INTERVAL_MS + 99);
  });
});

describe('a replica that stays behind', () => {
  test.each([
    ['alone', 1],
    ['one of three', 3],
    ['one of ten', 10],
  ])('%s is found, but not before it had time to catch up', (_what, every) => {
    const seen = states(3_000, (n) => n % every === 0);
    expect(seen.at(-1)).toBe('behind');
    expect(seen.indexOf('behind')).toBeGreaterThan(CATCH_UP_MS / INTERVAL_MS);
  });

  test('is also found if it falls behind again after a pause', () => {
    expect(states(2_000, (n) => n < 50 || n > 400).at(-1)).toBe('behind');
  });
});

test.each([0.01, 0.03, 0.05])('a share of %d is never mistaken for a replica that stays behind', (share) => {
  const draw = random(7);
  for (let run = 0; run < 50; run += 1) expect(states(2_000, () => draw() < share)).not.toContain('behind');
});
