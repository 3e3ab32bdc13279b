import { expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import { queryNotes } from '../../src/metrics/query-notes.ts';

const ALL_VERSIONS = expect.stringMatching(/^The query does not name v2, so it is about all versions/);
const NO_DATA = expect.stringMatching(/^The query has a number where there is no data/);

test.each([
  ['sum(rate(errors_total{version="v2"}[5m]))', []],
  ['sum(rate(errors_total{workload="shop-v2"}[5m]))', []],
  ['sum(rate(errors_total{service="shop"}[5m]))', [ALL_VERSIONS]],
  ['sum(rate(errors_total{version="v2"}[5m])) or vector(0)', [NO_DATA]],
  [
    '(sum(rate(errors_total[5m])) or on() vector(0)) / sum(rate(requests_total[5m]))',
    [ALL_VERSIONS, NO_DATA],
  ],
  // No rate of requests.
  ['max(queue_length)', []],
  ['max(queue_length) - vector(0)', []],
  [undefined, []],
])('of %s', (query, notes) => {
  expect(queryNotes({ query }, 'v2').map(inEnglish)).toEqual(notes);
});

test('no version is missed where none is being released', () => {
  expect(queryNotes({ query: 'rate(errors_total[5m])' }, undefined)).toEqual([]);
});
