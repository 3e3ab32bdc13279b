import { clustersDisagree, isOpenChoice } from '../release/cluster-weights.ts';
import { textsIn } from '../texts/texts.ts';
import type { RunRecord } from './run-record.ts';

/**
 * How a run ended: with a verdict, or without one:
 * - `done`: it does not sample, and did its work
 * - `unverified`: it changed or checked the weights, but there was no ingress to sample
 * - `ambiguous`: several routes lead to the service, and the inputs choose none of them
 * - `diverged`: the clusters hold different weights
 * - `failed`: it ended with an error
 */
export type Outcome =
  'pass' | 'fail' | 'inconclusive' | 'done' | 'unverified' | 'ambiguous' | 'diverged' | 'failed';

export interface OutcomeStyle {
  readonly tone: 'good' | 'doubt' | 'bad';
  readonly emoji: string;
  /** For a page that sets its own colors. */
  readonly mark: string;
}

export const OUTCOME_STYLES: Readonly<Record<Outcome, OutcomeStyle>> = {
  pass: { tone: 'good', emoji: '✅', mark: '✓' },
  done: { tone: 'good', emoji: '✅', mark: '✓' },
  unverified: { tone: 'doubt', emoji: '⚠️', mark: '?' },
  ambiguous: { tone: 'doubt', emoji: 'ℹ️', mark: '?' },
  diverged: { tone: 'bad', emoji: '❌', mark: '!' },
  fail: { tone: 'bad', emoji: '❌', mark: '✗' },
  failed: { tone: 'bad', emoji: '❌', mark: '✗' },
  inconclusive: { tone: 'doubt', emoji: '⚠️', mark: '?' },
};

/** Operations that sample the ingresses; without a verdict, none was sampled. */
const SAMPLING: readonly string[] = ['rollout', 'promote', 'rollback', 'retire', 'verify'];

/** An error outweighs a pass of an earlier step; diverged clusters outweigh everything but an error and a failed check. */
export function outcomeOf(record: RunRecord): Outcome {
  const { operation, verdict, failure, plan, held } = record;
  const diverged = clustersDisagree(held);
  if (verdict !== undefined && verdict !== 'pass') return verdict;
  if (failure !== undefined)
    return diverged && (operation === 'status' || plan !== undefined) ? 'diverged' : 'failed';
  if (operation === 'status' && isOpenChoice(held)) return 'ambiguous';
  if (diverged) return 'diverged';
  return verdict ?? (SAMPLING.includes(operation) ? 'unverified' : 'done');
}

/** The outcomes whose error message is shown in full: neither the verdict nor the evidence explains them. */
export function needsErrorMessage(outcome: Outcome): boolean {
  return outcome === 'failed' || outcome === 'diverged';
}

/** The heading of what was found, in the record's language: it explains a failure, or is worth knowing beside a success. */
export function headingOfFindings(record: RunRecord): string {
  const { alsoFound, likelyCause } = textsIn(record.language).labels.headings;
  return OUTCOME_STYLES[outcomeOf(record)].tone === 'good' ? alsoFound : likelyCause;
}
