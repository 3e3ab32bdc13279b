import type { IngressClient, Target } from '../check/client.ts';
import { writeInOrder, writeTogether } from '../fleet/apply.ts';
import { preflight } from '../fleet/preflight.ts';
import type { Change } from '../release/change.ts';
import { nameOf } from '../release/objects.ts';
import { planRetirement } from '../release/retirement.ts';
import type { Retirement } from '../release/retirement.ts';
import type { FleetState } from '../release/state.ts';
import { weightsInForce } from '../release/traffic.ts';
import { checkNow, seeRevision } from './check.ts';
import { phase, recordIn } from './context.ts';
import type { Context } from './context.ts';
import { findTargets, withClients } from './ingresses.ts';
import { inTransaction } from './transaction.ts';
import { virtualServices } from './verify.ts';

interface Prospect {
  readonly state: FleetState;
  readonly plan: Retirement;
  readonly targets: readonly Target[];
}

/**
 * Takes a version at weight 0 out, in all clusters: first out of the routes, which is waited for through every ingress, then
 * its subset, then its workload. The Service stays, since the other versions need it.
 */
export async function retire(context: Context): Promise<void> {
  const prospect = await lookAhead(context);
  const { plan } = prospect;
  const changes = changesOf(plan);
  if (changes.length === 0) {
    await carryOut(context, prospect);
    return;
  }
  await phase(context, 'Preflight', () => preflight(context.fleet, context.release, changes));
  await inTransaction(context, { target: plan.weights, previous: plan.weights }, async (inside, stale) => {
    await carryOut(inside, stale ? await lookAhead(inside) : prospect);
  });
}

function changesOf({ routes, subsets, workloads }: Retirement): readonly Change[] {
  return [...routes, ...subsets, ...workloads];
}

async function lookAhead(context: Context): Promise<Prospect> {
  const { release, fleet, log } = context;
  return phase(context, 'Plan', async () => {
    const state = await fleet.read(release);
    const plan = planRetirement(release, state, await fleet.readVirtualServices(release, state));
    log.info(`Retiring ${plan.version} of ${release.app}`);
    const changes = changesOf(plan);
    for (const { cluster, verb, object, reason } of changes)
      log.info(`${cluster}: ${verb} ${nameOf(object)} (${reason})`);
    if (changes.length === 0) log.info(`Nothing of ${plan.version} is left in any cluster.`);
    const targets = await findTargets(context, state, virtualServices(weightsInForce(release, state)));
    return { state, plan, targets };
  });
}

async function carryOut(context: Context, { state, plan, targets }: Prospect): Promise<void> {
  await withClients(targets, async (clients) => {
    await takeOut(context, plan, clients);
    context.journal.weights = plan.weights;
    // The versions that stay must serve on as they did.
    await phase(context, 'Verify', () => checkNow(context, state, plan.weights, clients));
  });
}

async function takeOut(context: Context, plan: Retirement, clients: readonly IngressClient[]): Promise<void> {
  const { fleet, signal } = context;
  const { routes, subsets, workloads } = plan;
  if (routes.length > 0) {
    await phase(context, 'Routes', async () => {
      await writeTogether(fleet, routes, signal, recordIn(context));
      await seeRevision(context, plan.revision, clients);
    });
  }
  if (subsets.length > 0)
    await phase(context, 'Subset', () => writeTogether(fleet, subsets, signal, recordIn(context)));
  if (workloads.length > 0)
    await phase(context, 'Workload', () => writeInOrder(fleet, workloads, recordIn(context)));
}
