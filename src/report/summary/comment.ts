import { textsIn } from '../../texts/texts.ts';
import type { RunRecord } from '../run-record.ts';
import { summaryOf } from './summary.ts';

/** Characters that GitHub accepts in the body of a comment. */
export const COMMENT_LIMIT = 65_536;

export interface CommentPlace {
  /** undefined if unknown */
  readonly sha: string | undefined;
  /** URL of the run; undefined outside a run. */
  readonly runUrl: string | undefined;
}

/** The hidden first line of an app's comment, by which the next run finds it. */
export function markerOf({ app, namespace }: Pick<RunRecord, 'app' | 'namespace'>): string {
  return `<!-- multicluster-canary: ${namespace}/${app} -->`;
}

/** The comment on a pull request: a marker and the run's summary, shortened if GitHub would not accept it. */
export function commentOf(record: RunRecord, place: CommentPlace): string {
  const around = (body: string): string => [markerOf(record), body, commentFooter(place, record)].join('\n');
  const room = COMMENT_LIMIT - around('').length;
  const whole = summaryOf(record, room);
  const body = withoutMentions(whole);
  if (body.length <= room) return around(body);
  return around(withoutMentions(summaryOf(record, room - (body.length - whole.length))));
}

/**
 * Keeps names in a server's response from notifying people, with a zero-width character. GitHub looks for mentions and references in
 * Markdown entities too, and in the code blocks of plain-text e-mails.
 */
function withoutMentions(markdown: string): string {
  return markdown.replaceAll(/(?<!\w)(?:@|&#64;|&#35;)(?=\w)/g, '$&\u200B');
}

/** As GitHub shows a commit. */
const SHORT_SHA = 7;

function commentFooter({ sha, runUrl }: CommentPlace, { language }: RunRecord): string {
  const { summary } = textsIn(language);
  const parts = [
    ...(sha === undefined ? [] : [summary.commit(sha.slice(0, SHORT_SHA))]),
    ...(runUrl === undefined ? [] : [`[${summary.fullSummary}](${runUrl})`]),
  ];
  return parts.length === 0 ? '' : `<sub>${parts.join(' · ')}</sub>`;
}
