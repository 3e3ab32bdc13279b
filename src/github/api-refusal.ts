import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import type { GitHubEvent } from './event.ts';

/** What a job's token needs for status and comment; a block of permissions takes away all that it does not name. */
const PERMISSIONS = ['permissions:', '  contents: read', '  pull-requests: write', '  statuses: write'].join(
  '\n',
);

const FORK =
  'This pull request comes from a fork: GitHub gives its runs a token that can only read, whatever the workflow says. The job summary shows the same.';

/** The part of an HTTP error of GitHub's client that tells what is wrong. */
const REFUSAL = z.object({
  status: z.number(),
  response: z.object({ headers: z.record(z.string(), z.unknown()) }).optional(),
});

/** Why there is no token to tell GitHub with, and what to do. */
export function withoutToken(what: string): string {
  return `${what}: the input github-token is empty. Leave it out, so that it is the job's own token, and give that the right to it in the workflow:\n${PERMISSIONS}`;
}

/**
 * What GitHub refused, as a sentence with the remedy.
 *
 * @param what `The commit status canary/helloworld was not set`
 */
export function explain(what: string, error: unknown, { fromFork }: GitHubEvent): string {
  const head = `${what}, and the release goes on without it: ${brief(error)}`;
  if (!lacksPermission(error)) return head;
  return [
    `${head} The token needs these lines in the workflow, or in the job:`,
    PERMISSIONS,
    ...(fromFork ? [FORK] : []),
  ].join('\n');
}

/** An answer may be a whole page of HTML. */
function brief(error: unknown): string {
  const { data } = REFUSAL.safeParse(error);
  const status = data === undefined ? '' : ` (HTTP ${String(data.status)})`;
  const line = messageOf(error).replaceAll(/\s+/g, ' ').slice(0, 300).replace(/\.$/, '');
  return `${line}${status}.`;
}

/** Whether the same call may be answered in a moment: GitHub had a failure of its own, or was not reached, for which its client has 500. */
export function isPassing(error: unknown): boolean {
  return (REFUSAL.safeParse(error).data?.status ?? 0) >= 500;
}

/** A right that is missing is told by 403, and by 404 or 401 where not even the existence may be known. */
function lacksPermission(error: unknown): boolean {
  const { data } = REFUSAL.safeParse(error);
  if (data === undefined || ![401, 403, 404].includes(data.status)) return false;
  const { 'x-ratelimit-remaining': remaining, 'retry-after': later } = data.response?.headers ?? {};
  return remaining !== '0' && later === undefined && !/rate limit/i.test(messageOf(error));
}
