import {
  agreedWeights,
  clustersDisagree,
  describeDisagreement,
  titleOfDisagreement,
  describeClusterWeights,
} from '../release/cluster-weights.ts';
import { currentStateOf } from './current-state.ts';
import { failingVersions } from './failing-versions.ts';
import { count } from '../core/plural.ts';
import { nextStepOf } from './next-step.ts';
import { outcomeOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { RunRecord } from './run-record.ts';
import { metricsThat } from './metric-sentences.ts';
import { failureOf, inWords, inconclusiveOf, passOf } from './sentences.ts';

/** What a reader sees first. */
export interface Headline {
  readonly outcome: Outcome;
  /** A few words. */
  readonly title: string;
  /** The outcome in a sentence or two; anything that affects users comes first. */
  readonly sentence: string;
  /** The weights that users have now, after a run that did not pass. */
  readonly currentState: string | undefined;
  /** What to do next. */
  readonly nextStep: string | undefined;
}

/** The outcome of a run in words. Summary, page, comment, commit status, log and JSON all use it. */
export function headlineOf(record: RunRecord): Headline {
  const outcome = outcomeOf(record);
  const isGood = ['pass', 'done', 'unverified', 'ambiguous'].includes(outcome);
  return {
    outcome,
    title: titleOf(record, outcome),
    sentence: [...record.harms, sentenceOf(record, outcome)].join(' '),
    currentState: isGood ? undefined : currentStateOf(record, outcome),
    nextStep: nextStepOf(record, outcome),
  };
}

const PARTICIPLES: Readonly<Record<string, string>> = {
  rollout: 'released',
  promote: 'promoted',
  rollback: 'rolled back',
  retire: 'retired',
};

function titleOf(record: RunRecord, outcome: Outcome): string {
  const { operation, plan } = record;
  switch (outcome) {
    case 'pass': {
      const verified = isByMetricsAlone(record) ? 'metrics passed' : 'traffic split verified';
      return (operation === 'rollback' || operation === 'retire') && record.changes.length > 0
        ? `${PARTICIPLES[operation] ?? operation}, ${verified}`
        : verified;
    }
    case 'fail': {
      const { failing } = failingVersions(record);
      if (failing.length > 0) return `${failing.join(', ')} ${failing.length === 1 ? 'fails' : 'fail'}`;
      if (clustersDisagree(record.held)) return divergenceTitle(record);
      const [metric] = metricsThat(record.metrics, 'fail');
      return metric === undefined ? 'traffic split check failed' : `metric ${metric.name} failed`;
    }
    case 'inconclusive':
      return isByMetricsAlone(record) ? 'metrics inconclusive' : 'traffic split check inconclusive';
    case 'unverified':
      return operation === 'verify' ? 'not verified' : `${PARTICIPLES[operation] ?? operation}, not verified`;
    case 'ambiguous':
      return 'routes not chosen';
    case 'diverged':
      return divergenceTitle(record);
    case 'failed':
      return `${operation} failed`;
    case 'done':
      return plan === undefined ? `${operation} done` : `plan: ${count(plan.changes, 'change')}`;
  }
}

/** Whether no ingress was sampled, so that metrics decide. */
function isByMetricsAlone({ evidence, metrics }: RunRecord): boolean {
  return evidence.length === 0 && metrics.length > 0;
}

function divergenceTitle({ held }: RunRecord): string {
  return titleOfDisagreement(held).replace(/^The /, '').replace(/^No /, 'no ');
}

function sentenceOf(record: RunRecord, outcome: Outcome): string {
  const { checks, held } = record;
  switch (outcome) {
    case 'pass':
      return passOf(record);
    case 'fail':
      return [...(clustersDisagree(held) ? [describeDisagreement(held)] : []), ...failureOf(record)].join(
        ' ',
      );
    case 'inconclusive':
      return inconclusiveOf(record);
    case 'unverified': {
      const weights = agreedWeights(held);
      const state =
        weights === undefined
          ? 'No weights are set'
          : `The routes in every config cluster hold ${inWords(weights)}`;
      const [idle] = record.metrics;
      const metrics = idle === undefined ? '' : ` No metric applies: ${idle.reason}.`;
      return `${state}. No ingress was sampled, so nothing is known about the responses.${metrics}`;
    }
    case 'ambiguous':
      return `Several routes lead to the service, and the inputs choose none of them: ${describeClusterWeights(held)}.`;
    case 'diverged':
      return describeDisagreement(held);
    case 'failed':
      return checks.length === 0
        ? 'The run failed before the traffic split was checked.'
        : 'The run failed after the last check shown here.';
    case 'done':
      return doneSentence(record);
  }
}

function doneSentence({ plan, held }: RunRecord): string {
  const weights = agreedWeights(held);
  if (plan === undefined) {
    if (weights !== undefined) return `The current weights are ${inWords(weights)}.`;
    return held.length === 0 ? 'No weights are set.' : `${describeClusterWeights(held)}.`;
  }
  if (plan.changes.length === 0) return NOTHING_WOULD_CHANGE;
  const now = held.every(({ kind }) => kind === 'nothing') ? 'no weights' : weights && inWords(weights);
  return `A rollout would change all clusters from ${now ?? describeClusterWeights(held)} to ${inWords(plan.weights)}. Nothing was written.`;
}

export const NOTHING_WOULD_CHANGE = 'Nothing would change: every cluster already matches the request.';
