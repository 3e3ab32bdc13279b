import { describe, expect, test } from '@jest/globals';
import { apportion, formatWeights, sameWeights, stepWeights } from '../../src/core/weights.ts';
import { random } from '../support/random.ts';
import { weights } from '../support/release.ts';

const sumOf = (parts: ReadonlyMap<string, number>): number => [...parts.values()].reduce((a, b) => a + b, 0);

describe('apportion gives each version its part in proportion to its share', () => {
  test.each<[number, Record<string, number>, Record<string, number>]>([
    [100, { v1: 80, v2: 20 }, { v1: 80, v2: 20 }],
    [100, { v1: 4, v2: 1 }, { v1: 80, v2: 20 }],
    [50, { v1: 80, v2: 20 }, { v1: 40, v2: 10 }],
    [100, { v1: 1, v2: 1, v3: 1 }, { v1: 34, v2: 33, v3: 33 }],
    [100, { v1: 1, v2: 2 }, { v1: 33, v2: 67 }],
    [100, { v1: 29, v2: 57, v3: 14 }, { v1: 29, v2: 57, v3: 14 }],
    [1, { v1: 50, v2: 50 }, { v1: 1, v2: 0 }],
    [0, { v1: 80, v2: 20 }, { v1: 0, v2: 0 }],
    [100, { v1: 0, v2: 0 }, { v1: 0, v2: 0 }],
    [100, { v1: 0, v2: 3 }, { v1: 0, v2: 100 }],
    [100, {}, {}],
  ])('%d over %j is %j', (total, shares, parts) => {
    expect(apportion(total, weights(shares))).toEqual(weights(parts));
  });

  test('in the order of the versions given', () => {
    expect([
      ...apportion(
        100,
        weights([
          ['10', 1],
          ['9', 2],
          ['constructor', 1],
        ]),
      ).keys(),
    ]).toEqual(['10', '9', 'constructor']);
  });
});

describe('whatever the shares, the parts', () => {
  const draw = random(7);
  const cases = Array.from({ length: 300 }, () => {
    const versions = 1 + Math.floor(draw() * 6);
    const shares = weights(
      Array.from({ length: versions }, (_, i) => [`v${String(i)}`, 1 + Math.floor(draw() * 100)] as const),
    );
    const total = Math.floor(draw() * 101);
    return { shares, total, parts: apportion(total, shares) };
  });

  test('sum to the total exactly', () => {
    expect(cases.filter(({ total, parts }) => sumOf(parts) !== total)).toEqual([]);
  });

  test('are whole', () => {
    expect(cases.filter(({ parts }) => ![...parts.values()].every(Number.isInteger))).toEqual([]);
  });

  test('are less than one point from the exact share', () => {
    const far = cases.filter(({ shares, total, parts }) =>
      [...parts].some(
        ([version, part]) => Math.abs(part - (total * (shares.get(version) ?? 0)) / sumOf(shares)) >= 1,
      ),
    );
    expect(far).toEqual([]);
  });
});

describe('a step gives the version its weight, and the others the rest in proportion to what they have', () => {
  test.each<[number, string, Record<string, number>, Record<string, number>]>([
    [20, 'v2', { v1: 100, v2: 0 }, { v1: 80, v2: 20 }],
    [50, 'v2', { v1: 80, v2: 20 }, { v1: 50, v2: 50 }],
    [100, 'v2', { v1: 50, v2: 50 }, { v1: 0, v2: 100 }],
    [20, 'v2', { v1: 100 }, { v1: 80, v2: 20 }],
    [10, 'v3', { v1: 60, v2: 40, v3: 0 }, { v1: 54, v2: 36, v3: 10 }],
    [25, 'v3', { v1: 50, v2: 50 }, { v1: 38, v2: 37, v3: 25 }],
    [20, 'v2', { v1: 0, v0: 0, v2: 100 }, { v1: 80, v0: 0, v2: 20 }],
  ])('%d for %s where %j is in force: %j', (step, version, current, after) => {
    expect(stepWeights(step, version, weights(current))).toEqual(weights(after));
  });

  test('the versions keep their order, a new one comes last', () => {
    expect([
      ...stepWeights(
        10,
        'v3',
        weights([
          ['v2', 40],
          ['v1', 60],
        ]),
      ).keys(),
    ]).toEqual(['v2', 'v1', 'v3']);
  });

  test('a version alone at 100 stays alone', () => {
    expect(stepWeights(100, 'v1', weights({ v1: 100 }))).toEqual(weights({ v1: 100 }));
  });
});

describe('two sets of weights are the same', () => {
  test.each<[Record<string, number>, Record<string, number>, boolean]>([
    [{ v1: 80, v2: 20 }, { v1: 80, v2: 20 }, true],
    [{ v1: 80, v2: 20 }, { v2: 20, v1: 80 }, true],
    [{ v1: 100 }, { v1: 100, v2: 0 }, true],
    [{ v1: 100, v2: 0 }, { v1: 100 }, true],
    [{ v1: 80, v2: 20 }, { v1: 20, v2: 80 }, false],
    [{ v1: 100 }, { v2: 100 }, false],
    [{}, {}, true],
  ])('%j and %j: %j', (a, b, same) => {
    expect(sameWeights(weights(a), weights(b))).toBe(same);
  });
});

test('weights are written in the form that the input takes, in their order', () => {
  expect(
    formatWeights(
      weights([
        ['v2', 20],
        ['v1', 80],
      ]),
    ),
  ).toBe('v2=20,v1=80');
});
