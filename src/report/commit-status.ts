import { formatClusterWeights, describeClusterWeights } from '../release/cluster-weights.ts';
import { formatWeights } from '../core/weights.ts';
import { count } from '../core/plural.ts';
import { headlineOf } from './headline.ts';
import type { PlannedRollout } from './run-events.ts';
import type { RunRecord } from './run-record.ts';
import { wholeCharacters } from './shorten-text.ts';
import { visible } from './visible.ts';

/** Characters that GitHub accepts in the description of a commit status. */
const LIMIT = 140;

/** A commit status of GitHub: `failure` is a negative result, `error` means that there is no result. */
export interface CommitStatus {
  readonly state: 'success' | 'failure' | 'error' | 'pending';
  /** At most 140 characters, on one line. */
  readonly description: string;
}

/** The name of an app's status in branch protection rules. */
export function statusContext(app: string): string {
  return `canary/${app}`;
}

export function pendingStatus(operation: string): CommitStatus {
  return { state: 'pending', description: `${operation} is in progress` };
}

/** The outcome of a run in one line. */
export function commitStatusOf(record: RunRecord): CommitStatus {
  return { state: stateOf(record), description: oneLine(descriptionOf(record)) };
}

function stateOf(record: RunRecord): CommitStatus['state'] {
  switch (headlineOf(record).outcome) {
    case 'pass':
    case 'done':
    case 'unverified':
    case 'ambiguous':
      return 'success';
    case 'fail':
    case 'inconclusive':
    case 'diverged':
      return 'failure';
    case 'failed':
      return record.operation === 'plan' ? 'failure' : 'error';
  }
}

function descriptionOf(record: RunRecord): string {
  const { operation, plan, failure, held, harms } = record;
  const { outcome, title } = headlineOf(record);
  switch (outcome) {
    case 'failed':
      return `${operation}: ${[...harms, failure].join(' ')}`;
    case 'ambiguous':
    case 'diverged':
      return `${operation}: ${title}: ${describeClusterWeights(held)}`;
    case 'done':
      if (plan !== undefined) return describePlan(plan, formatClusterWeights(held));
      return `${operation}: done${held.length === 0 ? '' : `; weights: ${formatClusterWeights(held)}`}`;
    case 'pass':
    case 'inconclusive':
      return `${operation}: ${[...harms, outcome].join(' ')}; weights: ${formatClusterWeights(held)}`;
    case 'unverified':
      return `${operation}: ${title}; weights: ${formatClusterWeights(held)}`;
    case 'fail':
      return `${operation}: ${[...harms, `fail, ${title}`].join(' ')}; weights: ${formatClusterWeights(held)}`;
  }
}

function describePlan({ changes, clusters, weights }: PlannedRollout, now: string): string {
  if (changes.length === 0) return `plan: no changes; weights: ${now}`;
  const touched = clusters.filter((cluster) => changes.some((change) => change.cluster === cluster));
  const unchecked = changes.every(({ tried, denied = false }) => !tried && denied);
  return `plan: ${count(changes, 'change')} in ${count(touched, 'cluster')}${unchecked ? ' (not checked by any API server)' : ''}, ${now} → ${formatWeights(weights)}`;
}

const MOST_LOOKED_AT = 10_000;

function oneLine(text: string): string {
  // No more of it can be shown, even if all the rest were white space.
  const line = visible(text.slice(0, MOST_LOOKED_AT).replaceAll(/\s+/g, ' ').trim());
  if (line.length <= LIMIT) return line;
  return `${wholeCharacters(line, LIMIT - 1)}…`;
}
