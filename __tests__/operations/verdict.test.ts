import { describe, expect, test } from '@jest/globals';
import { decideVerdict } from '../../src/operations/verdict.ts';
import type { Evidence } from '../../src/operations/verdict.ts';
import { evidence } from '../support/evidence.ts';

const DOUBT = { title: 'Another app may have answered in east', detail: 'Its path comes first.' };
const INTERRUPTED = { title: 'The release was changed while it was sampled', detail: 'v1=50 → v1=20.' };
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
