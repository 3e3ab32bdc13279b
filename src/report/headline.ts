import {
  agreedWeights,
  contradict,
  describeDifference,
  isOpenChoice,
  titleOfDifference,
  whoHolds,
} from '../release/agreement.ts';
import { formatWeights, sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { failingVersions } from './failing-versions.ts';
import type { RunRecord } from './run-record.ts';
import { areSafe, claimOf, failureOf, inWords, samplesOf, through } from './sentences.ts';
import { count } from './format.ts';

/**
 * How a run ended. `done`: it samples nothing, and did its work. `unverified`: it changed or looked at the weights, and there was
 * no ingress to sample. `open`: it did its work, and the inputs leave open which routes are meant. `differ`: the clusters hold
 * different weights. `failed`: it ended with an error.
 */
export type Outcome = 'pass' | 'fail' | 'inconclusive' | 'done' | 'unverified' | 'open' | 'differ' | 'failed';

/** What one sees first. */
export interface Headline {
  readonly outcome: Outcome;
  /** A few words. */
  readonly title: string;
  /** The outcome in a sentence or two; what hurts users comes first. */
  readonly sentence: string;
  /** Which weights users have now, after a run that did not pass: the first thing to know is whether they are safe. */
  readonly standing: string | undefined;
  /** What to do next. */
  readonly next: string | undefined;
}

/** What a run came to, in words: summary, page, comment, commit status, log and JSON all say this and nothing else. */
export function headlineOf(record: RunRecord): Headline {
  const outcome = outcomeOf(record);
  const isGood = ['pass', 'done', 'unverified', 'open'].includes(outcome);
  return {
    outcome,
    title: titleOf(record, outcome),
    sentence: [...record.harms, sentenceOf(record, outcome)].join(' '),
    standing: isGood ? undefined : standingOf(record, outcome),
    next: nextOf(record, outcome),
  };
}

/** Operations that sample the ingresses; without a verdict none of them was sampled. */
const SAMPLING: readonly string[] = ['rollout', 'promote', 'rollback', 'retire', 'verify'];

/** A run that failed has not passed, whatever the check of an earlier step said; nothing is good where clusters differ. */
function outcomeOf(record: RunRecord): Outcome {
  const { operation, verdict, failure, plan, held } = record;
  const differs = contradict(held);
  if (failure !== undefined) {
    if (verdict !== undefined && verdict !== 'pass') return verdict;
    return differs && (operation === 'status' || plan !== undefined) ? 'differ' : 'failed';
  }
  if (verdict !== undefined && verdict !== 'pass') return verdict;
  if (operation === 'status' && isOpenChoice(held)) return 'open';
  if (differs) return 'differ';
  return verdict ?? (SAMPLING.includes(operation) ? 'unverified' : 'done');
}

function titleOf(record: RunRecord, outcome: Outcome): string {
  const { operation, plan } = record;
  switch (outcome) {
    case 'pass':
      return (operation === 'rollback' || operation === 'retire') && record.changes.length > 0
        ? `${DONE[operation] ?? operation}, traffic split verified`
        : 'traffic split verified';
    case 'fail': {
      const { failing } = failingVersions(record);
      if (failing.length > 0) return `${failing.join(', ')} ${failing.length === 1 ? 'fails' : 'fail'}`;
      return contradict(record.held) ? lowerTitle(record) : 'traffic split check failed';
    }
    case 'inconclusive':
      return 'traffic split check inconclusive';
    case 'unverified':
      return operation === 'verify' ? 'not verified' : `${DONE[operation] ?? operation}, not verified`;
    case 'open':
      return 'routes not chosen';
    case 'differ':
      return lowerTitle(record);
    case 'failed':
      return `${operation} failed`;
    case 'done':
      return plan === undefined ? `${operation} done` : `plan: ${count(plan.changes, 'change')}`;
  }
}

function lowerTitle({ held }: RunRecord): string {
  return titleOfDifference(held).replace(/^The /, '').replace(/^No /, 'no ');
}

const DONE: Readonly<Record<string, string>> = {
  rollout: 'released',
  promote: 'released',
  rollback: 'rolled back',
  retire: 'retired',
};

function sentenceOf(record: RunRecord, outcome: Outcome): string {
  const { evidence, checks, held } = record;
  switch (outcome) {
    case 'pass':
      return claimOf(record);
    case 'fail':
      return [...(contradict(held) ? [describeDifference(held)] : []), ...failureOf(record)].join(' ');
    case 'inconclusive':
      return `The check was inconclusive, so the job fails: ${samplesOf(evidence)} ${through(evidence)} neither confirm nor rule out ${inWords(evidence[0]?.weights ?? new Map())}.`;
    case 'unverified':
      return `${weightsOrNone(agreedWeights(held))} in every cluster that serves the routes. No ingress was sampled, so nothing is known about the responses.`;
    case 'open':
      return `Several routes lead to the service, and none of them is chosen: ${whoHolds(held)}.`;
    case 'differ':
      return describeDifference(held);
    case 'failed':
      return checks.length === 0
        ? 'The run ended before the traffic split was checked.'
        : 'The run ended with an error after the last check shown here.';
    case 'done':
      return doneOf(record);
  }
}

function doneOf({ plan, held }: RunRecord): string {
  const weights = agreedWeights(held);
  if (plan === undefined)
    return held.length > 0 && weights === undefined
      ? `${whoHolds(held)}.`
      : `${weightsOrNone(weights)} in force.`;
  if (plan.changes.length === 0)
    return 'Nothing would change: every cluster already holds what was asked for.';
  const now = held.every(({ kind }) => kind === 'nothing') ? 'no weights' : weights && inWords(weights);
  return `A rollout would bring all clusters from ${now ?? whoHolds(held)} to ${inWords(plan.weights)}. Nothing was written.`;
}

function weightsOrNone(weights: Weights | undefined): string {
  return weights === undefined ? 'No weights are' : `${inWords(weights)} is`;
}

function nextOf(record: RunRecord, outcome: Outcome): string | undefined {
  switch (outcome) {
    case 'pass':
    case 'unverified':
      return afterPass(record);
    case 'done':
      return record.plan === undefined || record.plan.changes.length === 0
        ? undefined
        : 'Review the changes below; the operation rollout with the same inputs makes them.';
    case 'fail':
      return afterFailure(record);
    case 'failed':
      return 'Fix the cause, then re-run this step.';
    case 'open':
      return 'Set the input routes to those that the release is to split.';
    case 'differ':
      return 'Bring all clusters to the same weights: run the operation rollback with the input weights.';
    case 'inconclusive':
      // Where every ingress passed, more samples would show nothing more.
      if (record.evidence.length > 0 && record.evidence.every(({ verdict }) => verdict === 'pass'))
        return afterFailure(record);
      return 'Re-run with more time or samples (inputs verify-timeout, max-samples), or with a wider tolerance (input tolerance).';
  }
}

function afterFailure(record: RunRecord): string {
  if (record.findings.some(({ symptom }) => symptom !== true))
    return 'Fix the likely cause, then re-run this step.';
  const { failing } = failingVersions(record);
  return failing.length === 0
    ? 'No known cause was found: compare the clusters (operation status), and inspect the versions themselves.'
    : `The routes and rules do not explain it: check the logs of ${failing.join(' and ')}.`;
}

function afterPass({ next, complete, held, operation }: RunRecord): string | undefined {
  if (next !== undefined) return `Continue with the next step, ${formatWeights(next)} (operation promote).`;
  const idle = [...(agreedWeights(held) ?? [])].flatMap(([version, weight]) =>
    weight === 0 ? [version] : [],
  );
  return complete && idle.length > 0 && operation !== 'retire'
    ? `The release is complete. Once nobody needs ${idle.join(', ')}, retire it (operation retire, version ${idle[0] ?? ''}).`
    : undefined;
}

/** Which weights users have after a run that did not pass, and what else is not as it was. */
function standingOf(record: RunRecord, outcome: Outcome): string | undefined {
  const { held, remains, restored, settled } = record;
  if (held.length === 0) return remains.length === 0 ? undefined : remains.join(' ');
  const weights = agreedWeights(held);
  if (contradict(held) || !settled) {
    const then = settled
      ? 'Nothing else will change this: bring all clusters to the same weights (operation rollback with the input weights).'
      : 'The post step of this job, or else the next run, brings them together.';
    return [
      ...(outcome === 'differ' || outcome === 'fail'
        ? []
        : [contradict(held) ? describeDifference(held) : `${whoHolds(held)}.`]),
      ...remains,
      ...restored,
      ...(outcome === 'differ' ? [] : [then]),
    ].join(' ');
  }
  if (weights === undefined) return [`${whoHolds(held)}.`, ...remains, ...restored].join(' ');
  return [...standingAt(record, weights), ...remains, ...restored].join(' ');
}

function standingAt(record: RunRecord, weights: Weights): readonly string[] {
  const { steps, operation, previous, changes, evidence } = record;
  const held = inWords(weights);
  const last = steps.at(-1);
  if (last === undefined)
    return changes.length === 0
      ? [`Nothing was written; the routes hold ${held}.`]
      : [`The weights are unchanged, ${held}; what else was written is listed below.`];
  if (last.direction === 'back') {
    const back = `The earlier weights are in force again, ${held}`;
    return [areSafe(record, evidence) ? `${back}: nothing is urgent.` : `${back}.`];
  }
  if (operation === 'rollback') return [`The routes hold ${held}.`];
  const back =
    previous === undefined || sameWeights(previous, weights)
      ? []
      : [`The operation rollback restores ${formatWeights(previous)}.`];
  return [`The routes still hold ${held}.`, ...back];
}
