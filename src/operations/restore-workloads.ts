import { isConflict } from '../kubernetes/client/errors.ts';
import { waitUntilReady } from '../kubernetes/client/ready.ts';
import { STEPS } from '../core/deadlines.ts';
import { endAfter, endBy } from '../core/signals.ts';
import { writeConfirmed } from '../fleet/transaction/write-confirmed.ts';
import type { Written } from '../fleet/transaction/write-confirmed.ts';
import type { Change } from '../kubernetes/change.ts';
import { messageOf } from '../core/errors.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { Plan } from '../release/plan.ts';
import type { ReadyCheck } from '../kubernetes/ready-check.ts';
import { isTemplateOurs, sameTemplate, withEarlierTemplate } from '../kubernetes/pod-templates.ts';
import type { VersionName } from '../core/weights.ts';
import { podTemplateOf } from '../kubernetes/pod-templates.ts';
import { failingVersions } from '../report/failing-versions.ts';
import { phase, recordIn } from './context.ts';
import type { Context } from './context.ts';

/** How often it looks again where a controller writes the object's status all the time. */
const ATTEMPTS = 5;

/** A workload of a version with users whose pod template this run has replaced. */
interface Replaced {
  readonly check: ReadyCheck;
  readonly version: VersionName;
  readonly before: KubeObject;
  readonly stored: KubeObject;
}

/** Restores what a run has made of the pods of versions with users, should it fail. */
export interface Restorer {
  /** Takes note of a workload that was written. */
  readonly note: (written: Written) => void;
  /**
   * Whether the pods come back before the weights: where the new pods of a version with earlier weights fail more than the
   * versions that lose traffic, the weights would send more users to them.
   */
  readonly comesFirst: () => boolean;
  /** Runs once; later calls do nothing. Never throws: what could not be restored is a harm of the journal. */
  readonly restore: () => Promise<void>;
}

export function restorerFor(context: Context, plan: Plan): Restorer {
  const written: Written[] = [];
  let isDone = false;
  return {
    note: (one) => void written.push(one),
    comesFirst: () => failsMost(context, replacedIn(plan, written)),
    restore: async () => {
      if (isDone) return;
      isDone = true;
      const replaced = replacedIn(plan, written);
      if (replaced.length > 0) await restoreAll(context, replaced);
    },
  };
}

function replacedIn({ ready, previous, live }: Plan, written: readonly Written[]): readonly Replaced[] {
  return written.flatMap(({ change: { cluster }, earlier: before, stored }) => {
    if (before === undefined || podTemplateOf(stored) === undefined || sameTemplate(before, stored))
      return [];
    const check = ready.find(
      (each) =>
        each.cluster === cluster &&
        each.workloads.some(({ kind, name }) => kind === stored.kind && name === stored.metadata.name),
    );
    if (check === undefined) return [];
    const { version } = check;
    const hasUsers = (previous?.get(version) ?? 0) > 0 || live.includes(version);
    return hasUsers ? [{ check, version, before, stored }] : [];
  });
}

function failsMost({ journal }: Context, replaced: readonly Replaced[]): boolean {
  const { versions } = failingVersions(journal);
  const rates = versions.map(({ version, errors, samples }) => ({
    rate: samples === 0 ? 0 : errors / samples,
    own: replaced.some((one) => one.version === version),
  }));
  const worst = (own: boolean): number =>
    Math.max(0, ...rates.filter((one) => one.own === own).map(({ rate }) => rate));
  return worst(true) > worst(false);
}

async function restoreAll(context: Context, replaced: readonly Replaced[]): Promise<void> {
  const { release, journal, log, isHeld } = context;
  if (release.onFailure === 'keep') {
    journal.harms = replaced.map((one) => harmOf(context, one, 'input on-failure: keep'));
  } else {
    const signal = endBy(context.signal, STEPS.restoreWorkloads, 'Restoring workloads');
    const rescue: Context = { ...context, signal, fleet: context.fleet.withSignal(signal) };
    await phase(rescue, 'Restore workloads', async () => {
      const held =
        isHeld === undefined ||
        (await isHeld(AbortSignal.any([signal, endAfter(STEPS.askForLock.usualMs, 'Asking for the lock')])));
      if (held) await Promise.all(replaced.map((one) => restoreOne(rescue, one, context.signal)));
      else for (const one of replaced) noteHarm(rescue, one, 'another run has taken over the lock');
    });
  }
  for (const sentence of [...journal.harms, ...journal.restored]) log.warn(sentence);
}

