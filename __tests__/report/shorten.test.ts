import { describe, expect, test } from '@jest/globals';
import { bytesOf, cut, fit, fixed } from '../../src/report/summary/shorten.ts';
import type { Piece } from '../../src/report/summary/shorten.ts';

const piece = (text: string, rank: number): Piece => ({
  text,
  rank,
  name: rank === 1 ? 'state' : 'difference',
});
const PIECES = [fixed('head '), piece('row1 ', 1), piece('diff1 ', 9), piece('row2 ', 1), piece('diff2 ', 9)];
const WHOLE = bytesOf('head row1 diff1 row2 diff2 ');

describe('fit', () => {
  test.each<[number, string, readonly (readonly [string, number])[]]>([
    [WHOLE, 'head row1 diff1 row2 diff2 ', []],
    [WHOLE - 1, 'head row1 diff1 row2 ', [['difference', 1]]],
    [WHOLE - 7, 'head row1 row2 ', [['difference', 2]]],
    [
      14,
      'head row1 ',
      [
        ['difference', 2],
        ['state', 1],
      ],
    ],
    [
      5,
      'head ',
      [
        ['difference', 2],
        ['state', 2],
      ],
    ],
    [
      3,
      'hea',
      [
        ['difference', 2],
        ['state', 2],
      ],
    ],
    [
      0,
      '',
      [
        ['difference', 2],
        ['state', 2],
      ],
    ],
    [
      -5,
      '',
      [
        ['difference', 2],
        ['state', 2],
      ],
    ],
  ])('to %d bytes keeps %j', (limit, text, omitted) => {
    const shortened = fit(PIECES, limit);
    expect([shortened.text, [...shortened.omitted]]).toEqual([text, omitted]);
  });

  test('counts bytes, not characters', () => {
    expect(fit([fixed('é'), piece('é', 1)], 3).text).toBe('é');
  });
});

describe('cut', () => {
  test.each([
    ['first\nsecond\nthird', 14, 'first\nsecond\n'],
    ['first\nsecond', 100, 'first\nsecond'],
    ['first', 3, 'fir'],
    ['€€€', 7, '€€'],
    ['a😀', 4, 'a'],
  ])('%j to %d bytes is %j', (text, limit, short) => {
    expect(cut(text, limit)).toBe(short);
  });
});
