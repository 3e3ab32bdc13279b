import pRetry from 'p-retry';
import pTimeout from 'p-timeout';
import { CanaryError } from '../core/errors.ts';
import { commentOf, markerOf } from '../report/summary/comment.ts';
import { commitStatusOf, pendingStatus, statusContext } from '../report/commit-status.ts';
import type { CommitStatus } from '../report/commit-status.ts';
import type { RunRecord } from '../report/run-record.ts';
import type { GitHubEvent } from './event.ts';
import { GitHub } from './api.ts';
import { explain, isPassing, withoutToken } from './api-refusal.ts';
import type { Operation } from './inputs.ts';
import { ANNOUNCE_START_MS, STEPS } from '../core/deadlines.ts';

const RETRIES = 2;

const ANNOUNCED: readonly Operation[] = ['plan', 'rollout', 'promote'];

/** What the inputs say about telling GitHub. */
export interface AnnounceOptions {
  readonly operation: Operation;
  readonly app: string;
  readonly token: string | undefined;
  readonly comment: boolean;
  /** Whether token or comment were asked for by name; a default alone is no wish. */
  readonly explicit: boolean;
}

type Warn = (text: string) => void;

/**
 * Tells GitHub what becomes of a release: the commit status `canary/<app>`, and for a plan the comment on the pull request.
 * Nothing here throws, and nothing holds a release up: what GitHub refuses is a warning, what takes too long is given up.
 */
export class Announcer {
  readonly #wish: AnnounceOptions & { readonly token: string };
  readonly #event: GitHubEvent;
  readonly #warn: Warn;
  #begun: Promise<void> = Promise.resolve();

  private constructor(wish: AnnounceOptions & { readonly token: string }, event: GitHubEvent, warn: Warn) {
    this.#wish = wish;
    this.#event = event;
    this.#warn = warn;
  }

  /** undefined where there is nothing to tell, or nobody to tell it to */
  static of(wish: AnnounceOptions, event: GitHubEvent | undefined, warn: Warn): Announcer | undefined {
    if (!ANNOUNCED.includes(wish.operation)) return undefined;
    const { token, comment, explicit } = wish;
    if (event === undefined) {
      if (explicit)
        warn(
          'The inputs github-token and comment are for a run in GitHub, and this is none (GITHUB_REPOSITORY is not set): there is no comment and no commit status.',
        );
      return undefined;
    }
    if (token !== undefined) return new Announcer({ ...wish, token }, event, warn);
    // Without both there is nothing that anybody misses.
    if (comment) warn(withoutToken(`There is no comment and no commit status ${statusContext(wish.app)}`));
    return undefined;
  }

  /** Sets the status to pending, beside the work. That it fails is told at the end, where it fails again. */
  begin(): void {
    const status = pendingStatus(this.#wish.operation);
    this.#begun = this.#setStatus(status, AbortSignal.timeout(ANNOUNCE_START_MS)).catch(() => undefined);
  }

  /**
   * Sets the status to what the run came to, and writes the plan's comment.
   *
   * @returns whether GitHub took the status
   */
  async end(record: RunRecord, cancelled: boolean): Promise<boolean> {
    const { cancelledMs, usualMs } = STEPS.announceEnd;
    const signal = AbortSignal.timeout(cancelled ? cancelledMs : usualMs);
    const context = statusContext(this.#wish.app);
    const [told] = await Promise.all([
      this.#orWarn(`The commit status ${context} was not set`, signal, async () => {
        // Overtaken by the pending one, the result would be lost.
        await pTimeout(this.#begun, { milliseconds: Number.POSITIVE_INFINITY, signal });
        await this.#setStatus(commitStatusOf(record), signal);
      }),
      this.#orWarn('The comment on the pull request was not written', signal, () =>
        this.#comment(record, signal),
      ),
    ]);
    return told;
  }

  async #setStatus(status: CommitStatus, signal: AbortSignal): Promise<void> {
    const { operation, app, token } = this.#wish;
    const { sha, pullRequest, byComment, runUrl } = this.#event;
    const github = await GitHub.open(token, this.#event, signal);
    // A plan is of the pull request; a release that a comment starts is of the default branch, and no judgement of the request.
    const ofHead = operation === 'plan' && byComment && pullRequest !== undefined;
    const commit = ofHead ? await github.headOf(pullRequest) : sha;
    if (commit === undefined)
      throw new CanaryError('The event of this run does not tell a commit (GITHUB_EVENT_PATH, GITHUB_SHA)');
    await github.setStatus(commit, {
      ...status,
      context: statusContext(app),
      ...(runUrl === undefined ? {} : { target_url: runUrl }),
    });
  }

  async #comment(record: RunRecord, signal: AbortSignal): Promise<void> {
    const { operation, comment, token } = this.#wish;
    const { pullRequest, sha, byComment, runUrl } = this.#event;
    if (operation !== 'plan' || !comment || pullRequest === undefined) return;
    const github = await GitHub.open(token, this.#event, signal);
    await github.keepComment(
      pullRequest,
      markerOf(record),
      commentOf(record, { sha: byComment ? undefined : sha, runUrl }),
    );
  }

  /** Work that a bad moment of GitHub does not end: it is tried again as long as the signal lets it. */
  async #orWarn(what: string, signal: AbortSignal, work: () => Promise<void>): Promise<boolean> {
    // What the first try came to says more than that the time was over in the end.
    let first: unknown;
    try {
      await pRetry(work, {
        retries: RETRIES,
        minTimeout: 300,
        signal,
        onFailedAttempt: ({ error }) => {
          first ??= error;
        },
        shouldRetry: ({ error }) => !signal.aborted && isPassing(error),
      });
      return true;
    } catch (error) {
      this.#warn(explain(what, first ?? error, this.#event));
      return false;
    }
  }
}
