import {
  agreedWeights,
  clustersDisagree,
  describeDisagreement,
  describeClusterWeights,
} from '../release/cluster-weights.ts';
import { formatWeights, sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import type { IngressEvidence } from '../verify/evidence.ts';
import { failingVersions } from './failing-versions.ts';
import type { Outcome } from './outcome.ts';
import type { RunRecord } from './run-record.ts';
import { inWords } from './sentences.ts';

/** Which weights users have after a run that did not pass, and what else differs from before the run. */
export function currentStateOf(record: RunRecord, outcome: Outcome): string | undefined {
  const { held, remains, restored, needsRecovery } = record;
  if (held.length === 0) return remains.length === 0 ? undefined : remains.join(' ');
  if (clustersDisagree(held) || needsRecovery) return stateApart(record, outcome);
  const weights = agreedWeights(held);
  const state = weights === undefined ? [`${describeClusterWeights(held)}.`] : stateAt(record, weights);
  return [...state, ...remains, ...restored].join(' ');
}

/** The clusters differ, or this run left them to be recovered. The headline of some outcomes has said who holds what. */
function stateApart({ held, remains, restored, needsRecovery }: RunRecord, outcome: Outcome): string {
  const who = clustersDisagree(held) ? describeDisagreement(held) : `${describeClusterWeights(held)}.`;
  const whatNow = needsRecovery
    ? 'The post step of this job, or else the next run, will bring them to the same weights.'
    : 'This needs your action: bring all clusters to the same weights (operation rollback with the input weights).';
  return [
    ...(outcome === 'diverged' || outcome === 'fail' ? [] : [who]),
    ...remains,
    ...restored,
    ...(outcome === 'diverged' ? [] : [whatNow]),
  ].join(' ');
}

function stateAt(record: RunRecord, weights: Weights): readonly string[] {
  const { steps, operation, previous, changes, evidence } = record;
  const current = inWords(weights);
  const last = steps.at(-1);
  if (last === undefined)
    return changes.length === 0
      ? [`Nothing was written; the routes hold ${current}.`]
      : [`The weights are unchanged (${current}); other writes are listed below.`];
  if (last.direction === 'back') {
    const restored = `The previous weights are restored (${current})`;
    return [areUsersSafe(record, evidence) ? `${restored}, so nothing is urgent.` : `${restored}.`];
  }
  if (operation === 'rollback') return [`The routes hold ${current}.`];
  const wayBack =
    previous === undefined || sameWeights(previous, weights)
      ? []
      : [`The operation rollback restores ${formatWeights(previous)}.`];
  return [`The routes still hold ${current}.`, ...wayBack];
}

/**
 * Whether users are known to be safe on the restored weights: nothing is left that may affect them, everything that leads to the
 * service was looked at, and no version that has users again failed in the check. If that was a check of the restored weights, as
 * it may be after a recovery, they are what did not pass.
 */
function areUsersSafe(record: RunRecord, evidence: readonly IngressEvidence[]): boolean {
  const { harms, remains, restored, unseen, steps } = record;
  const weights = steps.at(-1)?.weights ?? new Map<string, number>();
  const { failing, unattributed, versions } = failingVersions({ ...record, evidence });
  return (
    [...harms, ...remains, ...restored, ...unseen].length === 0 &&
    unattributed === 0 &&
    versions.some(({ samples }) => samples > 0) &&
    !evidence.some((one) => sameWeights(one.weights, weights)) &&
    !failing.some((version) => (weights.get(version) ?? 0) > 0)
  );
}
