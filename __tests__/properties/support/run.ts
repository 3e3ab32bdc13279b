import type { Clock } from '../../../src/core/clock.ts';
import { STEPS } from '../../../src/core/deadlines.ts';
import { endBy } from '../../../src/core/signals.ts';
import type { Weights } from '../../../src/core/weights.ts';
import { Fleet } from '../../../src/fleet/fleet.ts';
import type { TriedChange } from '../../../src/fleet/dry-run.ts';
import { rollBack } from '../../../src/fleet/transaction/roll-back.ts';
import { rebased, writeInOrder } from '../../../src/fleet/transaction/write-in-order.ts';
import type { Written } from '../../../src/fleet/transaction/write-confirmed.ts';
import { Cluster } from '../../../src/kubernetes/client/cluster.ts';
import { recordChange } from '../../../src/operations/context.ts';
import type { Context } from '../../../src/operations/context.ts';
import { runPipeline } from '../../../src/operations/pipeline.ts';
import type { Concluding, Stages } from '../../../src/operations/pipeline.ts';
import { readFleet } from '../../../src/operations/read-fleet.ts';
import type { Applied, Prepared } from '../../../src/operations/stages.ts';
import { writeEverywhere } from '../../../src/operations/transaction.ts';
import { assertWeightsNotEdited } from '../../../src/release/guards/weights-not-edited.ts';
import { observe } from '../../../src/release/observation.ts';
import { planTraffic } from '../../../src/release/plan-traffic.ts';
import type { TrafficPlan } from '../../../src/release/plan-traffic.ts';
import type { Release } from '../../../src/release/release.ts';
import { targetWeights } from '../../../src/release/target-weights.ts';
import { stepBack, stepForward } from '../../../src/release/traffic-target.ts';
import type { RunEvent } from '../../../src/report/run-events.ts';
import { MemoryTransport, pass } from './memory-cluster.ts';
import type { Caller, MemoryCluster } from './memory-cluster.ts';

/** A run of the action on clusters in memory: its own transaction and plans; no pods are deployed, and nothing is sampled. */

export interface StandInRun {
  readonly context: Context & { readonly clock: Clock };
  readonly events: readonly RunEvent[];
  readonly lines: readonly string[];
  /** Transactions that ended with nothing left but their locks, as the post step is told. */
  readonly concluded: readonly string[];
}

/** The stand-in of the monotonic clock: timers are faked. */
export const standInClock: Clock = {
  now: () => performance.now(),
  async sleep(ms, signal) {
    signal.throwIfAborted();
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener(
        'abort',
        () => {
          reject(signal.reason as Error);
        },
        { once: true },
      );
    });
    await Promise.race([pass(ms), stopped]);
  },
};

export function standInRun(
  release: Release,
  clusters: readonly MemoryCluster[],
  caller: Caller,
  holder: string,
  signal: AbortSignal,
): StandInRun {
  const events: RunEvent[] = [];
  const lines: string[] = [];
  const concluded: string[] = [];
  const say = (line: string): void => {
    if (!caller.isDead()) lines.push(line);
  };
  const fleet = Fleet.of(
    clusters.map((one) =>
      Cluster.over(new MemoryTransport(one, caller), `https://${one.name}.example`, signal, standInClock),
    ),
  );
  return {
    events,
    lines,
    concluded,
    context: {
      release,
      fleet,
      signal,
      clock: standInClock,
      identity: { holder, run: `run ${holder}` },
      recorder: { record: (event) => events.push(event) },
      log: { info: say, warn: say, warnOnce: say, progress: () => undefined, group: (_, work) => work() },
      onTransaction: (transaction, state) => {
        if (!caller.isDead() && state === 'concluded') concluded.push(transaction);
      },
    },
  };
}

interface StepPlan extends TrafficPlan {
  readonly previous: Weights | undefined;
}

interface AppliedStep extends Applied {
  readonly plan: StepPlan;
  readonly isInForce: boolean;
}

/** What it takes to bring weights to all clusters. */
export interface StepRequest {
  readonly weights: Weights;
  readonly direction: 'forward' | 'back';
  readonly verdict: 'pass' | 'fail';
}

/** One step: the order of its stages is that of `apply-step.ts`. */
export function stepOf({ weights, direction, verdict }: StepRequest): Stages<StepPlan, AppliedStep> {
  return {
    bakeMs: 0,
    judgesMetrics: false,
    whenOvertaken: 'prepare again',
    recovery: { repairs: true, bakeMs: 0 },
    prepare: async (context): Promise<Prepared<StepPlan>> => {
      const { leases, state } = await readFleet(context);
      const observed = observe(context.release, state);
      const asked = targetWeights(observed, weights);
      assertWeightsNotEdited(observed, asked);
      const target = direction === 'forward' ? stepForward(observed, asked) : stepBack(observed, asked);
      const plan = { ...planTraffic(observed, target), previous: observed.weights };
      const changes = [...plan.subsets, ...plan.previews, ...plan.routes].map((change): TriedChange => ({
        ...change,
        live: change.before,
        after: change.object,
        tried: true,
        missing: [],
      }));
      const history = observed.record?.history ?? [];
      return {
        observed,
        leases,
        plan,
        changes,
        target: { target: plan.weights, previous: plan.previous, direction, history, objects: [] },
        targets: [],
      };
    },
    apply: async (context, { plan: planned }): Promise<AppliedStep> => {
      const written: Written[] = [];
      const onWritten = async (one: Written): Promise<void> => {
        written.push(one);
        await recordChange(context)(one);
      };
      let plan = planned;
      let isInForce = false;
      try {
        await context.transaction?.assertHeld();
        await writeInOrder(context.fleet, plan.subsets, onWritten);
        const previewed = await writeInOrder(context.fleet, plan.previews, onWritten);
        plan = { ...plan, routes: rebased(plan.routes, previewed) };
        await context.transaction?.assertHeld();
        if (plan.routes.length > 0) written.push(...(await writeEverywhere(context, plan.routes)));
        isInForce = true;
        await context.transaction?.assertHeld();
        if (verdict === 'fail') throw new Error('the check did not pass');
      } catch (error) {
        return { plan, written, isInForce, failure: { kind: 'failed', error } };
      }
      return { plan, written, isInForce, failure: undefined };
    },
    conclude,
  };
}

/** As `automatic-rollback.ts` does, without an ingress. */
async function conclude(
  context: Context,
  { prepared, applied: { plan, isInForce, failure } }: Concluding<StepPlan, AppliedStep>,
): Promise<void> {
  const { transaction, release, signal: run, recorder } = context;
  const { previous } = plan;
  if (failure === undefined || !isInForce || previous === undefined || transaction === undefined) return;
  const signal = endBy(run, STEPS.rollBack, 'Restoring the weights');
  const step = { release, state: prepared.observed.fleet, plan, previous };
  try {
    await transaction.rollBack(() =>
      rollBack(transaction, step, { signal, run, onWritten: recordChange(context) }),
    );
  } catch {
    recorder.record({ kind: 'inconsistent' });
  }
}

export async function runStep(context: Context, request: StepRequest): Promise<void> {
  await runPipeline(context, stepOf(request));
}
