import { shareOf } from '../verify/evidence.ts';
import { agreedWeights, clustersAgree } from '../release/cluster-weights.ts';
import { inEnglish } from '../texts/texts.ts';
import type { MetricEvidence } from '../metrics/metric-evidence.ts';
import { formatWeights } from '../core/weights.ts';
import type { RunRecord } from '../report/run-record.ts';
import type { PlannedRollout } from '../report/run-events.ts';
import { runner } from './runner.ts';
import { inputLabel } from '../core/wording.ts';

/** The outputs of a run, by name. Every output is set; those without a value are empty. */
export function outputsOf(record: RunRecord): Readonly<Record<string, string>> {
  const observed = record.evidence.map((one) => [
    one.cluster,
    Object.fromEntries(
      [...one.weights.keys()].map((version) => [version, Number(shareOf(one, version).toFixed(4))]),
    ),
  ]);
  const weights = agreedWeights(record.held);
  return {
    verdict: record.verdict ?? '',
    weights: weights === undefined ? '' : formatWeights(weights),
    agree: String(clustersAgree(record.held) ?? ''),
    observed: JSON.stringify(Object.fromEntries(observed)),
    metrics: JSON.stringify(record.metrics.map(metricOutput)),
    samples: String(record.evidence.reduce((sum, { samples }) => sum + samples, 0)),
    'ingress-urls': JSON.stringify(Object.fromEntries(record.ingresses)),
    url: record.url ?? '',
    changed: String(record.changes.length),
    'previous-weights': record.previous === undefined ? '' : formatWeights(record.previous),
    'next-weights': record.next === undefined ? '' : formatWeights(record.next),
    complete: String(record.complete),
    plan: record.plan === undefined ? '' : planOf(record.plan),
    report: record.report ?? '',
  };
}

/** Without the points of the chart, which the report has. */
function metricOutput({ name, cluster, kind, verdict, reason, versions, points }: MetricEvidence): unknown {
  const value = kind === 'limit' ? points.at(-1)?.value : undefined;
  const counts = versions.map(({ version, requests, hits }) => [version, { requests, hits }] as const);
  return {
    name,
    cluster,
    verdict,
    reason: inEnglish(reason),
    value,
    ...(counts.length === 0 ? {} : { versions: Object.fromEntries(counts) }),
  };
}

function planOf({ changes }: PlannedRollout): string {
  return JSON.stringify(
    changes.map(({ cluster, object, verb, reason }) => ({
      cluster,
      object,
      verb,
      reason: inEnglish(reason),
    })),
  );
}

/** GitHub accepts 1 MiB for all outputs of a job (https://docs.github.com/en/actions/reference/limits); JSON cannot be cut. */
const LONGEST_OUTPUT = 256 * 1024;

export function setOutputs(record: RunRecord): void {
  for (const [name, value] of Object.entries(outputsOf(record))) {
    const fits = value.length <= LONGEST_OUTPUT;
    if (!fits)
      runner.warn(
        `The output ${name} has ${value.length.toLocaleString('en')} characters, more than GitHub accepts, so it is left empty. The report (${inputLabel('report')}) has its contents.`,
      );
    runner.setOutput(name, fits ? value : '');
  }
}
