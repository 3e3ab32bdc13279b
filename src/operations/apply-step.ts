import { allOf } from '../fleet/fleet.ts';
import { assertSidecars } from '../fleet/injection.ts';
import { assertAccepted } from '../fleet/dry-run.ts';
import type { TriedChange, TriedPlan } from '../fleet/dry-run.ts';
import { rebased, writeInOrder } from '../fleet/transaction/write-in-order.ts';
import type { OnWritten, Written } from '../fleet/transaction/write-confirmed.ts';
import { waitUntilReady } from '../kubernetes/client/ready.ts';
import type { Change } from '../kubernetes/change.ts';
import { allHolding } from '../release/cluster-weights.ts';
import type { Plan } from '../release/plan.ts';
import type { TrafficPlan } from '../release/plan-traffic.ts';
import type { ClusterName } from '../core/names.ts';
import type { IngressClient } from '../verify/ingress-client.ts';
import { awaitPreview } from '../verify/probe.ts';
import { awaitPropagation, explained, seeRevision } from './arrival.ts';
import { lockedPhase, phase, recordChange } from './context.ts';
import type { Context } from './context.ts';
import { isBeforeLock } from './lock-namespaces.ts';
import { awaitRouteStatus } from './route-status.ts';
import { restorerFor } from './restore-workloads.ts';
import type { Restorer } from './restore-workloads.ts';
import type { Applied, Prepared } from './stages.ts';
import { writeEverywhere } from './transaction.ts';

/** How far a step was carried out. */
export interface AppliedStep extends Applied {
  /** Whether all config clusters hold the weights of the plan: then what does not pass is rolled back. */
  readonly isInForce: boolean;
  /** The plan with its routes based on what was written before them. */
  readonly plan: Plan;
  /** Undoes what was made of pods with users. */
  readonly restorer: Restorer;
}

/**
 * Brings a step to all clusters: workloads, subsets, preview routes, then the weights. Each is ready, or seen through every
 * ingress, before the next, so that no route leads to what does not answer.
 */
export async function applyStep(
  context: Context,
  prepared: Prepared<TriedPlan>,
  clients: readonly IngressClient[],
): Promise<AppliedStep> {
  const restorer = restorerFor(context, prepared.plan);
  const written: Written[] = [];
  const onWritten = async (one: Written): Promise<void> => {
    restorer.note(one);
    written.push(one);
    await recordChange(context)(one);
  };
  let { plan }: { plan: Plan } = prepared;
  let isInForce = false;
  let failure: Applied['failure'];
  try {
    const move = { prepared, clients, restorer, onWritten, written };
    const note = (moved: readonly Written[]): void => void written.push(...moved);
    const { services, others } = byStage(prepared.plan, context.release.configClusters);
    await writeServices(context, services, onWritten);
    if (plan.pins !== undefined) plan = await pinRoutes(context, plan, plan.pins, move, note);
    await deploy(context, prepared, others, onWritten);
    await writeSubsets(context, plan, onWritten);
    const moved = await carryTraffic(context, plan, move, (all) => {
      note(all);
      isInForce = true;
    });
    plan = { ...plan, routes: moved };
    isInForce = true;
  } catch (error) {
    failure = { kind: 'failed', error };
  }
  return { written, plan, isInForce, restorer, failure };
}

/** What carries traffic from one state of the routes to the next. */
interface Move {
  readonly prepared: Prepared<TriedPlan>;
  readonly clients: readonly IngressClient[];
  readonly restorer: Restorer;
  readonly onWritten: OnWritten;
  /** What was written so far. */
  readonly written: readonly Written[];
}

/** Preview routes, then the weights in all clusters or none. @returns the changes of the weights, as they were written */
async function carryTraffic(
  context: Context,
  traffic: TrafficPlan,
  move: Move,
  onMoved: (written: readonly Written[]) => void,
): Promise<readonly Change[]> {
  const previewed = await writePreviews(context, traffic, move.onWritten);
  const routes = rebased(traffic.routes, previewed);
  if (routes.length === 0 && !move.written.some(isBehindRoutes)) return routes;
  await phase(context, 'Preview', async () => {
    await awaitRouteStatus(context, move.prepared.observed.api, routes);
    await seePreviews(context, traffic, move.clients, move.written.length > 0);
  });
  if (routes.length === 0) return routes;
  await moveWeights(context, { ...traffic, routes }, move, onMoved);
  return routes;
}

/**
 * Whether routes lead users through an object. Even if the routes stay as they are, a missing one that was written, such as a subset
 * that someone had removed, has to reach the gateways before they are sampled.
 */
function isBehindRoutes({ change }: Written): boolean {
  return ['DestinationRule', 'Gateway', 'Service'].includes(change.object.kind);
}

/**
 * Moves the routes from the app's Service to those of the versions, to the same effect.
 *
 * @returns the plan, based on what was written
 */
async function pinRoutes(
  context: Context,
  plan: Plan,
  pins: TrafficPlan,
  move: Move,
  onMoved: (written: readonly Written[]) => void,
): Promise<Plan> {
  const stored: Written[] = [];
  await carryTraffic(context, pins, move, (all) => {
    stored.push(...all);
    onMoved(all);
  });
  return { ...plan, previews: rebased(plan.previews, stored), routes: rebased(plan.routes, stored) };
}

