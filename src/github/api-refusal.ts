import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { secrets } from '../core/secrets.ts';
import type { GitHubEvent } from './event.ts';
import { theInput } from '../core/wording.ts';

/** What a job's token needs for status and comment. A `permissions` block revokes everything that it does not list. */
const PERMISSIONS = ['permissions:', '  contents: read', '  pull-requests: write', '  statuses: write'].join(
  '\n',
);

const FORK =
  'This pull request comes from a fork: GitHub gives its runs a read-only token, whatever the workflow says. The job summary shows the same result.';

/** The part of an HTTP error of GitHub's client that says what is wrong. */
const REFUSAL = z.object({
  status: z.number(),
  response: z.object({ headers: z.record(z.string(), z.unknown()) }).optional(),
});

/** Why there is no token, and what to do. */
export function withoutToken(what: string): string {
  return `${what}: ${theInput('github-token')} is empty. Leave it out to use the job's own token, and grant that token these permissions in the workflow:\n${PERMISSIONS}`;
}

/**
 * What GitHub refused, with the remedy.
 *
 * @param what `The commit status canary/helloworld was not set`
 */
export function explain(what: string, error: unknown, { fromFork }: GitHubEvent): string {
  const head = `${what}; the release continues without it: ${brief(error)}`;
  if (!lacksPermission(error)) return head;
  return [
    `${head} The token needs these permissions in the workflow or in the job:`,
    PERMISSIONS,
    ...(fromFork ? [FORK] : []),
  ].join('\n');
}

/** An error in one line: a response may be a whole page of HTML. */
function brief(error: unknown): string {
  const { data } = REFUSAL.safeParse(error);
  const status = data === undefined ? '' : ` (HTTP ${String(data.status)})`;
  const line = secrets.redact(messageOf(error)).replaceAll(/\s+/g, ' ').slice(0, 300).replace(/\.$/, '');
  return `${line}${status}.`;
}

/** Whether the same call may succeed soon: GitHub failed, or was not reached, which its client reports as 500. */
export function isPassing(error: unknown): boolean {
  return (REFUSAL.safeParse(error).data?.status ?? 0) >= 500;
}

/** GitHub reports a missing permission by 403, or by 404 or 401 where it conceals that something exists. */
function lacksPermission(error: unknown): boolean {
  const { data } = REFUSAL.safeParse(error);
  if (data === undefined || ![401, 403, 404].includes(data.status)) return false;
  const { 'x-ratelimit-remaining': remaining, 'retry-after': later } = data.response?.headers ?? {};
  return remaining !== '0' && later === undefined && !/rate limit/i.test(messageOf(error));
}
