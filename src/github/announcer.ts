import pRetry from 'p-retry';
import pTimeout from 'p-timeout';
import { CanaryError } from '../core/errors.ts';
import { commentOf, markerOf } from '../report/summary/comment.ts';
import { commitStatusOf, pendingStatus, statusContext } from '../report/commit-status.ts';
import type { CommitStatus } from '../report/commit-status.ts';
import type { RunRecord } from '../report/run-record.ts';
import type { Language } from '../texts/language.ts';
import type { GitHubEvent } from './event.ts';
import { GitHub } from './api.ts';
import { explain, isPassing, withoutToken } from './api-refusal.ts';
import type { Operation } from './inputs.ts';
import { ANNOUNCE_START_MS, STEPS } from '../core/deadlines.ts';
import { inputPlace, nameOfInput } from '../core/wording.ts';

const RETRIES = 2;

const ANNOUNCED: readonly Operation[] = ['plan', 'rollout', 'promote'];

/** What the inputs say about reporting to GitHub. */
export interface AnnounceOptions {
  readonly operation: Operation;
  readonly app: string;
  readonly language: Language;
  readonly token: string | undefined;
  readonly comment: boolean;
  /** Whether the inputs name the token or the comment; a default alone does not count. */
  readonly explicit: boolean;
}

type Warn = (text: string) => void;

/**
 * Reports a release to GitHub: by the commit status `canary/<app>`, and for a plan by a comment on the pull request. Nothing here
 * throws or delays a release: what GitHub refuses becomes a warning, and what takes too long is abandoned.
 */
export class Announcer {
  readonly #options: AnnounceOptions & { readonly token: string };
  readonly #event: GitHubEvent;
  readonly #warn: Warn;
  #begun: Promise<void> = Promise.resolve();

  private constructor(options: AnnounceOptions & { readonly token: string }, event: GitHubEvent, warn: Warn) {
    this.#options = options;
    this.#event = event;
    this.#warn = warn;
  }

  /** undefined where there is nothing to report, or nowhere to report it */
  static of(options: AnnounceOptions, event: GitHubEvent | undefined, warn: Warn): Announcer | undefined {
    if (!ANNOUNCED.includes(options.operation)) return undefined;
    const { token, comment, explicit } = options;
    if (event === undefined) {
      if (explicit)
        warn(
          `${inputPlace('github-token')} and ${nameOfInput('comment')} only work in a GitHub run (GITHUB_REPOSITORY is not set), so there is no comment and no commit status.`,
        );
      return undefined;
    }
    if (token !== undefined) return new Announcer({ ...options, token }, event, warn);
    // Without token and comment nobody expects anything.
    if (comment) warn(withoutToken(`There is no comment and no commit status ${statusContext(options.app)}`));
    return undefined;
  }

  /** Sets the status to pending, in the background. A failure is reported at the end, when it occurs again. */
  begin(): void {
    const status = pendingStatus(this.#options.operation, this.#options.language);
    this.#begun = this.#setStatus(status, AbortSignal.timeout(ANNOUNCE_START_MS)).catch(() => undefined);
  }

  /**
   * Sets the final status, and writes the comment of a plan.
   *
   * @param record without secrets, as it was published: to redact a large one again would take seconds of a cancelled run
   *
   * @returns whether GitHub accepted the status
   */
  async end(record: RunRecord, cancelled: boolean): Promise<boolean> {
    const { cancelledMs, usualMs } = STEPS.announceEnd;
    const signal = AbortSignal.timeout(cancelled ? cancelledMs : usualMs);
    const context = statusContext(this.#options.app);
    const [accepted] = await Promise.all([
      this.#orWarn(`The commit status ${context} was not set`, signal, async () => {
        // A pending status that arrives later would replace the result.
        await pTimeout(this.#begun, { milliseconds: Number.POSITIVE_INFINITY, signal });
        await this.#setStatus(commitStatusOf(record), signal);
      }),
      this.#orWarn('The comment on the pull request was not written', signal, () =>
        this.#comment(record, signal),
      ),
    ]);
    return accepted;
  }

  async #setStatus(status: CommitStatus, signal: AbortSignal): Promise<void> {
    const { operation, app, token } = this.#options;
    const { sha, pullRequest, byComment, runUrl } = this.#event;
    const github = await GitHub.open(token, this.#event, signal);
    // A plan judges the pull request. A release that a comment starts runs on the default branch and says nothing about the request.
    const ofHead = operation === 'plan' && byComment && pullRequest !== undefined;
    const commit = ofHead ? await github.headOf(pullRequest) : sha;
    if (commit === undefined)
      throw new CanaryError('The event of this run names no commit (GITHUB_EVENT_PATH, GITHUB_SHA)');
    await github.setStatus(commit, {
      ...status,
      context: statusContext(app),
      ...(runUrl === undefined ? {} : { target_url: runUrl }),
    });
  }

  async #comment(record: RunRecord, signal: AbortSignal): Promise<void> {
    const { operation, comment, token } = this.#options;
    const { pullRequest, sha, byComment, runUrl } = this.#event;
    if (operation !== 'plan' || !comment || pullRequest === undefined) return;
    const github = await GitHub.open(token, this.#event, signal);
    await github.keepComment(
      pullRequest,
      markerOf(record),
      commentOf(record, { sha: byComment ? undefined : sha, runUrl }),
    );
  }

  /** Retries work that fails temporarily until the signal aborts, and turns a failure into a warning. */
  async #orWarn(what: string, signal: AbortSignal, work: () => Promise<void>): Promise<boolean> {
    // The first error says more than the time limit at the end.
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
