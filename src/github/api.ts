import type { getOctokit } from '@actions/github';
import { z } from 'zod';
import { secrets } from '../core/secrets.ts';
import type { CommitStatus } from '../report/commit-status.ts';
import { boundedFetch } from './bounded-fetch.ts';
import type { GitHubEvent } from './event.ts';

type Octokit = ReturnType<typeof getOctokit>;

const ME = z.object({ viewer: z.object({ login: z.string() }) });

/** A repository on GitHub or GitHub Enterprise Server. Every method throws at the first refusal; the caller retries. */
export class GitHub {
  readonly #octokit: Octokit;
  readonly #repository: { readonly owner: string; readonly repo: string };
  readonly #signal: AbortSignal;

  private constructor(octokit: Octokit, { owner, repo }: GitHubEvent, signal: AbortSignal) {
    this.#octokit = octokit;
    this.#repository = { owner, repo };
    this.#signal = signal;
  }

  /** @param signal ends every call */
  static async open(token: string, event: GitHubEvent, signal: AbortSignal): Promise<GitHub> {
    // The package reads the environment when it is loaded, and throws if that is broken, which must not fail a release.
    // It would read the event too, whatever kind of file that is and however large.
    delete process.env['GITHUB_EVENT_PATH'];
    const { getOctokit } = await import(/* webpackMode: "eager" */ '@actions/github');
    const octokit = getOctokit(token, {
      baseUrl: event.apiUrl,
      userAgent: 'multicluster-canary',
      log: SILENT,
      request: { fetch: boundedFetch },
    });
    return new GitHub(octokit, event, signal);
  }

  /** The newest commit of a pull request. */
  async headOf(pullRequest: number): Promise<string> {
    const { data } = await this.#octokit.rest.pulls.get({ ...this.#call(), pull_number: pullRequest });
    return data.head.sha;
  }

  async setStatus(
    sha: string,
    status: CommitStatus & { readonly context: string; readonly target_url?: string },
  ): Promise<void> {
    await this.#octokit.rest.repos.createCommitStatus({ ...this.#call(), ...secrets.redactIn(status), sha });
  }

  /** Keeps one comment that begins with the marker: updates the one that this token's user wrote before, or writes a new one. */
  async keepComment(pullRequest: number, marker: string, text: string): Promise<void> {
    const body = secrets.redact(text);
    const own = await this.#findComment(pullRequest, marker);
    const { issues } = this.#octokit.rest;
    if (own === undefined) await issues.createComment({ ...this.#call(), issue_number: pullRequest, body });
    else await issues.updateComment({ ...this.#call(), comment_id: own, body });
  }

  async #findComment(pullRequest: number, marker: string): Promise<number | undefined> {
    const me = await this.#login();
    const pages = this.#octokit.paginate.iterator(this.#octokit.rest.issues.listComments, {
      ...this.#call(),
      issue_number: pullRequest,
      per_page: 100,
    });
    for await (const { data } of pages) {
      const own = data.find(({ user, body }) => user?.login === me && body?.startsWith(marker) === true);
      if (own !== undefined) return own.id;
    }
    return undefined;
  }

  /** Whose comments are ours. REST does not reveal the user of a job's token; this query does. */
  async #login(): Promise<string> {
    const answer = await this.#octokit.graphql('query { viewer { login } }', {
      request: { signal: this.#signal },
    });
    return ME.parse(answer).viewer.login;
  }

  #call(): {
    readonly owner: string;
    readonly repo: string;
    readonly request: { readonly signal: AbortSignal };
  } {
    return { ...this.#repository, request: { signal: this.#signal } };
  }
}

const ignore = (): void => undefined;
/** The library would write to the job log, beside our own warning. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };
