import { describe } from '@jest/globals';
import { number, wholeNumber } from '../../../src/github/parsers/numbers.ts';
import '../../support/one-realm.ts';
import { refuses, accepts } from '../../support/parsers.ts';

describe('a whole number', () => {
  const schema = wholeNumber(0, 100);
  accepts(schema, [
    ['0', 0],
    ['100', 100],
    [' 7 ', 7],
    ['007', 7],
  ]);
  refuses(schema, ['', '-1', '101', '1.5', '1e1', '0x1', 'ten', '+5', '１', '99999999999999999999']);
});

describe('a number', () => {
  const schema = number(0.1, 50, 'points');
  accepts(schema, [
    ['5', 5],
    ['0.1', 0.1],
    ['2.5', 2.5],
    ['50', 50],
  ]);
  refuses(schema, ['', '0', '50.1', 'NaN', 'Infinity', '5 %', '-5', '5,5']);
});
