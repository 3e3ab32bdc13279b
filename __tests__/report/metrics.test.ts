import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import { inEnglish, textsIn } from '../../src/texts/texts.ts';
import { headlineOf } from '../../src/report/headline.ts';
import { reportOf } from '../../src/report/json.ts';
import { evidenceDrawingOf } from '../../src/report/page/evidence-chart.ts';
import type { EvidenceDrawing } from '../../src/report/page/evidence-chart.ts';
import { pageOf } from '../../src/report/page/page.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { REPORT } from '../../src/report/schema.ts';
import { summaryOf } from '../../src/report/summary/summary.ts';
import type { MetricEvidence } from '../../src/metrics/metric-evidence.ts';
import { evidence } from '../support/evidence.ts';
import { metricEvidence } from '../support/metrics.ts';
import { weights } from '../support/release.ts';

const FAILED = metricEvidence({
  verdict: 'fail',
  reason: quoted(
    'v2 fails more often than v1 for real users: 312 of 3,104 requests to v2 failed, against 48 of 12,420 requests to v1 (chance of seeing this if they were alike: below 1 in 10^9)',
  ),
});
const UNREAD = metricEvidence({
  verdict: 'inconclusive',
  reason: quoted('the last reading failed: http://prometheus.example does not answer'),
});

function record(metrics: readonly MetricEvidence[], given: Partial<RunRecord> = {}): RunRecord {
  const seen = [evidence()];
  const verdict = given.verdict ?? 'pass';
  return {
    ...emptyRecord('rollout', 'hello', 'demo', { begin: '2026-11-27T08:00:00.000Z' }),
    verdict,
    evidence: seen,
    metrics,
    checks: [
      {
        kind: 'bake',
        weights: weights({ v1: 80, v2: 20 }),
        verdict,
        evidence: seen,
        metrics,
        from: 1,
        to: 2,
      },
    ],
    ...given,
  };
}

describe('the headline', () => {
  test('names the versions and counts that decided a failure', () => {
    const { title, sentence } = headlineOf(record([FAILED], { verdict: 'fail' }));
    expect(title).toBe('metric check failed (errors)');
    expect(sentence).toBe(`${inEnglish(FAILED.reason)}.`);
  });

  test('says what could not be read, and that nothing was written then', () => {
    const { title, sentence } = headlineOf(
      record([UNREAD], { verdict: 'inconclusive', evidence: [], checks: [] }),
    );
    expect(title).toBe('metrics inconclusive');
    expect(sentence).toBe(
      'The check was inconclusive, so the job fails: metric errors: the last reading failed: http://prometheus.example does not answer. Nothing was written, since nothing would judge it.',
    );
  });

  test('counts the metrics that passed beside the samples', () => {
    expect(headlineOf(record([metricEvidence()])).sentence).toMatch(/1 metric passed during the watch\.$/);
  });

  test('claims no split where only metrics were judged', () => {
    const { title, sentence } = headlineOf(record([metricEvidence(), metricEvidence()], { evidence: [] }));
    expect(title).toBe('metrics passed');
    expect(sentence).toBe(
      'No ingress was sampled, so metrics alone decided: they show nothing against v1 80%, v2 20% (errors).',
    );
  });
});

test('a failure says that metrics alone decided where no ingress was sampled', () => {
  const { sentence } = headlineOf(record([FAILED], { verdict: 'fail', evidence: [] }));
  expect(sentence).toMatch(/No ingress was sampled, so metrics alone decided\.$/);
});

describe('summary, page and JSON', () => {
  test('show counts, rates and reason of each metric', async () => {
    const failed = record([FAILED], { verdict: 'fail' });
    expect(summaryOf(failed)).toContain('| ❌ errors | v1 | 4,800 | 12 | 0.3% |');
    const page = await pageOf(failed, () => Promise.resolve());
    expect(page).toContain('Metrics of users’ requests');
    expect(page).toContain('<title id="metric-0-title">Metric errors over time</title>');
    expect(REPORT.parse(JSON.parse(JSON.stringify(reportOf(failed)))).metrics).toMatchObject([
      { name: 'errors', verdict: 'fail', versions: [{ hits: 12 }, { hits: 3 }] },
    ]);
  });
});

test('the summary has the notes on a metric as sentences of their own', () => {
  const notes = [{ kind: 'mayBeSamples', samples: 80 }] as const;
  const shown = summaryOf(record([metricEvidence({ verdict: 'fail', notes })]));
  expect(shown).toMatch(/\*\*fail\*\*, .*\. Up to 80 of these requests may be samples of this check\.\n/);
});

test('the summary folds metrics that passed', () => {
  const shown = summaryOf(record([metricEvidence(), metricEvidence({ name: 'latency' })]));
  expect(shown).toMatch(
    /### Metrics of users’ requests\n\n<details><summary>✅ 2 metrics passed: errors, latency<\/summary>\n\n\| Metric /,
  );
});

test('the page unfolds the metrics to act on, and names the others', async () => {
  const seen = [FAILED, metricEvidence({ name: 'latency', cluster: 'east' }), UNREAD];
  const page = await pageOf(record(seen, { verdict: 'fail' }), () => Promise.resolve());
  const [, unfolded = '', folded = ''] =
    /Metrics of users’ requests(.*?)<details>(.*?)<\/details>/s.exec(page) ?? [];
  const headings = (part: string): readonly string[] =>
    [...part.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, heading = '']) => heading);
  expect(headings(unfolded)).toEqual(['metric errors: ✗ fail', 'metric errors: ? inconclusive']);
  expect(folded).toContain('✓ 1 metric passed: latency in east');
  expect(headings(folded)).toEqual(['metric latency in east: ✓ pass']);
});

describe('the chart of the evidence', () => {
  const drawingOf = (given: Partial<MetricEvidence>): EvidenceDrawing | undefined =>
    evidenceDrawingOf(metricEvidence(given), textsIn('en').formats);

  test('has the time from left to right, and the failure above what passed', () => {
    const drawing = drawingOf({ points: [0, 15, 30].map((at) => ({ at, value: at / 3 })) });
    expect(drawing?.path).toMatch(/^M56\.0 .*L340\.0 /);
    expect(drawing?.threshold).toBeLessThan(drawing?.end.y ?? 0);
  });

  test('is left out before there is a line to draw', () => {
    expect(drawingOf({ points: [{ at: 0, value: 0 }] })).toBeUndefined();
  });

  test('shows a proof at its edge', () => {
    const points = [0, 15].map((at) => ({ at, value: at === 0 ? 0 : Infinity }));
    expect(drawingOf({ points })?.path).not.toMatch(/NaN|Infinity/);
  });
});
