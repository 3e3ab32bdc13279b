import { describe, expect, test } from '@jest/globals';
import { readCondition } from '../../../src/github/metrics/condition-grammar.ts';
import type { ReadCondition } from '../../../src/github/metrics/condition-grammar.ts';

const is = (operator: '<' | '<=' | '>' | '>=' | '==' | '!=', limit: number) =>
  ({ kind: 'compare', operator, limit }) as const;

describe('a condition', () => {
  test.each<[string, ReadCondition]>([
    ['result[0] >= 0.95', { ofValue: is('>=', 0.95), ofNoData: false }],
    ['result < 5', { ofValue: is('<', 5), ofNoData: false }],
    ['0.95 <= asFloat(result[0])', { ofValue: is('>=', 0.95), ofNoData: false }],
    ['result[0] > -1.5e-3', { ofValue: is('>', -0.0015), ofNoData: false }],
    ['isNaN(result[0]) || result[0] < 5', { ofValue: is('<', 5), ofNoData: true }],
    ['len(result) == 0 || result[0] < 5', { ofValue: is('<', 5), ofNoData: true }],
    ['len(result) > 0 && result[0] < 5', { ofValue: is('<', 5), ofNoData: false }],
    ['!isNaN(result) and not (result < 5)', { ofValue: { kind: 'not', of: is('<', 5) }, ofNoData: false }],
    ['default(result, 0) < 5', { ofValue: is('<', 5), ofNoData: true }],
    ['default(result[0], 100) <= 5', { ofValue: is('<=', 5), ofNoData: false }],
    [
      '(result[0] >= 1 && result[0] <= 2) || result[0] == 7',
      {
        ofValue: { kind: 'any', of: [{ kind: 'all', of: [is('>=', 1), is('<=', 2)] }, is('==', 7)] },
        ofNoData: false,
      },
    ],
    ['isNaN(result)', { ofValue: false, ofNoData: true }],
  ])('%s is read', (text, read) => {
    expect(readCondition(text)).toEqual(read);
  });

  test.each<[string, string]>([
    ['', 'its end is not known'],
    ['result[1] < 5', 'result[1] is another series; a query must find one'],
    ['result.status == 200', '.status == 200 is a field of the result'],
    ['all(result, # < 5)', '"# < 5)" is not known'],
    ['result < 5 ? true : false', '"? true : false" is not known'],
    ['result * 100 > 5', '"* 100 > 5" is not known'],
    ['result < other', '"other" is not known'],
    ['1 < 2', 'must be one of the result with a number'],
    ['result < result', 'must be one of the result with a number'],
    ['result < 5 result > 3', '"result" is not expected there'],
    ['(result < 5', 'its end is there instead of )'],
    ['filter(result) < 5', '"filter" is not known'],
    ['!'.repeat(500) + 'result < 5', 'nested too deeply'],
    ['asInt('.repeat(100), 'nested too deeply'],
    ['(('.repeat(600), 'longer than 1000 characters'],
  ])('%s is refused', (text, message) => {
    expect(() => readCondition(text)).toThrow(message);
  });
});
