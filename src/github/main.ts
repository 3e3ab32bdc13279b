import { randomUUID } from 'node:crypto';
import { EventSender } from '../fleet/event-sender.ts';
import { Fleet } from '../fleet/fleet.ts';
import type { Context } from '../operations/context.ts';
import { readAfterFailure } from '../operations/read-after-failure.ts';
import { plan } from '../operations/plan.ts';
import { promote } from '../operations/promote.ts';
import { retire } from '../operations/retire.ts';
import { rollback } from '../operations/rollback.ts';
import { rollout } from '../operations/rollout.ts';
import { status } from '../operations/status.ts';
import { verify } from '../operations/verify.ts';
import { nextTurn } from '../core/clock.ts';
import { CanaryError, messageOf } from '../core/errors.ts';
import { allClusters } from '../release/release.ts';
import { inEnglish, textsIn } from '../texts/texts.ts';
import { headlineOf } from '../report/headline.ts';
import { metricSentence } from '../report/metric-sentences.ts';
import { foldRun } from '../report/fold-run.ts';
import { RunLog } from '../report/run-log.ts';
import { emptyRecord } from '../report/run-record.ts';
import type { Log } from '../report/log.ts';
import type { RunRecord } from '../report/run-record.ts';
import type { Recorder } from '../report/run-events.ts';
import { githubHost } from './github-host.ts';
import type { Host } from './host.ts';
import type { Operation } from './inputs.ts';
import { readJob } from './job.ts';
import type { Job } from './job.ts';
import type * as Publish from './publish.ts';
import { RefusedJob } from './refused-job.ts';
import { STATE, cancellation, exitSoon, identityOf, runStep } from './step.ts';

const OPERATIONS: Readonly<Record<Operation, (context: Context) => Promise<unknown>>> = {
  rollout,
  plan,
  verify,
  promote,
  rollback,
  retire,
  status,
};

/** The main step of the action. */
export async function mainStep(): Promise<void> {
  await runJob(githubHost);
  exitSoon();
}

/** Reads the inputs, runs their operation, and publishes the result. */
export async function runJob(host: Host): Promise<void> {
  await runStep(host, 'multicluster-canary did not start', async (setTitle) => {
    const job = await readJob(host).catch(async (error: unknown) => {
      if (error instanceof RefusedJob) await (await publishing()).publishRefusal(host, error);
      throw error;
    });
    setTitle(`${job.release.app}: ${job.operation} failed`);
    // Reading the inputs was one long turn.
    await nextTurn();
    await run(host, job);
  });
}

async function run(host: Host, job: Job): Promise<void> {
  const { log } = host;
  const { operation, release, language, kubeconfig, announcer } = job;
  const cancelled = cancellation();
  const identity = identityOf(randomUUID());
  const { tolerance, confidence, maxErrorRate } = release.check;
  const events = new RunLog();
  const start = emptyRecord(operation, release.app, release.namespace, {
    begin: events.begin.toISOString(),
    run: identity.run,
    language,
    retiring: operation === 'retire' ? release.version : undefined,
    limits: { tolerance, confidence, maxErrorRate },
  });
  const recordNow = (): RunRecord => foldRun(start, events.events);
  const fleet = Fleet.open(kubeconfig, allClusters(release), cancelled.signal);
  // Known to the post step even if this process is killed at any moment from here on.
  host.saveState(STATE.holder, identity.holder);
  announcer?.begin();
  for (const { message, isWarning } of job.connections) {
    if (isWarning) log.warn(inEnglish(message));
    else log.info(inEnglish(message));
    events.record({ kind: 'connection', message });
  }
  /** Transactions that only have to release their lock. */
  const locked = new Set<string>();
  const sender = new EventSender(fleet, identity.holder);
  const context: Context = {
    events: sender,
    release,
    fleet,
    recorder: events,
    identity,
    log,
    signal: cancelled.signal,
    onTransaction: (transaction, state) => {
      host.saveState(STATE.concluded, transaction);
      if (state === 'concluded') locked.add(transaction);
      else locked.delete(transaction);
    },
  };
  try {
    await OPERATIONS[operation](context);
    conclude(recordNow());
  } catch (error) {
    events.record({ kind: 'failed', message: messageOf(error) });
    if (recordNow().changes.length > 0) await readAfterFailure(context);
    throw withHarms(error, recordNow());
  } finally {
    for (const sentence of await sender.settle(cancelled.signal)) log.info(sentence);
    cancelled.release();
    noteCalls(fleet, events, log);
    await fleet.close();
    events.record({ kind: 'ended' });
    const ended = recordNow();
    if (!ended.needsRecovery && locked.size === 0) host.saveState(STATE.recovered, 'true');
    const { publish } = await publishing();
    const record = await publish(host, job, ended);
    const announced = (await announcer?.end(record, cancelled.signal.aborted)) ?? true;
    host.saveState(STATE.announced, String(announced));
  }
}

/** What renders reports is not evaluated before the first call. */
async function publishing(): Promise<typeof Publish> {
  return import(/* webpackMode: "eager" */ './publish.ts');
}

/** What the run cost each API server, for those who watch their load. */
function noteCalls(fleet: Fleet, recorder: Recorder, log: Log): void {
  const all = fleet.calls();
  recorder.record({ kind: 'calls', calls: all });
  for (const { cluster, calls, writes } of all)
    log.info(`${cluster}: ${String(calls)} calls, ${String(writes)} writes`);
}

/** Turns a verdict other than a pass into the failure of the job, in the words of the headline. */
function conclude(record: RunRecord): void {
  const { verdict, evidence, metrics, findings } = record;
  if (verdict === undefined || verdict === 'pass') return;
  const seen = evidence
    .filter((one) => one.verdict !== 'pass')
    .map(({ cluster, url, reason }) => `${cluster} (${url}): ${inEnglish(reason)}`);
  const measured = metrics
    .filter((one) => one.verdict === 'fail' || one.verdict === 'inconclusive')
    .map((metric) => metricSentence(metric, textsIn('en')));
  const causes = findings.map(({ title, detail }) => inEnglish({ kind: 'findingLine', title, detail }));
  throw new CanaryError(
    [
      headlineOf(record, textsIn('en')).sentence,
      ...seen,
      ...measured,
      ...causes,
      ...record.remains.map(inEnglish),
    ].join('\n'),
  );
}

/** What hurts users comes before anything else. */
function withHarms(error: unknown, { harms }: RunRecord): unknown {
  const text = messageOf(error);
  const missing = harms.map(inEnglish).filter((harm) => !text.includes(harm));
  return missing.length === 0 ? error : new CanaryError([...missing, text].join('\n'), { cause: error });
}
