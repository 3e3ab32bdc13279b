import { holdingsOf } from '../release/cluster-weights.ts';
import type { Language } from '../texts/language.ts';
import { say, textsIn } from '../texts/texts.ts';
import { headlineOf } from './headline.ts';
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

export function pendingStatus(operation: string, language: Language): CommitStatus {
  return { state: 'pending', description: textsIn(language).commitStatus.pending(operation) };
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
  const { operation, failure, held, harms } = record;
  const texts = textsIn(record.language);
  const { commitStatus } = texts;
  const sentences = harms.map((harm) => say(harm, texts));
  const { outcome, title, line } = headlineOf(record);
  switch (outcome) {
    case 'failed':
      return commitStatus.failed({
        operation,
        sentences: [...sentences, ...(failure === undefined ? [] : [failure])],
      });
    case 'ambiguous':
    case 'diverged': {
      const each = texts.headline.holdings(holdingsOf(held, texts));
      return commitStatus.titled({ operation, title, weights: each });
    }
    case 'done':
      // The line names the operation.
      return line;
    case 'pass':
    case 'inconclusive':
    case 'unverified':
    case 'fail':
      return commitStatus.ended({ operation, harms: sentences, line });
  }
}

const MOST_LOOKED_AT = 10_000;

function oneLine(text: string): string {
  // No more of it can be shown, even if all the rest were white space.
  const line = visible(text.slice(0, MOST_LOOKED_AT).replaceAll(/\s+/g, ' ').trim());
  if (line.length <= LIMIT) return line;
  return `${wholeCharacters(line, LIMIT - 1)}…`;
}
