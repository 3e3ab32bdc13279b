import { expect, test } from '@jest/globals';
import type { MetricEvidence, MetricVerdict } from '../../src/metrics/metric-evidence.ts';
import { metricsView } from '../../src/report/metric-order.ts';
import { quoted } from '../../src/texts/message.ts';
import { textsIn } from '../../src/texts/texts.ts';

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

test('the metrics to act on are shown, failed ones first; the others are named by verdict, in their own order', () => {
  const given = [
    metric('a', 'pass'),
    metric('b', 'undecided'),
    metric('c', 'not applicable'),
    metric('d', 'inconclusive'),
    metric('e', 'fail'),
    metric('f', 'pass'),
  ];
  const { shown, folded } = metricsView(given, textsIn('en'));
  expect(shown.map(({ name }) => name)).toEqual(['e', 'd']);
  expect(folded.map(({ line }) => line)).toEqual([
    '1 metric undecided: b',
    '2 metrics passed: a, f',
    '1 metric not applicable: c',
  ]);
});
