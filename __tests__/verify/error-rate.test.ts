import { describe, expect, test } from '@jest/globals';
import { ErrorRate } from '../../src/verify/error-rate.ts';
import type { ErrorRateOptions } from '../../src/verify/error-rate.ts';

const AWAY_MS = 10_000;
const EVERY_MS = 10;

/** What is known after requests with these errors, 10 ms apart. */
function after(
  count: number,
  errorAt: (n: number) => string | undefined,
  limit = 0.01,
  options: ErrorRateOptions = {},
): ErrorRate {
  const rate = new ErrorRate(limit, 0.001, { ...options, awayMs: AWAY_MS });
  for (let n = 0; n < count; n += 1) rate.add({ error: errorAt(n) }, n * EVERY_MS);
  return rate;
}

const within = (n: number, from: number, to: number): boolean => n >= from && n < to;
const refusedWithin = (from: number, to: number) => (n: number) =>
  within(n, from, to) ? 'connection refused' : undefined;

describe('an ingress that restarts', () => {
  const restart = refusedWithin(50, 90);

  test('is given time, and its failures do not count once it has answered again for long enough', () => {
    const { isExceeded, isAbove, isOpen, setAside } = after(1_700, restart);
    expect({ isExceeded, isAbove, isOpen, setAside }).toEqual({
      isExceeded: false,
      isAbove: false,
      isOpen: false,
      setAside: 40,
    });
  });

  test.each([
    ['as long as it may be away', 600],
    ['until five errors would be accepted among the requests that followed', 1_500],
  ])('leaves the rate open %s', (_what, requests) => {
    const { isExceeded, isOpen } = after(requests, restart);
    expect({ isExceeded, isOpen }).toEqual({ isExceeded: false, isOpen: true });
  });

  test('may be away when the check begins, if it has answered before', () => {
    const { isExceeded, isAbove } = after(1_700, refusedWithin(0, 40), 0.01, { hasAnswered: true });
    expect({ isExceeded, isAbove }).toEqual({ isExceeded: false, isAbove: false });
  });

  test('does not hide what the service itself answers meanwhile', () => {
    const { isExceeded } = after(400, (n) => restart(n) ?? (n % 10 === 3 ? 'status 500' : undefined));
    expect(isExceeded).toBe(true);
  });

  test('is not forgiven where no error is accepted', () => {
    expect(after(60, restart, 0).isExceeded).toBe(true);
  });
});

test('an ingress that has never answered exceeds the rate after a few requests', () => {
  expect(after(6, () => 'connection refused').isExceeded).toBe(true);
});

describe('an ingress is not restarting', () => {
  test.each<[string, (n: number) => string | undefined]>([
    ['if it stays away', (n) => (n < 50 ? undefined : 'connection refused')],
    ['if one of its replicas stays away', (n) => (n % 3 === 0 ? 'connection cut' : undefined)],
    ['if it restarts again', (n) => refusedWithin(50, 90)(n) ?? refusedWithin(1_500, 1_540)(n)],
    ['if requests reach it and fail', (n) => (n % 20 === 0 ? 'status 503' : undefined)],
    ['if requests reach it and responses break off', (n) => (n % 20 === 0 ? 'response cut off' : undefined)],
    ['if requests get no response', (n) => (n % 20 === 0 ? 'no response in time' : undefined)],
  ])('%s', (_what, errorAt) => {
    expect(after(1_700, errorAt).isExceeded).toBe(true);
  });
});
