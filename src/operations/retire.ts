import type { IngressClient } from '../verify/ingress-client.ts';
import { inEnglish } from '../texts/texts.ts';
import { ClusterError } from '../kubernetes/client/errors.ts';
import { writeInOrder } from '../fleet/transaction/write-in-order.ts';
import { tryOut } from '../fleet/dry-run.ts';
import { allOf } from '../fleet/fleet.ts';
import { targetObjects } from '../fleet/transaction/target-objects.ts';
import type { TransactionTarget } from '../fleet/transaction/intent.ts';
import { clustersOf } from '../release/release.ts';
import type { ClusterName } from '../core/names.ts';
import { assertManifestsFit } from '../release/guards/manifests-fit.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { KubeObject, Service } from '../kubernetes/objects.ts';
import { planRetirement } from '../release/plan-retirement.ts';
import type { Retirement } from '../release/plan-retirement.ts';
import type { FleetState } from '../release/state.ts';
import { observe } from '../release/observation.ts';
import { ownObjects } from '../release/workload-objects.ts';
import { seeRevision } from './arrival.ts';
import { lockedPhase, noteBlindSpots, phase, recordChange } from './context.ts';
import type { Context } from './context.ts';
import { assertAppExists } from '../release/guards/app-exists.ts';
import { findTargets, routeObjects } from './ingresses.ts';
import { readFleet } from './read-fleet.ts';
import type { Applied, Outcome, Prepared } from './stages.ts';
import type { Written } from '../fleet/transaction/write-confirmed.ts';
import { runPipeline } from './pipeline.ts';
import { writeEverywhere } from './transaction.ts';

/**
 * Takes a version at weight 0 out, in all clusters: first out of the routes, which is waited for through every ingress, then
 * its workload, then its subset. The subset goes last, since a run that takes up where this one ended finds the workload by the
 * labels of the subset. The Service stays, since the other versions need it.
 */
export function retire(context: Context): Promise<Outcome> {
  return runPipeline(context, {
    prepare,
    apply,
    bakeMs: 0,
    judgesMetrics: false,
    conclude: () => Promise.resolve(),
    whenOvertaken: 'prepare again',
    // An earlier run's step is watched as that run would have watched it.
    recovery: { repairs: false, bakeMs: context.release.traffic.bakeMs },
  });
}

async function prepare(context: Context): Promise<Prepared<Retirement>> {
  const { release, fleet, recorder, log } = context;
  return phase(context, 'Plan', async () => {
    const { state, leases } = await readFleet(context);
    assertAppExists(release, state);
    const observed = observe(release, state);
    noteBlindSpots(context, observed);
    recorder.record({ kind: 'read', held: observed.held });
    const brought = await readBrought(context, state);
    const alone = planRetirement(observed, brought);
    const services = await readServices(context, alone);
    const plan = services.size === 0 ? alone : planRetirement(observed, brought, services);
    log.info(`Retiring ${plan.version} of ${release.app}`);
    const changes = (await tryOut(fleet, state, [plan.routes, plan.workloads, plan.subsets])).flat();
    for (const { cluster, verb, object, reason } of changes)
      log.info(`${cluster}: ${verb} ${nameOf(object)} (${inEnglish(reason)})`);
    for (const { cluster, object, reason } of plan.left)
      log.info(`${cluster}: ${nameOf(object)} stays: ${reason}`);
    if (changes.length === 0) log.info(`No cluster has anything of ${plan.version} to remove.`);
    const targets = await findTargets(context, state, routeObjects(observed.routes));
    // The weights of the other versions stay what they are.
    const { weights } = plan;
    const history = observed.record?.history ?? [];
    const target: TransactionTarget = {
      target: weights,
      previous: weights,
      direction: 'forward',
      history,
      objects: targetObjects([...plan.workloads, ...plan.subsets]),
    };
    return { observed, leases, plan, changes, target, targets };
  });
}

/** The objects of the user's manifests that exist, in the clusters of their version. */
async function readBrought(
  { release, fleet }: Context,
  state: FleetState,
): Promise<ReadonlyMap<ClusterName, readonly KubeObject[]>> {
  assertManifestsFit(release, state);
  const { version } = release;
  const clusters = version === undefined ? [] : clustersOf(release, version);
  const found = clusters.map(async (name) => {
    const objects = await allOf(
      ownObjects(release, state.get(name) ?? { name, clusterScoped: new Set() }).map(
        ({ apiVersion, kind, metadata }) =>
          fleet.cluster(name).read(apiVersion, kind, metadata.name, metadata.namespace),
      ),
    );
    return [name, objects.filter((object) => object !== undefined)] as const;
  });
  return new Map(await allOf(found));
}

/** The other Services where a workload is to be deleted: each of them may lead to its pods, too. */
async function readServices(
  { release, fleet }: Context,
  { workloads }: Retirement,
): Promise<ReadonlyMap<ClusterName, readonly Service[]>> {
  const clusters = [...new Set(workloads.map(({ cluster }) => cluster))];
  const found = clusters.map(async (name) => {
    try {
      return [[name, await fleet.cluster(name).list<Service>('v1', 'Service', release.namespace)] as const];
    } catch (error) {
      if (error instanceof ClusterError && error.status === 403) return [];
      throw error;
    }
  });
  return new Map((await allOf(found)).flat());
}

async function apply(
  context: Context,
  { observed, plan }: Prepared<Retirement>,
  clients: readonly IngressClient[],
): Promise<Applied> {
  const { fleet, recorder } = context;
  const { routes, subsets, workloads } = plan;
  const written: Written[] = [];
  const note = (all: readonly Written[]): void => void written.push(...all);
  try {
    if (routes.length > 0) {
      note(await lockedPhase(context, 'Routes', () => writeEverywhere(context, routes)));
      recorder.record({ kind: 'in force', weights: plan.weights, direction: 'same' });
    }
    // Routes that an earlier run has written may not have arrived yet either.
    if (routes.length + subsets.length + workloads.length > 0)
      await phase(context, 'Seen', () => seeRevision(context, observed, plan.revision, clients));
    if (workloads.length > 0)
      note(
        await lockedPhase(context, 'Workload', () => writeInOrder(fleet, workloads, recordChange(context))),
      );
    if (subsets.length > 0)
      note(await lockedPhase(context, 'Subset', () => writeEverywhere(context, subsets)));
    return { written, failure: undefined };
  } catch (error) {
    return { written, failure: { kind: 'failed', error } };
  }
}
