import { existsSync } from 'node:fs';
import { z } from 'zod';
import { FILE_LIMITS, readBoundedFile } from '../core/read-file.ts';

/** What started a run, according to GitHub. */
export interface GitHubEvent {
  readonly apiUrl: string;
  readonly owner: string;
  readonly repo: string;
  readonly runUrl: string | undefined;
  /** The commit that this run is about; undefined where the event does not name it. */
  readonly sha: string | undefined;
  /** Whether a comment on the pull request started it: such a run, and its `sha`, belong to the default branch. */
  readonly byComment: boolean;
  /** Number of the pull request. */
  readonly pullRequest: number | undefined;
  /** Whether it comes from another repository: GitHub gives such runs a read-only token. */
  readonly fromFork: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The parts of an event's payload that name a commit; each exists for some events only. */
const PAYLOAD = z.object({
  pull_request: z
    .object({
      number: z.number(),
      head: z.object({ sha: z.string(), repo: z.object({ full_name: z.string() }).nullish() }),
    })
    .optional(),
  issue: z.object({ number: z.number(), pull_request: z.unknown().optional() }).optional(),
  workflow_run: z.object({ head_sha: z.string() }).optional(),
});
type Payload = z.output<typeof PAYLOAD>;

/** The event of this run; undefined outside GitHub. */
export function readEvent(env: Environment = process.env): GitHubEvent | undefined {
  const repository = env['GITHUB_REPOSITORY'] ?? '';
  const [owner = '', repo = ''] = repository.split('/');
  if (owner === '' || repo === '') return undefined;
  const payload = readPayload(env['GITHUB_EVENT_PATH']);
  return {
    apiUrl: given(env, 'GITHUB_API_URL') ?? 'https://api.github.com',
    owner,
    repo,
    runUrl: runUrlOf(env),
    sha: shaOf(payload, env),
    byComment: payload.issue?.pull_request !== undefined,
    pullRequest: numberOf(payload),
    fromFork: payload.pull_request !== undefined && payload.pull_request.head.repo?.full_name !== repository,
  };
}

/** The page of this run; undefined outside GitHub. */
export function runUrlOf(env: Environment = process.env): string | undefined {
  const { GITHUB_RUN_ID: run, GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = env;
  return run && server && repository ? `${server}/${repository}/actions/runs/${run}` : undefined;
}

/** For a pull request, GITHUB_SHA is a merge commit that exists only for the run. */
function shaOf({ pull_request: pull, workflow_run: run }: Payload, env: Environment): string | undefined {
  if (pull !== undefined) return pull.head.sha;
  if (run !== undefined) return run.head_sha;
  return (env['GITHUB_EVENT_NAME'] ?? '').startsWith('pull_request') ? undefined : given(env, 'GITHUB_SHA');
}

function numberOf({ pull_request: pull, issue }: Payload): number | undefined {
  return pull?.number ?? (issue?.pull_request === undefined ? undefined : issue.number);
}

function readPayload(path: string | undefined): Payload {
  if (path === undefined || !existsSync(path)) return {};
  try {
    return PAYLOAD.parse(JSON.parse(readBoundedFile(path, FILE_LIMITS.event)));
  } catch {
    return {};
  }
}

function given(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}
