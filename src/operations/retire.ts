import type { IngressClient } from '../check/client.ts';
import { writeInOrder, writeTogether } from '../fleet/apply.ts';
import { nameOf } from '../release/objects.ts';
import { planRetirement } from '../release/retirement.ts';
import type { Retirement } from '../release/retirement.ts';
import type { FleetState } from '../release/state.ts';
import { weightsInForce } from '../release/traffic.ts';
import { checkNow, seeRevision } from './check.ts';
import { phase, recordIn } from './context.ts';
import type { Context } from './context.ts';
import { openIngresses } from './ingresses.ts';
import { virtualServices } from './verify.ts';

/**
 * Takes a version at weight 0 out, in all clusters: first out of the routes, which is waited for through every ingress, then
 * its subset, then its workload. The Service stays, since the other versions need it.
 */
export async function retire(context: Context): Promise<void> {
  const { release, fleet, journal, log } = context;
  const { state, plan, clients } = await phase(context, 'Plan', async () => {
    const state = await fleet.read(release);
    const plan = planRetirement(release, state, await fleet.readVirtualServices(release, state));
    const changes = [...plan.routes, ...plan.subsets, ...plan.workloads];
    log.info(`Retiring ${plan.version} of ${release.app}`);
    for (const { cluster, verb, object, reason } of changes)
      log.info(`${cluster}: ${verb} ${nameOf(object)} (${reason})`);
    if (changes.length === 0) log.info(`Nothing of ${plan.version} is left in any cluster.`);
    return {
      state,
      plan,
      clients: await openIngresses(context, state, virtualServices(weightsInForce(release, state))),
    };
  });
  try {
    await takeOut(context, plan, clients);
    await verifyRest(context, state, plan, clients);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
  journal.weights = plan.weights;
}

async function takeOut(context: Context, plan: Retirement, clients: readonly IngressClient[]): Promise<void> {
  const { fleet } = context;
  const { routes, subsets, workloads } = plan;
  if (routes.length > 0) {
    await phase(context, 'Routes', async () => {
      await writeTogether(fleet, routes, recordIn(context));
      await seeRevision(context, plan.revision, clients);
    });
  }
  if (subsets.length > 0)
    await phase(context, 'Subset', () => writeTogether(fleet, subsets, recordIn(context)));
  if (workloads.length > 0)
    await phase(context, 'Workload', () => writeInOrder(fleet, workloads, recordIn(context)));
}

/** The versions that stay must serve on as they did. */
async function verifyRest(
  context: Context,
  state: FleetState,
  plan: Retirement,
  clients: readonly IngressClient[],
): Promise<void> {
  await phase(context, 'Verify', () => checkNow(context, state, plan.weights, clients));
}
