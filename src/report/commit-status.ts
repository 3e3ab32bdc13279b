import { formatWeights } from '../release/weights.ts';
import { visible } from './text.ts';
import type { PlannedRollout, RunRecord } from './record.ts';

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
  return { state: 'pending', description: `${operation} is under way` };
}

/** What a run came to, in one line. */
export function commitStatusOf(record: RunRecord): CommitStatus {
  return { state: stateOf(record), description: oneLine(descriptionOf(record)) };
}

function stateOf({ operation, verdict, failure }: RunRecord): CommitStatus['state'] {
  if (verdict !== undefined && verdict !== 'pass') return 'failure';
  if (failure === undefined) return 'success';
  return operation === 'plan' ? 'failure' : 'error';
}

function descriptionOf({ operation, verdict, weights, plan, failure }: RunRecord): string {
  const inForce = weights === undefined ? '' : `; in force: ${formatWeights(weights)}`;
  if (verdict !== undefined && verdict !== 'pass') return `${operation}: ${verdict}${inForce}`;
  if (failure !== undefined) return `${operation}: ${failure}`;
  if (plan !== undefined)
    return describePlan(plan, weights === undefined ? 'no weights' : formatWeights(weights));
  return `${operation}: ${verdict ?? 'done'}${inForce}`;
}

function describePlan({ changes, clusters, weights }: PlannedRollout, now: string): string {
  if (changes.length === 0) return `plan: nothing would change; in force: ${now}`;
  const touched = clusters.filter((cluster) => changes.some((change) => change.cluster === cluster));
  return `plan: ${plural(changes.length, 'change')} in ${plural(touched.length, 'cluster')}, ${now} → ${formatWeights(weights)}`;
}

function plural(count: number, name: string): string {
  return `${String(count)} ${name}${count === 1 ? '' : 's'}`;
}

function oneLine(text: string): string {
  const line = visible(text.replaceAll(/\s+/g, ' ').trim());
  if (line.length <= LIMIT) return line;
  // Half a surrogate pair is no character.
  return `${line.slice(0, LIMIT - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
