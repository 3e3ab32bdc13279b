import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import { decideVerdict } from '../../src/operations/verdict.ts';
import type { Evidence } from '../../src/operations/verdict.ts';
import { evidence } from '../support/evidence.ts';
import { metricEvidence } from '../support/metrics.ts';

const DOUBT = {
  title: quoted('Another app may have answered in east'),
  detail: quoted('Its path comes first.'),
};
const INTERRUPTED = {
  title: quoted('The release was changed while it was sampled'),
  detail: quoted('v1=50 → v1=20.'),
};
const [PASS, FAIL, OPEN] = (['pass', 'fail', 'inconclusive'] as const).map((verdict) => [
  evidence({ verdict }),
]);

const of = (ingresses: Evidence['ingresses'] = [], rest: Partial<Evidence> = {}): string | undefined =>
  decideVerdict({ ingresses, metrics: [], edited: false, doubts: [], interrupted: undefined, ...rest });

describe('the verdict on a check', () => {
  test('is that of the samples', () => {
    expect([of(PASS), of(FAIL), of(OPEN), of([])]).toEqual(['pass', 'fail', 'inconclusive', 'inconclusive']);
  });

  test('is a failure if somebody has edited the weights, even if the shares are within the tolerance', () => {
    expect(of(PASS, { edited: true })).toBe('fail');
  });

  test('is no pass where the samples may be of something else', () => {
    expect(of(PASS, { doubts: [DOUBT] })).toBe('inconclusive');
    expect(of(FAIL, { doubts: [DOUBT] })).toBe('fail');
  });

  test('is open where the release was changed meanwhile, so that nobody rolls back what is sound', () => {
    expect(of(FAIL, { interrupted: INTERRUPTED })).toBe('inconclusive');
    expect(of(PASS, { edited: true, interrupted: INTERRUPTED })).toBe('inconclusive');
  });
});

describe('the verdict on samples and metrics together', () => {
  const NONE = [] as const;
  test.each<
    [
      readonly ('pass' | 'fail' | 'inconclusive' | 'undecided')[],
      readonly ('pass' | 'fail' | 'inconclusive' | 'undecided' | 'not applicable')[],
      'pass' | 'fail' | 'inconclusive' | undefined,
    ]
  >([
    // A pass takes a pass of each that applies.
    [['pass'], ['pass'], 'pass'],
    [['pass', 'pass'], ['pass', 'not applicable'], 'pass'],
    [['pass'], ['not applicable'], 'pass'],
    [NONE, ['pass'], 'pass'],
    [NONE, ['pass', 'not applicable'], 'pass'],
    // One failure fails.
    [['pass'], ['fail'], 'fail'],
    [['undecided'], ['fail', 'undecided'], 'fail'],
    [['fail'], ['undecided'], 'fail'],
    [['fail'], ['inconclusive'], 'fail'],
    [['inconclusive'], ['fail'], 'fail'],
    [['fail'], ['not applicable'], 'fail'],
    [NONE, ['fail', 'pass'], 'fail'],
    // Anything else is open, whatever the others show.
    [['pass'], ['inconclusive'], 'inconclusive'],
    [['pass', 'pass'], ['pass', 'inconclusive'], 'inconclusive'],
    [['inconclusive'], ['pass'], 'inconclusive'],
    [['pass'], ['undecided'], 'inconclusive'],
    [['undecided'], ['pass'], 'inconclusive'],
    [['inconclusive'], ['not applicable'], 'inconclusive'],
    [NONE, ['pass', 'inconclusive'], 'inconclusive'],
    [NONE, ['undecided'], 'inconclusive'],
    // Nothing was there to judge.
    [NONE, ['not applicable'], undefined],
    [NONE, ['not applicable', 'not applicable'], undefined],
  ])('samples [%j] and metrics [%j]: %s', (samples, metrics, verdict) => {
    expect(
      of(
        samples.map((one) => evidence({ verdict: one })),
        { metrics: metrics.map((one) => metricEvidence({ verdict: one })) },
      ),
    ).toBe(verdict);
  });

  test('is a failure if somebody has edited the weights, even if no metric applies', () => {
    expect(of([], { metrics: [metricEvidence({ verdict: 'not applicable' })], edited: true })).toBe('fail');
  });
});
