import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import * as core from '@actions/core';
import { Fleet } from '../fleet/fleet.ts';
import type { Identity } from '../fleet/transaction/lock.ts';
import type { Context } from '../operations/context.ts';
import { lookAgain } from '../operations/look-again.ts';
import { plan } from '../operations/plan.ts';
import { promote } from '../operations/promote.ts';
import { retire } from '../operations/retire.ts';
import { rollback } from '../operations/rollback.ts';
import { rollout } from '../operations/rollout.ts';
import { status } from '../operations/status.ts';
import { recoverOwn } from '../operations/transaction.ts';
import { verify } from '../operations/verify.ts';
import { CanaryError, messageOf } from '../core/errors.ts';
import { allClusters } from '../release/release.ts';
import { headlineOf } from '../report/headline.ts';
import { newJournal, secondsIn } from '../report/run-record.ts';
import type { Journal } from '../report/run-record.ts';
import { runUrlOf } from './event.ts';
import type { Operation } from './inputs.ts';
import { readJob } from './job.ts';
import type { Job } from './job.ts';
import { escapeForLog, jobLog } from './job-log.ts';
import { publish } from './publish.ts';

const RUN: Readonly<Record<Operation, (context: Context) => Promise<unknown>>> = {
  rollout,
  plan,
  verify,
  promote,
  rollback,
  retire,
  status,
};

/** State that the runner hands from the main step to the post step. */
const HOLDER = 'holder';
const SETTLED = 'settled';
/** The transaction that has nothing left to do but to release its lock. */
const CONCLUDED = 'concluded';
const ANNOUNCED = 'announced';

/**
 * Runs the main step; or the post step, where `post.ts` started this, or a main step has left its name. Never throws; a failure is
 * the job's failure.
 */
export async function main(): Promise<void> {
  const holder = core.getState(HOLDER);
  const isPost = process.env['MULTICLUSTER_CANARY_POST'] === 'true' || holder !== '';
  let title = isPost ? 'What the main step left could not be settled' : 'multicluster-canary did not start';
  try {
    if (isPost) {
      await settleAfter(holder);
    } else {
      const job = await readJob();
      title = `${job.release.app}: ${job.operation} failed`;
      await run(job);
    }
  } catch (error) {
    fail(error, title);
  }
}

async function run(job: Job): Promise<void> {
  const { operation, release, kubeconfig, announcer } = job;
  const cancelled = cancellation();
  const identity = identityOf(randomUUID());
  const { tolerance, confidence, maxErrorRate } = release.check;
  const journal = newJournal(operation, release.app, release.namespace, {
    run: identity.run,
    limits: { tolerance, confidence, maxErrorRate },
  });
  const fleet = Fleet.open(kubeconfig, allClusters(release), cancelled.signal);
  // Known to the post step even if this process is killed at any moment from here on.
  core.saveState(HOLDER, identity.holder);
  announcer?.begin();
  /** Transactions that have ended, but for their lock. */
  const locked = new Set<string>();
  const context: Context = {
    release,
    fleet,
    journal,
    identity,
    log: jobLog,
    signal: cancelled.signal,
    onTransaction: (transaction, state) => {
      core.saveState(CONCLUDED, transaction);
      if (state === 'concluded') locked.add(transaction);
      else locked.delete(transaction);
    },
  };
  try {
    await RUN[operation](context);
    conclude(journal);
  } catch (error) {
    journal.failure = messageOf(error);
    // The step before may have passed: the run has not.
    if (journal.verdict === 'pass') journal.verdict = undefined;
    await lookAgain(context);
    throw withHarms(error, journal);
  } finally {
    cancelled.release();
    tellCalls(fleet, journal);
    await fleet.close();
    if (journal.settled && locked.size === 0) core.saveState(SETTLED, 'true');
    journal.seconds = secondsIn(journal);
    await publish(job, journal);
    const announced = (await announcer?.end(journal, cancelled.signal.aborted)) ?? true;
    core.saveState(ANNOUNCED, String(announced));
  }
}

