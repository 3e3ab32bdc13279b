import { nowIn, whoHolds } from '../release/agreement.ts';
import { formatWeights } from '../core/weights.ts';
import { headlineOf } from './headline.ts';
import { count, visible } from './format.ts';
import type { RunRecord } from './run-record.ts';
import type { PlannedRollout } from './run-events.ts';

/** Characters that GitHub takes as the description of a commit status. */
const LIMIT = 140;

/** A commit status as GitHub has it: `failure` is a judgement, `error` means that it did not come to one. */
export interface CommitStatus {
  readonly state: 'success' | 'failure' | 'error' | 'pending';
  /** 140 characters at most, in one line. */
  readonly description: string;
}

/** The name under which branch protection finds the status of an app. */
export function statusContext(app: string): string {
  return `canary/${app}`;
}

export function pendingStatus(operation: string): CommitStatus {
  return { state: 'pending', description: `${operation} is in progress` };
}

/** What a run came to, in one line. */
export function commitStatusOf(record: RunRecord): CommitStatus {
  return { state: stateOf(record), description: oneLine(descriptionOf(record)) };
}

function stateOf(record: RunRecord): CommitStatus['state'] {
  switch (headlineOf(record).outcome) {
    case 'pass':
    case 'done':
    case 'unverified':
    case 'open':
      return 'success';
    case 'fail':
    case 'inconclusive':
    case 'differ':
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
    case 'open':
    case 'differ':
      return `${operation}: ${title}: ${whoHolds(held)}`;
    case 'done':
      if (plan !== undefined) return describePlan(plan, nowIn(held));
      return `${operation}: done${held.length === 0 ? '' : `; in force: ${nowIn(held)}`}`;
    case 'pass':
    case 'inconclusive':
      return `${operation}: ${[...harms, outcome].join(' ')}; in force: ${nowIn(held)}`;
    case 'unverified':
      return `${operation}: ${title}; in force: ${nowIn(held)}`;
    case 'fail':
      return `${operation}: ${[...harms, `fail, ${title}`].join(' ')}; in force: ${nowIn(held)}`;
  }
}

function describePlan({ changes, clusters, weights }: PlannedRollout, now: string): string {
  if (changes.length === 0) return `plan: nothing would change; in force: ${now}`;
  const touched = clusters.filter((cluster) => changes.some((change) => change.cluster === cluster));
  return `plan: ${count(changes, 'change')} in ${count(touched, 'cluster')}, ${now} → ${formatWeights(weights)}`;
}

function oneLine(text: string): string {
  const line = visible(text.replaceAll(/\s+/g, ' ').trim());
  if (line.length <= LIMIT) return line;
  // Half a surrogate pair is no character.
  return `${line.slice(0, LIMIT - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
