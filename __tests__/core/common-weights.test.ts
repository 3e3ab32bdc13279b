import { expect, test } from '@jest/globals';
import { commonWeights } from '../../src/core/common-weights.ts';
import type { WeighedRoute } from '../../src/core/common-weights.ts';
import type { Weights } from '../../src/core/weights.ts';
import { weights } from '../support/release.ts';

const route = (held: Weights | undefined): WeighedRoute => ({
  weights: held,
  isNew: held === undefined,
  holdsExactly: () => false,
});

test('a new route joins the others at their weights', () => {
  const held = weights({ v1: 80, v2: 20 });
  expect(commonWeights([route(undefined), route(held)], undefined)).toEqual({
    weights: held,
    accord: 'joining',
  });
});

test('a new route has no weights to join at where the others send nothing anywhere', () => {
  expect(commonWeights([route(undefined), route(weights({ v1: 0 }))], undefined)).toEqual({
    weights: undefined,
    accord: 'different',
  });
});
