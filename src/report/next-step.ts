import { agreedWeights } from '../release/cluster-weights.ts';
import { formatWeights } from '../core/weights.ts';
import { failingVersions } from './failing-versions.ts';
import { metricsThat } from './metric-sentences.ts';
import type { Outcome } from './outcome.ts';
import type { RunRecord } from './run-record.ts';

/** What to do after a run, if anything. */
export function nextStepOf(record: RunRecord, outcome: Outcome): string | undefined {
  switch (outcome) {
    case 'pass':
    case 'unverified':
      return afterSuccess(record);
    case 'done':
      return record.plan === undefined || record.plan.changes.length === 0
        ? undefined
        : 'Review the changes below, then apply them with the operation rollout and the same inputs.';
    case 'fail':
      return afterFail(record);
    case 'failed':
      return 'Fix the cause, then re-run this step.';
    case 'ambiguous':
      return 'Set the input routes to the routes that the release should split.';
    case 'diverged':
      return 'Bring all clusters to the same weights: run the operation rollback with the input weights.';
    case 'inconclusive':
      if (metricsThat(record.metrics, 'inconclusive').length > 0)
        return 'Make the metric readable, or give it more time and traffic (input bake), then re-run this step.';
      // If every ingress passed, more samples would not help.
      if (record.evidence.length > 0 && record.evidence.every(({ verdict }) => verdict === 'pass'))
        return afterFail(record);
      return 'Re-run with more time or samples (inputs verify-timeout, max-samples), or with a wider tolerance (input tolerance).';
  }
}

function afterFail(record: RunRecord): string {
  if (record.findings.some(({ symptom }) => symptom !== true))
    return 'Fix the likely cause, then re-run this step.';
  const { failing } = failingVersions(record);
  const [metric] = metricsThat(record.metrics, 'fail');
  if (metric !== undefined && failing.length === 0)
    return `Look at what users of the new version get (metric ${metric.name}): its logs and traces in the time of the check.`;
  return failing.length === 0
    ? 'No known cause was found: compare the clusters (operation status), and inspect the versions themselves.'
    : `The routes and rules do not explain it: check the logs of ${failing.join(' and ')}.`;
}

function afterSuccess({ next, complete, held, operation }: RunRecord): string | undefined {
  if (next !== undefined) return `Continue with the next step, ${formatWeights(next)} (operation promote).`;
  const idle = [...(agreedWeights(held) ?? [])].flatMap(([version, weight]) =>
    weight === 0 ? [version] : [],
  );
  return complete && idle.length > 0 && operation !== 'retire'
    ? `The release is complete. Once nobody needs ${idle.join(', ')}, retire it (operation retire, version ${idle[0] ?? ''}).`
    : undefined;
}
