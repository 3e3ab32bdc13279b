import { hostname } from 'node:os';
import { nextTurn } from '../core/clock.ts';
import { STEPS } from '../core/deadlines.ts';
import { CanaryError, messageOf } from '../core/errors.ts';
import type { Identity } from '../fleet/transaction/lock.ts';
import { runUrlOf } from './event.ts';
import type { Host } from './host.ts';

/** The names of what the runner hands from the main step to the post step. */
export const STATE = {
  holder: 'holder',
  /** `true` where the main step has left nothing to recover. */
  recovered: 'recovered',
  /** The transaction that only has to release its lock. */
  concluded: 'concluded',
  /** `true` where GitHub has the result. */
  announced: 'announced',
} as const;

/**
 * Runs the main or the post step. Never throws: a failure is the job's failure.
 *
 * @param work is given a setter for the title of the error, for when it knows more
 */
export async function runStep(
  host: Host,
  title: string,
  work: (setTitle: (title: string) => void) => Promise<void>,
): Promise<void> {
  // Loading the action was one long turn. Not later: what is shown from here on has to be redacted, and no secret is known yet.
  await nextTurn();
  let current = title;
  // Node itself would print the error with all its properties, which may contain a request with its headers.
  process.on('uncaughtException', (error) => {
    fail(host, error, current);
    process.exit();
  });
  try {
    await work((better) => {
      current = better;
    });
  } catch (error) {
    fail(host, error, current);
  }
}

/** Ends the process soon: what still runs by itself, such as a login command that hangs, must not hold up the job. */
export function exitSoon(): void {
  setTimeout(() => {
    process.exit();
  }, STEPS.exit.usualMs).unref();
}

function fail(host: Host, error: unknown, title: string): void {
  const isExpected = error instanceof CanaryError;
  if (!isExpected && error instanceof Error) host.log.info(error.stack ?? '');
  host.fail(messageOf(error), title);
}

/** This run, as others see it in the lock. */
export function identityOf(unique: string): Identity {
  const { GITHUB_RUN_ID: id, GITHUB_REPOSITORY: repository } = process.env;
  const run = runUrlOf();
  if (run !== undefined) return { holder: `${repository ?? ''}/${id ?? ''}/${unique}`, run };
  return {
    holder: `${hostname()}/${unique}`,
    run: `A run on ${hostname()} (process ${String(process.pid)})`,
  };
}

/** What ends a run before its time; a terminal that is closed sends SIGHUP. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A signal that ends when the job is cancelled: the runner sends SIGINT, then SIGTERM 7.5 s later. */
export function cancellation(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const cancel = (name: NodeJS.Signals): void => {
    controller.abort(new CanaryError(`Cancelled by ${name}.`));
  };
  for (const name of ENDING) process.on(name, cancel);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of ENDING) process.off(name, cancel);
    },
  };
}
