import { expect, test } from '@jest/globals';
import { selectorPicks } from '../../src/gateway-api/label-selector.ts';

const LABELS = { team: 'shop', stage: 'prod' };
const expression = (key: string, operator: string, ...values: readonly string[]) => ({
  matchExpressions: [{ key, operator, ...(values.length === 0 ? {} : { values }) }],
});

test.each([
  ['nothing asked', {}, true],
  ['a label', { matchLabels: { team: 'shop' } }, true],
  ['a label of another value', { matchLabels: { team: 'pay' } }, false],
  ['two labels, one of another value', { matchLabels: { team: 'shop', stage: 'test' } }, false],
  ['one of some values', expression('team', 'In', 'pay', 'shop'), true],
  ['none of some values', expression('team', 'In', 'pay'), false],
  ['a value of a missing label', expression('zone', 'In', 'a'), false],
  ['not one of some values', expression('team', 'NotIn', 'pay'), true],
  ['not a value that it has', expression('team', 'NotIn', 'shop'), false],
  ['not a value of a missing label', expression('zone', 'NotIn', 'a'), true],
  ['a label that exists', expression('team', 'Exists'), true],
  ['a label that does not', expression('zone', 'Exists'), false],
  ['no such label, rightly', expression('zone', 'DoesNotExist'), true],
  ['no such label, wrongly', expression('team', 'DoesNotExist'), false],
  ['an operator that does not exist', expression('team', 'Like', 'shop'), false],
  [
    'a label, and an expression that fails',
    { matchLabels: { team: 'shop' }, ...expression('stage', 'In', 'test') },
    false,
  ],
])('a selector that asks for %s', (_, selector, picks) => {
  expect(selectorPicks(selector, LABELS)).toBe(picks);
});
