import { preflight } from '../fleet/preflight.ts';
import { assertFitsLease } from '../fleet/transaction/lease-format.ts';
import type { Recovery } from '../fleet/transaction/recover.ts';
import { isUnfinished } from '../fleet/transaction/read-leases.ts';
import type { Weights } from '../core/weights.ts';
import type { ReadyCheck } from '../kubernetes/readiness.ts';
import { observe } from '../release/observation.ts';
import { existingRoutes } from '../release/route-state.ts';
import type { IngressClient } from '../verify/ingress-client.ts';
import { checkShares } from './check.ts';
import { phase } from './context.ts';
import type { Context } from './context.ts';
import { withClients } from './ingresses.ts';
import { assertTimeToWatch, tryMetrics } from './metrics.ts';
import { makeNamespaces } from './lock-namespaces.ts';
import { prepareAgain } from './prepare-again.ts';
import type { FleetReading } from './read-fleet.ts';
import { tellFailure } from './route-events.ts';
import type { Applied, Checked, Outcome, Prepared } from './stages.ts';
import { inTransaction, inside } from './transaction.ts';
import type { RecoveryPolicy } from './transaction.ts';

/** What every plan of a change has. */
export interface Planned {
  readonly weights: Weights;
  /** The pods that it waits for; none where it deploys nothing, and no version gains traffic. */
  readonly ready?: readonly ReadyCheck[];
}

/** What one operation does in each stage of the pipeline. */
export interface Stages<Plan extends Planned, Done extends Applied> {
  /**
   * Reads and plans. Writes nothing.
   *
   * @param reading what the clusters hold, if that has just been read
   */
  readonly prepare: (context: Context, reading?: FleetReading) => Promise<Prepared<Plan>>;
  /** Writes the plan. Never throws: it returns how far it came. */
  readonly apply: (
    context: Context,
    prepared: Prepared<Plan>,
    clients: readonly IngressClient[],
  ) => Promise<Done>;
  /** How long a passed step is watched, in ms; 0: not at all. */
  readonly bakeMs: number;
  /** Whether the metrics judge it, while it is watched. */
  readonly judgesMetrics: boolean;
  /** Restores what did not pass, or reports what did. */
  readonly conclude: (context: Context, step: Concluding<Plan, Done>) => Promise<void>;
  /**
   * What to do if another run has changed the release since it was read, or died in the middle of a change: prepare again and
   * go on, or leave everything as it is.
   */
  readonly whenOvertaken: 'prepare again' | 'leave';
  /** How what an earlier run left is recovered. */
  readonly recovery: RecoveryPolicy;
}

/** All that is known of a step once it was checked. */
export interface Concluding<Plan, Done extends Applied> {
  readonly prepared: Prepared<Plan>;
  readonly applied: Done;
  readonly checked: Checked;
  readonly clients: readonly IngressClient[];
}

/**
 * Runs an operation that changes a release: prepare, then as the only run that does so apply, verify and conclude. Where there
 * is nothing to write, it only verifies.
 */
export async function runPipeline<Plan extends Planned, Done extends Applied>(
  context: Context,
  stages: Stages<Plan, Done>,
  reading?: FleetReading,
): Promise<Outcome> {
  const { prepare, whenOvertaken, recovery, judgesMetrics, bakeMs } = stages;
  if (judgesMetrics) assertTimeToWatch(context.release, bakeMs, 'bake');
  const isJudgeable = ({ observed, plan }: Prepared<Plan>, within = context): Promise<boolean> =>
    judgesMetrics ? tryMetrics(within, { observed, weights: plan.weights }) : Promise.resolve(true);
  const prepared = await prepareAgain(context, prepare, reading);
  const { leases, changes, target } = prepared;
  // What a dead run has left is recovered whether or not the metrics of this one can be read.
  if (!isUnfinished(leases) && !(await isJudgeable(prepared))) return UNREADABLE;
  if (changes.length === 0 && !isUnfinished(leases)) return carryOut(context, stages, prepared);
  const { ready } = prepared.plan;
  const recovered = isUnfinished(leases) ? existingRoutes(prepared.observed.routes) : [];
  assertFitsLease(target);
  await phase(context, 'Preflight', () =>
    preflight(context.fleet, context.release, { changes, ready, recovered }),
  );
  await makeNamespaces(context, changes);
  return inTransaction(
    context,
    leases,
    target,
    async (opening): Promise<Outcome> => {
      const { view, fleet, signal } = opening;
      if (view === 'current') {
        if (isUnfinished(leases) && !(await isJudgeable(prepared, { ...context, fleet, signal })))
          return UNREADABLE;
        return carryOut(inside(context, opening.transaction), stages, prepared);
      }
      if (whenOvertaken === 'leave') return leftBy(opening.recovery);
      const fresh = await prepareAgain({ ...context, fleet, signal }, prepare);
      if (!(await isJudgeable(fresh, { ...context, fleet, signal }))) return UNREADABLE;
      const transaction = await opening.begin(fresh.target);
      return carryOut(inside(context, transaction), stages, fresh);
    },
    recovery,
  );
}

function leftBy(recovery: Recovery | undefined): Outcome {
  return recovery === undefined || recovery.outcome === 'agreed'
    ? { kind: 'overtaken' }
    : { kind: 'recovered', isVerified: recovery.outcome === 'verified' };
}

/** A metric cannot be read, so nothing that it should judge is begun. */
const UNREADABLE: Outcome = { kind: 'done', verdict: 'inconclusive' };

async function carryOut<Plan extends Planned, Done extends Applied>(
  context: Context,
  { apply, conclude, bakeMs }: Stages<Plan, Done>,
  prepared: Prepared<Plan>,
): Promise<Outcome> {
  return withClients(prepared.targets, async (clients) => {
    const applied = await apply(context, prepared, clients);
    const checked = applied.failure ?? (await verifyStep(context, prepared, applied, { clients, bakeMs }));
    tellFailure(context, prepared.observed, applied, checked);
    await conclude(context, { prepared, applied, checked, clients });
    if (checked.kind === 'failed') throw checked.error;
    return { kind: 'done', verdict: checked.kind === 'checked' ? checked.verdict : undefined };
  });
}

/** Checks the shares, and watches them and the metrics for a time once they have passed. Never throws. */
async function verifyStep(
  context: Context,
  { observed, plan }: Prepared<{ readonly weights: Weights }>,
  { written }: Applied,
  { clients, bakeMs }: { readonly clients: readonly IngressClient[]; readonly bakeMs: number },
): Promise<Checked> {
  const { release, fleet } = context;
  const hasIngress = clients.length > 0;
  const isWatched = bakeMs > 0 && (hasIngress || release.metrics.length > 0);
  if (!hasIngress && !isWatched) return { kind: 'unverified' };
  const check = async (watchMs?: number): Promise<Checked> => {
    const now =
      written.length === 0 ? observed : observe(release, await fleet.readAgain(release, observed.fleet));
    const { weights } = plan;
    const watch = watchMs === undefined ? {} : { watchMs };
    const { verdict, evidence } = await checkShares(context, { clients, weights, observed: now, ...watch });
    return verdict === undefined ? { kind: 'unverified' } : { kind: 'checked', verdict, evidence };
  };
  try {
    const checked = hasIngress ? await phase(context, 'Verify', () => check()) : undefined;
    if (checked !== undefined && !(isWatched && checked.kind === 'checked' && checked.verdict === 'pass'))
      return checked;
    return await phase(context, 'Bake', () => check(bakeMs));
  } catch (error) {
    return { kind: 'failed', error };
  }
}
