import { waitUntilReady } from '../kubernetes/client/ready.ts';
import type { Message } from '../texts/message.ts';
import { quoted } from '../texts/message.ts';
import { inEnglish } from '../texts/texts.ts';
import { STEPS } from '../core/deadlines.ts';
import { endBy } from '../core/signals.ts';
import { writeBack } from '../fleet/transaction/revert-change.ts';
import type { Written } from '../fleet/transaction/write-confirmed.ts';
import type { Change } from '../kubernetes/change.ts';
import { messageOf } from '../core/errors.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { Plan } from '../release/plan.ts';
import type { ReadyCheck } from '../kubernetes/readiness.ts';
import { isTemplateOurs, sameTemplate, withEarlierTemplate } from '../kubernetes/pod-templates.ts';
import type { VersionName } from '../core/weights.ts';
import { podTemplateOf } from '../kubernetes/pod-templates.ts';
import { failureRateUnder } from '../report/failing-versions.ts';
import { phase, recordChange } from './context.ts';
import type { Context } from './context.ts';
import type { RunEvent } from '../report/run-events.ts';
import type { ClusterWeights } from '../release/cluster-weights.ts';
import type { IngressEvidence } from '../verify/evidence.ts';

/** A workload of a version with users whose pod template this run has replaced. */
interface Replaced {
  readonly check: ReadyCheck;
  readonly version: VersionName;
  readonly before: KubeObject;
  readonly stored: KubeObject;
}

type Result = Extract<RunEvent, { kind: 'harm' | 'restored' }>;

/** Restores what a run has made of the pods of versions with users, should it fail. */
export interface Restorer {
  /** Takes note of a workload that was written. */
  readonly note: (written: Written) => void;
  /**
   * Whether the pods come back before the weights: those alone would send more users to the pods that fail. Otherwise the weights go
   * first, as they change at once, and pods take their time.
   *
   * @param evidence of the last check
   */
  readonly comesFirst: (evidence: readonly IngressEvidence[]) => boolean;
  /**
   * Runs once; later calls wait for the same. Never throws: what could not be restored is recorded as a harm.
   *
   * @param held what each config cluster holds now
   */
  readonly restore: (held: readonly ClusterWeights[]) => Promise<void>;
}

export function restorerFor(context: Context, plan: Plan): Restorer {
  const written: Written[] = [];
  let restoring: Promise<void> | undefined;
  return {
    note: (one) => void written.push(one),
    comesFirst: (evidence) =>
      plan.previous !== undefined &&
      failureRateUnder(plan.previous, evidence) > failureRateUnder(plan.weights, evidence),
    restore: (held) => {
      const replaced = replacedIn(plan, written);
      restoring ??= replaced.length === 0 ? Promise.resolve() : restoreAll(context, replaced, held);
      return restoring;
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

async function restoreAll(
  context: Context,
  replaced: readonly Replaced[],
  holding: readonly ClusterWeights[],
): Promise<void> {
  const { release, recorder, log, transaction } = context;
  const noted = (result: Result): Result => {
    recorder.record(result);
    return result;
  };
  let results: readonly Result[];
  if (release.onFailure === 'keep') {
    results = replaced.map((one) => noted(harmOf(context, one, holding, { kind: 'keptOnFailure' })));
  } else {
    const signal = endBy(context.signal, STEPS.restoreWorkloads, 'Restoring workloads');
    const rescue: Context = { ...context, signal, fleet: context.fleet.withSignal(signal) };
    results = await phase(rescue, 'Restore workloads', async () => {
      const asking = endBy(context.signal, STEPS.askForLock, 'Asking for the lock');
      const held = (await transaction?.isHeld(AbortSignal.any([signal, asking]))) ?? true;
      return held
        ? Promise.all(
            replaced.map(async (one) => noted(await restoreOne(rescue, one, holding, context.signal))),
          )
        : replaced.map((one) => noted(harmOf(rescue, one, holding, { kind: 'lockTakenOver' })));
    });
  }
  const harmsFirst = results.toSorted((a, b) => Number(b.kind === 'harm') - Number(a.kind === 'harm'));
  for (const { message } of harmsFirst) log.warn(inEnglish(message));
}

/** @param cancelled the run's own signal: once it has ended, nobody waits for pods */
async function restoreOne(
  context: Context,
  one: Replaced,
  holding: readonly ClusterWeights[],
  cancelled: AbortSignal,
): Promise<Result> {
  const { log, release, fleet, signal } = context;
  const { check, before } = one;
  const cluster = fleet.cluster(check.cluster);
  try {
    if (!(await writeEarlier(context, one))) {
      return harmOf(context, one, holding, { kind: 'changedByOthers' });
    }
  } catch (error) {
    return harmOf(context, one, holding, quoted(messageOf(error)));
  }
  const what = { object: nameOf(before), cluster: check.cluster, images: imagesOf(before) };
  if (cancelled.aborted) {
    return { kind: 'restored', message: { kind: 'podsBack', ...what, ready: false } };
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
    return { kind: 'restored', message: { kind: 'podsBack', ...what, ready: true } };
  } catch (error) {
    return { kind: 'harm', message: { kind: 'podsNotReady', ...what, error: messageOf(error) } };
  }
}

/** False where somebody else has changed the template since this run wrote it. */
async function writeEarlier(context: Context, { check, before, stored }: Replaced): Promise<boolean> {
  const { fleet, signal } = context;
  const { cluster } = check;
  const undo = (live: KubeObject): Change | undefined =>
    isTemplateOurs(stored, live)
      ? {
          cluster,
          verb: 'apply',
          object: withEarlierTemplate(live, before),
          before: live,
          reason: { kind: 'templateRestored' },
        }
      : undefined;
  const onWritten = recordChange(context);
  const { outcome } = await writeBack(fleet.cluster(cluster), stored, undo, { signal, onWritten });
  return outcome === 'written';
}

/** What users of a version get now, why, and the way out. */
function harmOf(
  { release }: Context,
  { check, version, before, stored }: Replaced,
  held: readonly ClusterWeights[],
  why: Message,
): Result {
  const weight = held.find(({ cluster }) => cluster === check.cluster)?.weights?.get(version);
  const message: Message = {
    kind: 'podsNotBack',
    version,
    weight,
    object: nameOf(stored),
    cluster: check.cluster,
    images: imagesOf(stored),
    earlier: imagesOf(before),
    why,
    image: release.workload.images.has(version) ? (imagesOf(before)[0] ?? '') : undefined,
  };
  return { kind: 'harm', message };
}

/** What people know a template by. */
function imagesOf(workload: KubeObject): readonly string[] {
  const containers = podTemplateOf(workload)?.spec?.containers ?? [];
  return [...new Set(containers.map(({ image }) => image ?? ''))];
}
