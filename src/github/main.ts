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
import { foldRun } from '../report/fold-run.ts';
import { RunLog } from '../report/run-log.ts';
import { emptyRecord } from '../report/run-record.ts';
import type { RunRecord } from '../report/run-record.ts';
import type { Recorder } from '../report/run-events.ts';
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
  const events = new RunLog();
  const start = emptyRecord(operation, release.app, release.namespace, {
    begin: events.begin.toISOString(),
    run: identity.run,
    limits: { tolerance, confidence, maxErrorRate },
  });
  const recordNow = (): RunRecord => foldRun(start, events.events);
  const fleet = Fleet.open(kubeconfig, allClusters(release), cancelled.signal);
  // Known to the post step even if this process is killed at any moment from here on.
  core.saveState(HOLDER, identity.holder);
  announcer?.begin();
  /** Transactions that have ended, but for their lock. */
  const locked = new Set<string>();
  const context: Context = {
    release,
    fleet,
    recorder: events,
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
    conclude(recordNow());
  } catch (error) {
    events.record({ kind: 'failed', message: messageOf(error) });
    if (recordNow().changes.length > 0) await lookAgain(context);
    throw withHarms(error, recordNow());
  } finally {
    cancelled.release();
    noteCalls(fleet, events);
    await fleet.close();
    events.record({ kind: 'ended' });
    const ended = recordNow();
    if (ended.settled && locked.size === 0) core.saveState(SETTLED, 'true');
    const record = await publish(job, ended);
    const announced = (await announcer?.end(record, cancelled.signal.aborted)) ?? true;
    core.saveState(ANNOUNCED, String(announced));
  }
}

/** What the run cost each API server, for those who watch their load. */
function noteCalls(fleet: Fleet, recorder: Recorder): void {
  const all = fleet.calls();
  recorder.record({ kind: 'calls', calls: all });
  for (const { cluster, calls, writes } of all)
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

async function settle({ release, kubeconfig }: Job, holder: string): Promise<void> {
  const cancelled = cancellation();
  const fleet = Fleet.open(kubeconfig, allClusters(release), cancelled.signal);
  const identity: Identity = { ...identityOf(''), holder };
  try {
    const concluded = core.getState(CONCLUDED) || undefined;
    const recorder = new RunLog();
    await recoverOwn(
      { release, fleet, recorder, identity, log: jobLog, signal: cancelled.signal },
      concluded,
    );
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
  await announcer?.end({ ...emptyRecord(operation, release.app, release.namespace), failure }, false);
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
function conclude(record: RunRecord): void {
  const { verdict, evidence, findings } = record;
  if (verdict === undefined || verdict === 'pass') return;
  const seen = evidence
    .filter((one) => one.verdict !== 'pass')
    .map(({ cluster, url, reason }) => `${cluster} (${url}): ${reason}`);
  const causes = findings.map(({ title, detail }) => `${title}. ${detail}`);
  throw new CanaryError([headlineOf(record).sentence, ...seen, ...causes, ...record.remains].join('\n'));
}

/** What hurts users comes before anything else. */
function withHarms(error: unknown, { harms }: RunRecord): unknown {
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
