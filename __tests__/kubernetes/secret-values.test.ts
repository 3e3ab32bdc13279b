import { expect, test } from '@jest/globals';
import { secretValuesOf } from '../../src/kubernetes/secret-values.ts';

const named = { apiVersion: 'v1', metadata: { name: 'login' } };

test('the values of a Secret are known in both forms', () => {
  const secret = {
    ...named,
    kind: 'Secret',
    data: { password: btoa('of the data'), number: 1 },
    stringData: { password: 'as a text' },
  };
  expect(secretValuesOf(secret)).toEqual(['as a text', btoa('of the data'), 'of the data']);
});

test('no other object has secret values', () => {
  expect(secretValuesOf({ ...named, kind: 'ConfigMap', data: { a: 'b' } })).toEqual([]);
  expect(secretValuesOf({ ...named, kind: 'Secret' })).toEqual([]);
  expect(secretValuesOf({ ...named, kind: 'Secret', data: 'no map' })).toEqual([]);
});
