import { agreedWeights, alignmentOf, clustersDisagree } from '../release/cluster-weights.ts';
import type { ClusterWeights } from '../release/cluster-weights.ts';
import type { Texts } from '../texts/catalogue.ts';
import { failingVersions } from './failing-versions.ts';
import { metricsThat } from './metric-sentences.ts';
import type { Outcome } from './outcome.ts';
import type { RunRecord } from './run-record.ts';

/** What to do after a run, if anything. */
export function nextStepOf(record: RunRecord, outcome: Outcome, texts: Texts): string | undefined {
  const { nextStep } = texts;
  switch (outcome) {
    case 'pass':
    case 'unverified':
      return afterSuccess(record, texts);
    case 'done':
      return record.plan === undefined || record.plan.changes.length === 0 ? undefined : nextStep.reviewPlan;
    case 'fail':
      return afterFail(record, texts);
    case 'failed':
      return record.problems.length > 0 ? nextStep.correctInputs : nextStep.fixCause;
    case 'ambiguous':
      return nextStep.chooseRoutes;
    case 'diverged':
      return alignmentOfClusters(record.held, texts);
    case 'inconclusive':
      if (metricsThat(record.metrics, 'inconclusive').length > 0) return nextStep.readableMetric;
      // If every ingress passed, more samples would not help.
      if (record.evidence.length > 0 && record.evidence.every(({ verdict }) => verdict === 'pass'))
        return afterFail(record, texts);
      return nextStep.moreSamples;
  }
}

/** Whether the next step is to bring the clusters to the same weights. */
export function isAlignmentNext({ held, needsRecovery }: RunRecord, outcome: Outcome): boolean {
  return outcome === 'diverged' || (outcome === 'fail' && clustersDisagree(held) && !needsRecovery);
}

/** How the clusters come to hold the same weights. */
export function alignmentOfClusters(held: readonly ClusterWeights[], { nextStep }: Texts): string {
  const way = alignmentOf(held);
  return way === 'routes' ? nextStep.chooseRoutes : nextStep.align(way);
}

function afterFail(record: RunRecord, texts: Texts): string {
  const { nextStep } = texts;
  if (isAlignmentNext(record, 'fail')) return alignmentOfClusters(record.held, texts);
  if (record.findings.some(({ symptom }) => symptom !== true)) return nextStep.fixLikelyCause;
  const { failing } = failingVersions(record);
  const [metric] = metricsThat(record.metrics, 'fail');
  if (metric !== undefined && failing.length === 0) return nextStep.lookAtUsers(metric.name);
  return failing.length === 0
    ? nextStep.compareClusters
    : nextStep.lookAtLogs({ versions: failing, replaced: record.restored.length > 0 });
}

function afterSuccess(
  { next, complete, held, operation }: RunRecord,
  { nextStep }: Texts,
): string | undefined {
  if (next !== undefined) return nextStep.promote(next);
  const weights = [...(agreedWeights(held) ?? [])];
  if (operation === 'retire') return weights.length === 1 ? nextStep.none : undefined;
  const idle = weights.flatMap(([version, weight]) => (weight === 0 ? [version] : []));
  return complete && idle.length > 0 ? nextStep.retire(idle) : undefined;
}