/** What the run cost each API server, for whoever wonders about their load. */
function tellCalls(fleet: Fleet, journal: Journal): void {
  journal.calls = fleet.calls();
  for (const { cluster, calls, writes } of journal.calls)
    jobLog.info(`${cluster}: ${String(calls)} calls, ${String(writes)} writes`);
}

/**
 * The post step: settles and tells what the main step left half done, where it was killed.
 *
 * @param holder of the lock; empty where the main step began nothing
 */
async function settleAfter(holder: string): Promise<void> {
  const settled = core.getState(SETTLED) === 'true';
  const announced = core.getState(ANNOUNCED) === 'true';
  if (holder === '' || (settled && announced)) return;
  const job = await readJob();
  try {
    if (!settled) await settle(job, holder);
  } finally {
    if (!announced) await announceEnd(job, settled);
  }
}

async function settle({ operation, release, kubeconfig }: Job, holder: string): Promise<void> {
  const cancelled = cancellation();
  const journal = newJournal(operation, release.app, release.namespace);
  const fleet = Fleet.open(kubeconfig, allClusters(release), cancelled.signal);
  const identity: Identity = { ...identityOf(''), holder };
  try {
    const concluded = core.getState(CONCLUDED) || undefined;
    await recoverOwn({ release, fleet, journal, identity, log: jobLog, signal: cancelled.signal }, concluded);
  } finally {
    cancelled.release();
    await fleet.close();
  }
}

/** Otherwise the commit would be pending for ever. */
async function announceEnd({ operation, release, announcer }: Job, ended: boolean): Promise<void> {
  const failure = ended
    ? 'GitHub did not take the result when the run ended; its log has it.'
    : 'The run was killed before it could tell its result; its log shows how far it came.';
  await announcer?.end({ ...newJournal(operation, release.app, release.namespace), failure }, false);
}

/** This run, as others see it in the lock. */
function identityOf(unique: string): Identity {
  const { GITHUB_RUN_ID: id, GITHUB_REPOSITORY: repository } = process.env;
  const run = runUrlOf();
  if (run !== undefined) return { holder: `${repository ?? ''}/${id ?? ''}/${unique}`, run };
  return {
    holder: `${hostname()}/${unique}`,
    run: `A run on ${hostname()} (process ${String(process.pid)})`,
  };
}

/** A signal that a cancelled job sets off; the runner sends SIGINT, then SIGTERM 7.5 s later. */
function cancellation(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const cancel = (name: NodeJS.Signals): void => {
    controller.abort(new CanaryError(`Cancelled by ${name}.`));
  };
  process.on('SIGINT', cancel).on('SIGTERM', cancel);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', cancel).off('SIGTERM', cancel);
    },
  };
}

/** Turns a verdict other than a pass into the failure of the job, in the words of the headline. */
function conclude(journal: Journal): void {
  const { verdict, evidence, findings } = journal;
  if (verdict === undefined || verdict === 'pass') return;
  const seen = evidence
    .filter((one) => one.verdict !== 'pass')
    .map(({ cluster, url, reason }) => `${cluster} (${url}): ${reason}`);
  const causes = findings.map(({ title, detail }) => `${title}. ${detail}`);
  throw new CanaryError([headlineOf(journal).sentence, ...seen, ...causes, ...journal.remains].join('\n'));
}

/** What hurts users comes before anything else. */
function withHarms(error: unknown, { harms }: Journal): unknown {
  const text = messageOf(error);
  const missing = harms.filter((harm) => !text.includes(harm));
  return missing.length === 0 ? error : new CanaryError([...missing, text].join('\n'), { cause: error });
}

function fail(error: unknown, title: string): void {
  const expected = error instanceof CanaryError;
  if (!expected && error instanceof Error) core.info(escapeForLog(error.stack ?? ''));
  core.error(escapeForLog(messageOf(error)), { title: escapeForLog(title) });
  process.exitCode = core.ExitCode.Failure;
}
