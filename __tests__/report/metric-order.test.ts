import { expect, test } from '@jest/globals';
import type { MetricEvidence, MetricVerdict } from '../../src/metrics/metric-evidence.ts';
import { metricsByUrgency } from '../../src/report/metric-order.ts';
import { quoted } from '../../src/texts/message.ts';

function metric(name: string, verdict: MetricVerdict): MetricEvidence {
  return {
    name,
    verdict,
    kind: 'counts',
    of: 'errors',
    cluster: undefined,
    addresses: [],
    reason: quoted('x'),
    versions: [],
    logEvidence: 0,
    threshold: undefined,
    points: [],
    polls: 1,
    missed: 0,
    notes: [],
    seconds: 1,
  };
}

test('a metric that fails comes first, and metrics of one verdict keep their order', () => {
  const given = [
    metric('a', 'pass'),
    metric('b', 'undecided'),
    metric('c', 'not applicable'),
    metric('d', 'fail'),
    metric('e', 'inconclusive'),
    metric('f', 'pass'),
  ];
  expect(metricsByUrgency(given).map(({ name }) => name)).toEqual(['d', 'e', 'b', 'a', 'f', 'c']);
});
