import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import type { JobEnd } from '../../src/cli/exit-codes.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { agreed, change, held } from '../support/record.ts';
import { weights } from '../support/release.ts';

const failed = (rest: Partial<RunRecord>, end: Partial<JobEnd> = {}): number =>
  exitCodeOf({
    failed: true,
    signal: undefined,
    begun: true,
    record: { ...emptyRecord('rollout', 'hello', 'demo'), failure: 'it failed', ...rest },
    ...end,
  });

describe('a job that failed ends with', () => {
  const changes = [change()];
  test.each([
    ['1 if the check failed', 1, { verdict: 'fail' as const, changes }],
    ['2 if it was inconclusive', 2, { verdict: 'inconclusive' as const, changes }],
    [
      '1 if it was inconclusive and left harm',
      1,
      { verdict: 'inconclusive' as const, harms: [quoted('Users get 404.')] },
    ],
    [
      '1 if it was inconclusive and left clusters that differ',
      1,
      { verdict: 'inconclusive' as const, needsRecovery: true },
    ],
    ['1 if a write failed', 1, { changes }],
    ['1 if a later step failed after one that passed', 1, { verdict: 'pass' as const, changes }],
    [
      '1 if clusters disagree',
      1,
      { operation: 'status', held: held({ east: weights({ v1: 100 }), west: weights({ v1: 90, v2: 10 }) }) },
    ],
    ['3 if nothing was written', 3, { held: agreed(weights({ v1: 100 })) }],
  ])('%s', (_what, code, record) => {
    expect(failed(record)).toBe(code);
  });

  test('3 if it did not begin, and 1 if it ended without a result after that', () => {
    expect(failed({}, { record: undefined, begun: false })).toBe(3);
    expect(failed({}, { record: undefined, begun: true })).toBe(1);
  });

  test.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('the code of %s, if it was stopped', (signal, code) => {
    expect(failed({ changes }, { signal })).toBe(code);
  });
});

test('a job that did not fail ends with 0, even if a signal came too late to stop it', () => {
  expect(exitCodeOf({ failed: false, signal: 'SIGINT', begun: true, record: undefined })).toBe(0);
});
