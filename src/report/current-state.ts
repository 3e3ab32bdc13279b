import {
  agreedWeights,
  alignmentOf,
  clustersDisagree,
  holdingsOf,
  isUnknown,
} from '../release/cluster-weights.ts';
import { say } from '../texts/texts.ts';
import { sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import type { Texts } from '../texts/catalogue.ts';
import type { IngressEvidence } from '../verify/evidence.ts';
import { failingVersions } from './failing-versions.ts';
import { disagreementIn } from './holdings.ts';
import { isAlignmentNext } from './next-step.ts';
import type { Outcome } from './outcome.ts';
import type { RunRecord } from './run-record.ts';

/** Which weights users have after a run that did not pass, and what else differs from before the run. */
export function currentStateOf(record: RunRecord, outcome: Outcome, texts: Texts): string | undefined {
  const { held, needsRecovery } = record;
  const remains = record.remains.map((message) => say(message, texts));
  const restored = record.restored.map((message) => say(message, texts));
  const all = (sentences: readonly string[]): string | undefined =>
    sentences.length === 0 ? undefined : texts.formats.sentences(sentences);
  // The error says why all of them are unknown.
  if (held.every(isUnknown)) return all(remains);
  if (clustersDisagree(held) || needsRecovery)
    return all(stateApart(record, [...remains, ...restored], outcome, texts));
  const weights = agreedWeights(held);
  const state =
    weights === undefined
      ? [texts.headline.holdingsSentence(holdingsOf(held, texts))]
      : stateAt(record, weights, texts);
  return all([...state, ...remains, ...restored]);
}

/** The clusters differ, or this run left them to be recovered. The headline of some outcomes has said who holds what. */
function stateApart(
  record: RunRecord,
  others: readonly string[],
  outcome: Outcome,
  texts: Texts,
): readonly string[] {
  const { held, needsRecovery } = record;
  const who = clustersDisagree(held)
    ? disagreementIn(held, texts)
    : texts.headline.holdingsSentence(holdingsOf(held, texts));
  const way = alignmentOf(held);
  const whatNow = needsRecovery
    ? texts.state.willRecover
    : way === 'routes'
      ? texts.nextStep.chooseRoutes
      : texts.state.alignYourself(way);
  return [
    ...(outcome === 'diverged' || outcome === 'fail' ? [] : [who]),
    ...others,
    ...(isAlignmentNext(record, outcome) ? [] : [whatNow]),
  ];
}

function stateAt(record: RunRecord, weights: Weights, { state }: Texts): readonly string[] {
  const { steps, operation, previous, changes, evidence } = record;
  const last = steps.at(-1);
  if (last === undefined)
    return [changes.length === 0 ? state.nothingWritten(weights) : state.weightsUnchanged(weights)];
  if (last.direction === 'back') return [state.restored({ weights, safe: areUsersSafe(record, evidence) })];
  if (operation === 'rollback') return [state.routesHold(weights)];
  const wayBack = previous === undefined || sameWeights(previous, weights) ? [] : [state.wayBack(previous)];
  return [state.routesStillHold(weights), ...wayBack];
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
