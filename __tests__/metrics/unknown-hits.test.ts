import { expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import { alternativesOf, unknownIn } from '../../src/metrics/unknown-hits.ts';

const LABELS = new Map([
  ['requests_total', new Set(['__name__', 'code', 'version'])],
  ['errors_total', new Set<string>()],
]);
function unknown(query: string): string | undefined {
  const message = unknownIn('Prometheus', query, LABELS);
  return message && inEnglish(message);
}

test.each([
  ['requests_total{code="500"}'],
  ['requests_total{code="500"} or errors_total'],
  ['requests_total{cod="500"} or requests_total{code=~"5.."}'],
  // The server did not say.
  ['other_total{code="500"}'],
  ['label_replace(requests_total{code="500"}, "a", "b", "", "")'],
])('%s may only have found nothing yet', (query) => {
  expect(unknown(query)).toBeUndefined();
});

test.each([
  ['errors_total', 'Prometheus knows no metric errors_total'],
  ['requests_total{cod="500"}', 'at Prometheus, no series of requests_total has the label cod'],
  [
    '(requests_total{cod!="200"} or errors_total)',
    'at Prometheus, no series of requests_total has the label cod',
  ],
  ['requests_total - errors_total', 'Prometheus knows no metric errors_total'],
])('%s never finds anything', (query, reason) => {
  expect(unknown(query)).toBe(reason);
});

test('alternatives are joined by or', () => {
  expect(alternativesOf('a_total{b="1"} or (c_total - ignoring(le) d_total{e=~"f", g!="h"})')).toEqual([
    [{ name: 'a_total', labels: ['b'] }],
    [
      { name: 'c_total', labels: [] },
      { name: 'd_total', labels: ['e', 'g'] },
    ],
  ]);
});
