import { shareOf } from '../check/evidence.ts';
import type { IngressEvidence } from '../check/evidence.ts';
import { formatWeights, sameWeights } from '../release/weights.ts';
import type { Weights } from '../release/weights.ts';
import type { RunRecord } from './record.ts';
import { count, percent } from './text.ts';

/** How a run ended. `done`: it samples nothing, and did its work; `failed`: it ended by an error. */
export type Outcome = 'pass' | 'fail' | 'inconclusive' | 'done' | 'failed';

/** What one sees first. */
export interface Headline {
  readonly outcome: Outcome;
  /** A few words. */
  readonly title: string;
  /** The verdict in one sentence. */
  readonly sentence: string;
  /** Which weights users have now, after a run that did not pass: the first thing to know is whether they are safe. */
  readonly standing: string | undefined;
  /** What to do next. */
  readonly next: string | undefined;
}

export function headlineOf(record: RunRecord): Headline {
  const outcome = outcomeOf(record);
  return {
    outcome,
    title: titleOf(record, outcome),
    sentence: sentenceOf(record, outcome),
    standing: outcome === 'pass' || outcome === 'done' ? undefined : standingOf(record),
    next: nextOf(record, outcome),
  };
}

/** A run that failed has not passed, whatever the check of an earlier step said. */
function outcomeOf({ verdict, failure }: RunRecord): Outcome {
  if (failure === undefined) return verdict ?? 'done';
  return verdict === undefined || verdict === 'pass' ? 'failed' : verdict;
}

function titleOf({ operation, plan }: RunRecord, outcome: Outcome): string {
  switch (outcome) {
    case 'pass':
      return 'users get what was asked for';
    case 'fail':
      return 'users do not get what was asked for';
    case 'inconclusive':
      return 'the check came to no decision';
    case 'failed':
      return `${operation} failed`;
    case 'done':
      return plan === undefined ? `${operation} done` : `plan: ${count(plan.changes, 'change')}`;
  }
}

function sentenceOf(record: RunRecord, outcome: Outcome): string {
  const { evidence, plan, weights } = record;
  const asked = inWords(evidence[0]?.weights ?? new Map());
  switch (outcome) {
    case 'pass':
      return `Users get ${asked} through ${ingresses(evidence)}: ${samplesOf(evidence)} show it.`;
    case 'fail':
      return driftOf(record, asked);
    case 'inconclusive':
      return `Whether users get ${asked} could not be decided by ${samplesOf(evidence)}, and that is no pass.`;
    case 'failed':
      return record.checks.length === 0
        ? 'It ended before the shares were checked.'
        : 'It ended after the last check that is shown here.';
    case 'done':
      if (plan === undefined)
        return weights === undefined ? 'No weights are in force.' : `${inWords(weights)} is in force.`;
      return plan.changes.length === 0
        ? 'Nothing would change: every cluster holds what was asked for.'
        : `A rollout would bring all clusters from ${weights === undefined ? 'no weights' : inWords(weights)} to ${inWords(plan.weights)}. Nothing was written.`;
  }
}

function driftOf({ evidence, findings }: RunRecord, asked: string): string {
  const [worst, ...others] = evidence
    .filter(({ verdict }) => verdict === 'fail')
    .toSorted((a, b) => distanceOf(b) - distanceOf(a));
  if (worst === undefined)
    return `${asked} was asked for. ${findings[0]?.title ?? 'A cluster holds something else'}.`;
  const shares = [...worst.weights.keys()].map((version) => `${version} ${percent(shareOf(worst, version))}`);
  const rest =
    others.length === 0
      ? ''
      : ` The check fails at ${count(others, 'further ingress', 'further ingresses')}, too.`;
  return `${asked} was asked for. Through ${worst.cluster} users get ${shares.join(', ')}: ${worst.reason}.${rest}`;
}

/** How far the shares are from the weights, at the version where they are farthest. */
function distanceOf(evidence: IngressEvidence): number {
  return Math.max(
    ...[...evidence.weights].map(([version, weight]) => Math.abs(shareOf(evidence, version) - weight / 100)),
  );
}

function nextOf(record: RunRecord, outcome: Outcome): string | undefined {
  switch (outcome) {
    case 'pass':
      return afterPass(record);
    case 'done':
      return record.plan === undefined || record.plan.changes.length === 0
        ? undefined
        : 'Look through the changes below; the operation rollout with the same inputs makes them.';
    case 'fail':
      return record.findings.length === 0
        ? 'No known cause was found: compare the routes of all clusters (operation status), and look at the versions themselves.'
        : 'Mend the likely cause, then run the same step again.';
    case 'failed':
      return 'Mend the cause of the failure, then run the same step again.';
    case 'inconclusive':
      return 'Run again with more time or samples (inputs verify-timeout, max-samples), or with a wider tolerance (input tolerance).';
  }
}

function afterPass({ next, complete, weights, operation }: RunRecord): string | undefined {
  if (next !== undefined) return `Go on to the next step, ${formatWeights(next)} (operation promote).`;
  const idle = [...(weights ?? [])].flatMap(([version, weight]) => (weight === 0 ? [version] : []));
  return complete && idle.length > 0 && operation !== 'retire'
    ? `The release is complete. Once nobody needs ${idle.join(', ')}, retire it (operation retire, version ${idle[0] ?? ''}).`
    : undefined;
}

function standingOf(record: RunRecord): string | undefined {
  const { steps, weights, operation, previous, changes, remains, settled } = record;
  if (weights === undefined) {
    if (remains.length === 0) return undefined;
    const then = settled
      ? 'Nothing else is done about it: look at it (operation status), and bring all clusters to the same weights (operation rollback, with the input weights).'
      : 'The post step of this job, or else the next run, brings them together.';
    return ['The clusters do not all hold the same weights.', ...remains, then].join(' ');
  }
  const held = inWords(weights);
  const last = steps.at(-1);
  if (last === undefined) {
    return changes.length === 0
      ? `Nothing was written; the routes hold ${held}.`
      : `The weights stayed as they were, ${held}; what else was written is listed below.`;
  }
  if (last.direction === 'back') {
    return remains.length === 0
      ? `Users are back on the earlier weights, ${held}: nothing is urgent.`
      : [`Users are back on the earlier weights, ${held}.`, ...remains].join(' ');
  }
  if (operation === 'rollback') return `The routes hold ${held}.`;
  const back =
    previous === undefined || sameWeights(previous, weights)
      ? ''
      : ` The operation rollback goes back to ${formatWeights(previous)}.`;
  return `The routes still hold ${held}.${back}`;
}

/** `v1 80 %, v2 20 %` */
export function inWords(weights: Weights): string {
  return [...weights].map(([version, weight]) => `${version} ${String(weight)} %`).join(', ');
}

function samplesOf(evidence: readonly IngressEvidence[]): string {
  return count(
    evidence.reduce((sum, { samples }) => sum + samples, 0),
    'sample',
  );
}

function ingresses(evidence: readonly IngressEvidence[]): string {
  const [first, second] = evidence.map(({ cluster }) => cluster);
  if (evidence.length === 1) return `the ingress of ${first ?? ''}`;
  if (evidence.length === 2) return `the ingresses of ${first ?? ''} and ${second ?? ''}`;
  return `all ${String(evidence.length)} ingresses`;
}
