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

describe('a replica that is late', () => {
  test('by a few answers is fine all the time', () => {
    expect(new Set(states(300, (n) => n < 10 && n % 2 === 0))).toEqual(new Set(['fine']));
  });

  test('with a burst is open for a while, and then fine', () => {
    const seen = states(300, (n) => n < 60 && n % 2 === 0);
    expect([seen.at(99), seen.at(-1)]).toEqual(['open', 'fine']);
    expect(seen).not.toContain('behind');
  });

  test('is fine only after a hundred answers past the time it had', () => {
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
  ])('%s is found, and not before it had time to catch up', (_what, every) => {
    const seen = states(3_000, (n) => n % every === 0);
    expect(seen.at(-1)).toBe('behind');
    expect(seen.indexOf('behind')).toBeGreaterThan(CATCH_UP_MS / INTERVAL_MS);
  });

  test('is found as well where it falls behind again after a pause', () => {
    expect(states(2_000, (n) => n < 50 || n > 400).at(-1)).toBe('behind');
  });
});

test.each([0.01, 0.03, 0.05])('a share of %d is never taken for one that stays behind', (share) => {
  const draw = random(7);
  for (let run = 0; run < 50; run += 1) expect(states(2_000, () => draw() < share)).not.toContain('behind');
});
