import { describe, expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import type { Sample } from '../../src/verify/attribution.ts';
import { Comparison } from '../../src/verify/comparison.ts';
import type { ComparisonOptions } from '../../src/verify/comparison.ts';
import { weights } from '../support/release.ts';

const EIGHTY_TWENTY = weights({ v1: 80, v2: 20 });

const sample = (version: string | undefined, rest: Partial<Sample> = {}): Sample => ({
  version,
  contradiction: undefined,
  revision: '4',
  unmanaged: false,
  error: undefined,
  ms: 5,
  ...rest,
});
const failed = (version: string | undefined): Sample => sample(version, { error: 'status 500' });

function comparison(rest: Partial<ComparisonOptions> = {}): Comparison {
  return new Comparison({
    version: 'v2',
    weights: EIGHTY_TWENTY,
    maxLatencyIncrease: undefined,
    alpha: 0.01,
    ...rest,
  });
}

/** What is said first about these samples, repeated so many times. */
function said(compared: Comparison, samples: readonly Sample[], times = 100): string | undefined {
  for (let n = 0; n < times; n += 1) {
    for (const one of samples) {
      const said = compared.add(one);
      if (said !== undefined) return inEnglish(said);
    }
  }
  return undefined;
}

const five = (own: Sample): readonly Sample[] => [...Array.from({ length: 4 }, () => sample('v1')), own];

describe('errors', () => {
  test('of the new version alone are reported with the figures', () => {
    expect(said(comparison(), five(failed('v2')))).toBe(
      'v2 fails more than twice as often as the other versions: 6 of 6 requests failed, against 0 of 24',
    );
  });

  test('that affect both versions alike are not reported', () => {
    expect(
      said(comparison(), [failed('v1'), failed('v1'), failed('v1'), failed('v1'), failed('v2')]),
    ).toBeUndefined();
  });

  test('of the stable version are not reported', () => {
    expect(said(comparison(), [failed('v1'), sample('v2')])).toBeUndefined();
  });

  test('up to twice as often as those of the others are not reported', () => {
    // One of v1's eight against two of v2's eight: v2 has a fifth of the requests, so four of v1's meet two of v2's.
    const round = [...Array.from({ length: 4 }, () => failed('v1')), failed('v2'), failed('v2')];
    expect(said(comparison(), round)).toBeUndefined();
  });

  test('without a version count for no version', () => {
    expect(said(comparison(), [failed(undefined)])).toBeUndefined();
  });

  test.each([
    ['no version is being released', { version: undefined }],
    ['it takes all requests', { weights: weights({ v1: 0, v2: 100 }) }],
    ['it takes none', { weights: weights({ v1: 100, v2: 0 }) }],
    ['it is none of the weights', { version: 'v9' }],
  ])('are not compared if %s', (_what, options) => {
    expect(said(comparison(options), five(failed('v2')))).toBeUndefined();
  });
});

describe('response times', () => {
  const slow = (ms: number): readonly Sample[] => five(sample('v2', { ms }));

  test('three times those of the other version are reported with both medians', () => {
    expect(said(comparison({ maxLatencyIncrease: 0.5 }), slow(15))).toBe(
      'v2 is more than 50% slower than the other versions: median 15.0 ms, against 5.0 ms (input max-latency-increase)',
    );
  });

  test('within the accepted increase are not reported', () => {
    expect(said(comparison({ maxLatencyIncrease: 0.5 }), slow(7.4))).toBeUndefined();
  });

  test('are not tested without a limit', () => {
    expect(said(comparison(), slow(500))).toBeUndefined();
  });

  test('of a few slow responses are not reported: typical ones are compared', () => {
    const round = [...slow(500), ...slow(5), ...slow(5), ...slow(5)];
    expect(said(comparison({ maxLatencyIncrease: 0.5 }), round)).toBeUndefined();
  });

  test('of failures do not count', () => {
    expect(
      said(comparison({ maxLatencyIncrease: 0.5, weights: weights({ v1: 50, v2: 50 }) }), [
        sample('v1'),
        sample('v2', { error: 'status 404', ms: 900 }),
        sample('v1', { error: 'status 404', ms: 900 }),
        sample('v2'),
      ]),
    ).toBeUndefined();
  });

  test('are compared with all other versions together', () => {
    const three = comparison({
      weights: weights({ v1: 50, v2: 20, v3: 30 }),
      maxLatencyIncrease: 0.5,
    });
    expect(said(three, [sample('v3'), sample('v2', { ms: 15 })])).toMatch(/^v2 is more than 50% slower/);
  });
});

test('the responses are summarized by version', () => {
  const compared = comparison();
  for (const one of [
    sample('v1', { ms: 4 }),
    sample('v1', { ms: 2 }),
    failed('v1'),
    sample('v1', { ms: 8 }),
  ]) {
    compared.add(one);
  }
  expect(compared.versions).toEqual(
    new Map([
      ['v1', { errors: 1, latency: { p50: 4, p90: 8, p99: 8, max: 8 } }],
      ['v2', { errors: 0, latency: undefined }],
    ]),
  );
});
