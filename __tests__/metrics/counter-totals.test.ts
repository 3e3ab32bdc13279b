import { expect, test } from '@jest/globals';
import { CounterTotals } from '../../src/metrics/counter-totals.ts';
import type { Reading } from '../../src/metrics/readings.ts';
import { series } from '../support/metrics.ts';

const scraped = (at: number): Reading => ({
  kind: 'counters',
  requests: [series(10, { version: 'v1', instance: 'gateway' }, at)],
  hits: [],
  notes: [],
});

test('counters stall if one of several addresses has no new scrape for most of a short watch', () => {
  const totals = new CounterTotals(2, undefined);
  for (const at of [0, 4, 8, 12, 16]) totals.add([scraped(1000 * at), scraped(1000 * Math.min(at, 4))], at);
  expect(totals.stalledFor(16)).toBe(12);
});

test('counters that are scraped less often than they are read do not stall', () => {
  const totals = new CounterTotals(1, undefined);
  for (const at of [0, 7.5, 15, 22.5, 30]) totals.add([scraped(15_000 * Math.floor(at / 15))], at);
  expect(totals.stalledFor(30)).toBeUndefined();
});

test.each<[what: string, values: readonly number[], wavering: object | undefined]>([
  ['a gauge', [40, 70, 30, 80, 20, 60, 10], { of: 3, readings: 7 }],
  ['a process that restarted twice', [40, 70, 0, 10, 20, 30, 0, 10, 20, 30], undefined],
  ['a counter', [40, 40, 70, 80], undefined],
])('whether the values of %s waver', (_what, values, wavering) => {
  const totals = new CounterTotals(1, undefined);
  for (const [i, value] of values.entries())
    totals.add(
      [{ kind: 'counters', requests: [series(value, { version: 'v1' })], hits: [], notes: [] }],
      15 * i,
    );
  expect(totals.wavering).toEqual(wavering);
});