/** @param cancelled the run's own signal: once it has ended, nobody waits for pods */
async function restoreOne(context: Context, one: Replaced, cancelled: AbortSignal): Promise<void> {
  const { journal, log, release, fleet, signal } = context;
  const { check, before } = one;
  const cluster = fleet.cluster(check.cluster);
  try {
    if (!(await writeEarlier(context, one))) {
      noteHarm(context, one, 'somebody else has changed it since, and that is left alone');
      return;
    }
  } catch (error) {
    noteHarm(context, one, messageOf(error));
    return;
  }
  const what = `${nameOf(before)} in ${check.cluster} is back on ${contentOf(before)}`;
  if (cancelled.aborted) {
    journal.restored = [...journal.restored, `${what}; its pods are still being replaced.`];
    return;
  }
  try {
    const timeoutMs = Math.min(STEPS.restoreWorkloads.usualMs, release.workload.readyTimeoutMs);
    const onProgress = log.info.bind(log);
    const { namespace } = release;
    await waitUntilReady(cluster, check, {
      namespace,
      timeoutMs,
      signal: AbortSignal.any([signal, cancelled]),
      onProgress,
    });
    journal.restored = [...journal.restored, `${what}, and ready.`];
  } catch (error) {
    journal.harms = [...journal.harms, `${what}, but not all of its pods are ready yet: ${messageOf(error)}`];
  }
}

/** False where somebody else has changed the template since this run wrote it. */
async function writeEarlier(context: Context, { check, before, stored }: Replaced): Promise<boolean> {
  const { fleet, signal } = context;
  const cluster = fleet.cluster(check.cluster);
  const { apiVersion, kind, metadata } = stored;
  for (let attempt = 1; ; attempt += 1) {
    const now = await cluster.read(apiVersion, kind, metadata.name, metadata.namespace);
    if (now === undefined || !isTemplateOurs(stored, now)) return false;
    const change: Change = {
      cluster: check.cluster,
      verb: 'apply',
      object: withEarlierTemplate(now, before),
      before: undefined,
      reason: 'earlier pod template restored',
    };
    try {
      const result = await writeConfirmed(cluster, change, signal);
      recordIn(context)({ change, earlier: now, stored: result });
      return true;
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

function noteHarm(context: Context, one: Replaced, why: string): void {
  const { journal } = context;
  journal.harms = [...journal.harms, harmOf(context, one, why)];
}

/** What users of a version get now, why, and the way out. */
function harmOf(
  { journal, release }: Context,
  { check, version, before, stored }: Replaced,
  why: string,
): string {
  const weight = journal.held.find(({ cluster }) => cluster === check.cluster)?.weights?.get(version);
  const users =
    weight === undefined
      ? `${version}, which has users,`
      : `${version}, which has ${String(weight)}% of the traffic,`;
  const remedy = release.workload.images.has(version)
    ? `To go back, run the operation rollout with image ${version}=${imagesOf(before)[0] ?? ''}.`
    : 'To go back, run the operation rollout with the earlier manifests.';
  return `${users} still runs ${contentOf(stored)} of this failed run instead of ${contentOf(before)} (${nameOf(stored)} in ${check.cluster}; not restored: ${why}). ${remedy}`;
}

/** `image a:1`, which is what people know a template by. */
function contentOf(workload: KubeObject): string {
  const images = imagesOf(workload);
  return `${images.length === 1 ? 'image' : 'images'} ${images.join(', ')}`;
}

function imagesOf(workload: KubeObject): readonly string[] {
  const containers = podTemplateOf(workload)?.spec?.containers ?? [];
  return [...new Set(containers.map(({ image }) => image ?? ''))];
}
