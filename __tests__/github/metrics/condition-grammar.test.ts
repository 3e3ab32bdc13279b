import { describe, expect, test } from '@jest/globals';
import { readCondition } from '../../../src/github/metrics/condition-grammar.ts';
import type { ReadCondition } from '../../../src/github/metrics/condition-grammar.ts';

const is = (operator: '<' | '<=' | '>' | '>=' | '==' | '!=', limit: number) =>
  ({ kind: 'compare', operator, limit }) as const;

const without = (
  none: boolean | undefined,
  nan: boolean | undefined,
  infinity: boolean | undefined,
): ReadCondition['without'] => ({ 'no series': none, NaN: nan, infinity });
const NOTHING_SAID = without(undefined, undefined, undefined);

describe('a condition', () => {
  test.each<[string, ReadCondition]>([
    ['result[0] >= 0.95', { ofValue: is('>=', 0.95), without: NOTHING_SAID }],
    ['result < 5', { ofValue: is('<', 5), without: NOTHING_SAID }],
    ['0.95 <= asFloat(result[0])', { ofValue: is('>=', 0.95), without: NOTHING_SAID }],
    ['result[0] > -1.5e-3', { ofValue: is('>', -0.0015), without: NOTHING_SAID }],
    [
      'isNaN(result[0]) || result[0] < 5',
      { ofValue: is('<', 5), without: without(undefined, true, undefined) },
    ],
    [
      'isInf(result[0]) || result[0] < 5',
      { ofValue: is('<', 5), without: without(undefined, undefined, true) },
    ],
    [
      'len(result) == 0 || result[0] < 5',
      { ofValue: is('<', 5), without: without(true, undefined, undefined) },
    ],
    [
      'len(result) > 0 && result[0] < 5',
      { ofValue: is('<', 5), without: without(false, undefined, undefined) },
    ],
    [
      '!isNaN(result) and not (result < 5)',
      { ofValue: { kind: 'not', of: is('<', 5) }, without: without(undefined, false, undefined) },
    ],
    ['!(result[0] > 5)', { ofValue: { kind: 'not', of: is('>', 5) }, without: NOTHING_SAID }],
    ['result[0] != 5', { ofValue: is('!=', 5), without: NOTHING_SAID }],
    ['default(result, 0) < 5', { ofValue: is('<', 5), without: without(true, undefined, undefined) }],
    ['default(result[0], 100) <= 5', { ofValue: is('<=', 5), without: without(false, undefined, undefined) }],
    [
      '(result[0] >= 1 && result[0] <= 2) || result[0] == 7',
      {
        ofValue: { kind: 'any', of: [{ kind: 'all', of: [is('>=', 1), is('<=', 2)] }, is('==', 7)] },
        without: NOTHING_SAID,
      },
    ],
    ['isNaN(result)', { ofValue: false, without: without(undefined, true, false) }],
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
    ['asFloat('.repeat(100), 'nested too deeply'],
    ['asInt(result[0]) <= 5', 'asInt cuts off decimals, which is not supported; use asFloat'],
    ['(('.repeat(600), 'longer than 1000 characters'],
  ])('%s is refused', (text, message) => {
    expect(() => readCondition(text)).toThrow(message);
  });
});