/** Writes the weights in all clusters or none, and waits until every ingress shows them. */
async function moveWeights(
  context: Context,
  { weights, revision, routes }: TrafficPlan,
  { prepared: { observed, target }, clients, restorer }: Move,
  onMoved: (written: readonly Written[]) => void,
): Promise<void> {
  const { signal, recorder } = context;
  // A cancelled job has no time for one after the other: pods are restored while writes of weights are still being reverted.
  let { held } = observed;
  const restoreAtOnce = (): void => void restorer.restore(held);
  signal.addEventListener('abort', restoreAtOnce, { once: true });
  try {
    await lockedPhase(context, 'Weights', async () => {
      // Users of a first route get 404 again if another cluster refuses its own: so no cluster gets one before all accept theirs.
      if (routes.some(({ isFirstRoute }) => isFirstRoute === true))
        await assertAccepted(context.fleet, routes);
      onMoved(await writeEverywhere(context, routes, target.direction));
      held = allHolding(held, weights);
      recorder.record({ kind: 'in force', weights, direction: 'forward' });
      await seeRevision(context, observed, revision, clients);
    });
  } finally {
    signal.removeEventListener('abort', restoreAtOnce);
  }
  signal.throwIfAborted();
}

/** Where routes are moved to the Services of versions, those and their namespaces go before it, and all else after it. */
function byStage(
  { workloads, pins }: TriedPlan,
  configClusters: readonly ClusterName[],
): { readonly services: readonly TriedChange[]; readonly others: readonly TriedChange[] } {
  const changes = workloads.filter((change) => !isBeforeLock(change, configClusters));
  const isFirst = ({ object }: TriedChange): boolean =>
    pins !== undefined && ['Namespace', 'Service'].includes(object.kind);
  return { services: changes.filter(isFirst), others: changes.filter((change) => !isFirst(change)) };
}

/** The Services that routes are moved to before any pod is written. */
async function writeServices(
  context: Context,
  services: readonly TriedChange[],
  onWritten: OnWritten,
): Promise<void> {
  if (services.length > 0)
    await lockedPhase(context, 'Services', () => writeInOrder(context.fleet, services, onWritten));
}

/** Workloads first: nothing may be routed to a version before it is ready in each of its clusters. */
async function deploy(
  context: Context,
  { observed, plan }: Prepared<TriedPlan>,
  workloads: readonly TriedChange[],
  onWritten: OnWritten,
): Promise<void> {
  const { release, fleet, log } = context;
  if (workloads.length > 0)
    await lockedPhase(context, 'Deploy', async () => {
      const namespaces = workloads.filter(({ object }) => object.kind === 'Namespace');
      const others = workloads.filter((change) => !namespaces.includes(change));
      // The sidecar injector goes by the labels of a namespace, so those come first; what they will do is predicted before.
      if (namespaces.length > 0) {
        await assertSidecars(fleet, release, observed.fleet, plan, 'planned');
        await writeInOrder(fleet, namespaces, onWritten);
      }
      const unasked = await assertSidecars(fleet, release, observed.fleet, plan, 'written');
      for (const sentence of unasked) log.info(sentence);
      await writeInOrder(fleet, others, onWritten);
    });
  await awaitReady(context, plan, workloads);
}

/** Waits for the pods that were changed, and for those that are about to get more traffic. */
async function awaitReady(context: Context, { ready }: Plan, deployed: readonly Change[]): Promise<void> {
  const { release, fleet, log, signal } = context;
  const needed = ready.filter(
    (check) =>
      check.gains ||
      deployed.some(
        ({ cluster, object }) =>
          cluster === check.cluster &&
          check.workloads.some(({ kind, name }) => kind === object.kind && name === object.metadata.name),
      ),
  );
  if (needed.length === 0) return;
  await phase(context, 'Ready', () =>
    allOf(
      needed.map((check) =>
        waitUntilReady(fleet.cluster(check.cluster), check, {
          namespace: release.namespace,
          timeoutMs: release.workload.readyTimeoutMs,
          signal,
          onProgress: (text) => {
            log.info(text);
          },
        }),
      ),
    ),
  );
}

async function writeSubsets(context: Context, { subsets }: Plan, onWritten: OnWritten): Promise<void> {
  if (subsets.length > 0)
    await phase(context, 'Subsets', () => writeInOrder(context.fleet, subsets, onWritten));
}

async function writePreviews(
  context: Context,
  { previews }: TrafficPlan,
  onWritten: OnWritten,
): Promise<readonly Written[]> {
  return previews.length === 0
    ? []
    : phase(context, 'Preview routes', () => writeInOrder(context.fleet, previews, onWritten));
}

/** Waits until every version answers its preview request through every ingress, and for the time that changes take to the others. */
async function seePreviews(
  context: Context,
  plan: TrafficPlan,
  clients: readonly IngressClient[],
  hasWritten: boolean,
): Promise<void> {
  const { release, signal } = context;
  const known = [...plan.weights.keys()];
  const revision = plan.previews.length === 0 ? undefined : String(plan.revision);
  const previews = clients.flatMap((client) =>
    plan.probes.map((version) =>
      awaitPreview(client, version, revision, known, { check: release.check, signal }),
    ),
  );
  await allOf([
    // What an earlier run wrote has had its time.
    ...(hasWritten ? [awaitPropagation(context, clients)] : []),
    explained(context, previews),
  ]);
}
