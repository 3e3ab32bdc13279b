import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import * as core from '@actions/core';
import { readKubeconfig, secretsOf } from '../cluster/kubeconfig.ts';
import type { KubeConfig } from '../cluster/kubeconfig.ts';
import { Fleet } from '../fleet/fleet.ts';
import type { Identity } from '../fleet/lock.ts';
import { plan } from '../operations/plan.ts';
import { promote } from '../operations/promote.ts';
import { retire } from '../operations/retire.ts';
import { rollback } from '../operations/rollback.ts';
import { rollout } from '../operations/rollout.ts';
import { status } from '../operations/status.ts';
import { settleOwn } from '../operations/transaction.ts';
import { verify } from '../operations/verify.ts';
import type { Context } from '../operations/context.ts';
import { CanaryError, InputError, messageOf } from '../release/errors.ts';
import { allClusters } from '../release/release.ts';
import type { Release } from '../release/release.ts';
import { stepWeights } from '../release/weights.ts';
import { newJournal } from '../report/record.ts';
import type { Journal } from '../report/record.ts';
import { summaryOf } from '../report/summary.ts';
import { readInputs } from './inputs.ts';
import type { Inputs, Operation } from './inputs.ts';
import { asText, jobLog } from './log.ts';
import { setOutputs } from './outputs.ts';
import { readReleaseFile } from './release-file.ts';
import { releaseFrom } from './release.ts';

const RUN: Readonly<Record<Operation, (context: Context) => Promise<void>>> = {
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

interface Job {
  readonly operation: Operation;
  readonly release: Release;
  readonly kubeconfig: KubeConfig;
  readonly summary: boolean;
}

/** Runs the main step, or the post step where the main step left its state. Never throws; a failure is the job's failure. */
export async function main(): Promise<void> {
  const holder = core.getState(HOLDER);
  try {
    await (holder === '' ? run(readJob()) : settleAfter(holder));
  } catch (error) {
    fail(error);
  }
}

async function run({ operation, release, kubeconfig, summary }: Job): Promise<void> {
  const cancelled = cancellation();
  const journal = newJournal(operation, release.app, release.namespace);
  const fleet = Fleet.open(kubeconfig, allClusters(release), cancelled.signal);
  const identity = identityOf(randomUUID());
  // Known to the post step even if this process is killed at any moment from here on.
  core.saveState(HOLDER, identity.holder);
  try {
    await RUN[operation]({ release, fleet, journal, identity, log: jobLog, signal: cancelled.signal });
    conclude(journal);
  } catch (error) {
    journal.failure = messageOf(error);
    throw error;
  } finally {
    cancelled.release();
    tellCalls(fleet, journal);
    await fleet.close();
    core.saveState(SETTLED, 'true');
    await publish(release, journal, summary);
  }
}

/** What the run cost each API server, for whoever wonders about their load. */
function tellCalls(fleet: Fleet, journal: Journal): void {
  journal.calls = fleet.calls();
  for (const { cluster, calls, writes } of journal.calls)
    jobLog.info(`${cluster}: ${String(calls)} calls, ${String(writes)} writes`);
}

/** The post step: settles what the main step left half done, where it was killed. */
async function settleAfter(holder: string): Promise<void> {
  if (core.getState(SETTLED) === 'true') return;
  const { operation, release, kubeconfig } = readJob();
  const cancelled = cancellation();
  const journal = newJournal(operation, release.app, release.namespace);
  const fleet = Fleet.open(kubeconfig, allClusters(release), cancelled.signal);
  const identity: Identity = { ...identityOf(''), holder };
  try {
    await settleOwn({ release, fleet, journal, identity, log: jobLog, signal: cancelled.signal });
  } finally {
    cancelled.release();
    await fleet.close();
  }
}

/** This run, as others see it in the lock. */
function identityOf(unique: string): Identity {
  const { GITHUB_RUN_ID: run, GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
  if (run && server && repository) {
    return { holder: `${repository}/${run}/${unique}`, run: `${server}/${repository}/actions/runs/${run}` };
  }
  return {
    holder: `${hostname()}/${unique}`,
    run: `A run on ${hostname()} (process ${String(process.pid)})`,
  };
}

/** Reads all inputs, the release file, the kubeconfig and the manifests. @throws InputError with every problem at once */
function readJob(): Job {
  const file = readReleaseFile(core.getInput('config'));
  const { values, problems, sources } = readInputs((name) => core.getInput(name), file.values);
  let kubeconfig: KubeConfig | undefined;
  const found: string[] = [];
  try {
    kubeconfig = readKubeconfig(values.kubeconfig);
    mask(kubeconfig);
  } catch (error) {
    found.push(messageOf(error));
  }
  const read = releaseFrom(
    values,
    kubeconfig?.getContexts().map(({ name }) => name),
    sources,
  );
  const all = [...file.problems, ...problems, ...found, ...read.problems];
  if (all.length > 0) throw new InputError(all);
  if (read.release === undefined || kubeconfig === undefined)
    throw new Error('inputs without a problem, but no release');
  return { ...switches(values), release: read.release, kubeconfig };
}

function switches({
  operation = 'rollout',
  summary = true,
}: Partial<Inputs>): Pick<Job, 'operation' | 'summary'> {
  return { operation, summary };
}

/** Tells the runner what never to show. Elsewhere nobody reads this command, and it would itself show the secret. */
function mask(kubeconfig: KubeConfig): void {
  if (process.env['GITHUB_ACTIONS'] !== 'true') return;
  for (const secret of secretsOf(kubeconfig)) core.setSecret(secret);
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

/** Turns a verdict that is no pass into the failure of the job. */
function conclude({ verdict, evidence, findings }: Journal): void {
  if (verdict === undefined || verdict === 'pass') return;
  const seen = evidence
    .filter((one) => one.verdict !== 'pass')
    .map(({ cluster, url, reason }) => `${cluster} (${url}): ${reason}`);
  const causes = findings.map(({ title, detail }) => `${title}. ${detail}`);
  const head =
    verdict === 'fail'
      ? 'What users get is not what was asked for.'
      : 'The check came to no decision, which is no pass.';
  throw new CanaryError([head, ...seen, ...causes].join('\n'));
}

async function publish(release: Release, journal: Journal, summary: boolean): Promise<void> {
  lookAhead(release, journal);
  setOutputs(journal);
  if (journal.verdict === 'pass')
    core.notice(asText(passNotice(journal)), { title: `${release.app}: the shares match the weights` });
  if (!summary || !process.env['GITHUB_STEP_SUMMARY']) return;
  await core.summary.addRaw(summaryOf(journal)).write();
}

function passNotice({ evidence }: Journal): string {
  return evidence
    .map(
      ({ cluster, samples, seconds }) => `${cluster}: ${String(samples)} samples in ${seconds.toFixed(1)} s`,
    )
    .join(', ');
}

/** The next step of the release, and whether it has come to its end. */
function lookAhead({ version, traffic }: Release, journal: Journal): void {
  const { weights } = journal;
  if (version === undefined || weights === undefined) return;
  const now = weights.get(version) ?? 0;
  const next = traffic.steps.find((step) => step > now);
  journal.next = next === undefined ? undefined : stepWeights(next, version, weights);
  journal.complete = now === 100 || (traffic.steps.length > 0 && next === undefined);
}

function fail(error: unknown): void {
  const expected = error instanceof CanaryError;
  core.setFailed(asText(messageOf(error)));
  if (!expected && error instanceof Error) core.info(asText(error.stack ?? ''));
}
