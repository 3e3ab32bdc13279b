import type { RunRecord } from './record.ts';
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
  const marker = markerOf(record);
  const whole = [marker, text(record), footer(place)].join('\n');
  if (whole.length <= COMMENT_LIMIT) return whole;
  const short = text(withoutDifferences(record));
  const end = shortenedFooter(place);
  const shortened = [marker, short, end].join('\n');
  if (shortened.length <= COMMENT_LIMIT) return shortened;
  const room = COMMENT_LIMIT - (shortened.length - short.length);
  return [marker, closed(firstLines(short, room)), end].join('\n');
}

/**
 * GitHub looks for mentions and references behind the entities of Markdown, and in the plain text of e-mails in code as well:
 * a character without width keeps a name in an answer of a server from calling people.
 */
function text(record: RunRecord): string {
  return summaryOf(record).replaceAll(/(?<!\w)(?:@|&#64;|&#35;)(?=\w)/g, '$&\u200B');
}

function footer({ sha, runUrl }: CommentPlace): string {
  const parts = [
    ...(sha === undefined ? [] : [`Commit ${sha}`]),
    ...(runUrl === undefined ? [] : [`[run](${runUrl})`]),
  ];
  return parts.length === 0 ? '' : `<sub>${parts.join(' · ')}</sub>`;
}

function shortenedFooter(place: CommentPlace): string {
  const where =
    place.runUrl === undefined
      ? 'the job summary and the log of the run'
      : `the [job summary and the log](${place.runUrl}) of the run`;
  return `**Shortened:** a comment on GitHub holds ${String(COMMENT_LIMIT)} characters. The whole is in ${where}.\n\n${footer(place)}`;
}

function withoutDifferences(record: RunRecord): RunRecord {
  if (record.plan === undefined) return record;
  const changes = record.plan.changes.map((change) => ({ ...change, diff: '(left out here)' }));
  return { ...record, plan: { ...record.plan, changes } };
}

/** Space for what `closed` may have to add. */
const SPARE = 1_000;

/** As many whole lines as fit; of a very long one its beginning, without half an entity or tag at its end. */
function firstLines(markdown: string, room: number): string {
  const part = markdown.slice(0, room - SPARE);
  const end = part.lastIndexOf('\n');
  return end > part.length - SPARE ? part.slice(0, end) : `${part.replace(/[<&][^<&;>]{0,20}$/, '')}…`;
}

/** Ends the code block and the folded parts that a cut has left open, so that what follows is read as what it is. */
function closed(markdown: string): string {
  const fence = markdown
    .split('\n')
    .flatMap((line) => /^`{3,}/.exec(line)?.[0] ?? [])
    .reduce<string | undefined>(
      (open, mark) => (open === undefined ? mark : open === mark ? undefined : open),
      undefined,
    );
  const open = count(markdown, '<details>') - count(markdown, '</details>');
  return [
    markdown,
    ...(fence === undefined ? [] : [fence]),
    '',
    '</details>\n'.repeat(Math.max(0, open)),
  ].join('\n');
}

function count(all: string, part: string): number {
  return all.split(part).length - 1;
}
