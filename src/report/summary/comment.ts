import type { RunRecord } from '../run-record.ts';
import { summaryOf } from './summary.ts';

/** Characters that GitHub takes as the body of a comment. */
export const COMMENT_LIMIT = 65_536;

export interface CommentPlace {
  /** The commit that was looked at; undefined where it is not known. */
  readonly sha: string | undefined;
  /** Where the whole is shown; undefined outside of a run. */
  readonly runUrl: string | undefined;
}

/** The first line of an app's comment, by which it is found again; unseen in what GitHub shows. */
export function markerOf({ app, namespace }: Pick<RunRecord, 'app' | 'namespace'>): string {
  return `<!-- multicluster-canary: ${namespace}/${app} -->`;
}

/** The comment on a pull request: the run's summary behind its marker, shortened where GitHub would not take it. */
export function commentOf(record: RunRecord, place: CommentPlace): string {
  const around = (body: string): string => [markerOf(record), body, footer(place)].join('\n');
  const room = COMMENT_LIMIT - around('').length;
  const whole = summaryOf(record, room);
  const body = callingNobody(whole);
  if (body.length <= room) return around(body);
  return around(callingNobody(summaryOf(record, room - (body.length - whole.length))));
}

/**
 * GitHub looks for mentions and references behind the entities of Markdown, and in the plain text of e-mails in code as well:
 * a character without width keeps a name in an answer of a server from calling people.
 */
function callingNobody(markdown: string): string {
  return markdown.replaceAll(/(?<!\w)(?:@|&#64;|&#35;)(?=\w)/g, '$&\u200B');
}

function footer({ sha, runUrl }: CommentPlace): string {
  const parts = [
    ...(sha === undefined ? [] : [`Commit ${sha}`]),
    ...(runUrl === undefined ? [] : [`[run, with the whole summary](${runUrl})`]),
  ];
  return parts.length === 0 ? '' : `<sub>${parts.join(' · ')}</sub>`;
}
