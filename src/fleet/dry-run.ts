import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import { isForbidden } from '../kubernetes/client/errors.ts';
import type { Change } from '../kubernetes/change.ts';
import { contentOf, nameOf } from '../kubernetes/objects.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { TrafficPlan } from '../release/plan-traffic.ts';
import type { Plan } from '../release/plan.ts';
import type { ClusterState, FleetState } from '../release/state.ts';
import { accessFor, missingOf } from './access.ts';
import type { MissingAccess } from './access.ts';
import { limitPerCluster } from './cluster-limits.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import { replaceAsPlanned } from './replace-as-planned.ts';

/** Calls in flight at a time, per cluster. */
const PARALLEL = 8;

/** A change, and what the object would be after it. */
export interface TriedChange extends Change {
  /** The object now; undefined if it does not exist. */
  readonly live: KubeObject | undefined;
  /** The object after the change, according to the server's dry run; undefined after a deletion. */
  readonly after: KubeObject | undefined;
  /** False if no server tried it, and `after` is what would be sent: the namespace or a permission is missing. */
  readonly tried: boolean;
  /** The permissions for it that the user of the kubeconfig lacks. */
  readonly missing: readonly MissingAccess[];
}

/** A plan without the changes that would have no effect. */
export interface TriedPlan extends Plan {
  readonly pins?: TriedTraffic | undefined;
  readonly workloads: readonly TriedChange[];
  readonly subsets: readonly TriedChange[];
  readonly previews: readonly TriedChange[];
  readonly routes: readonly TriedChange[];
}

/** The same of what moves routes to the Services of versions. */
interface TriedTraffic extends TrafficPlan {
  readonly previews: readonly TriedChange[];
  readonly routes: readonly TriedChange[];
}

/** All changes of a plan, in their order; but Services come before what refers to them. */
export function triedIn({ pins, workloads, subsets, previews, routes }: TriedPlan): readonly TriedChange[] {
  return [
    ...workloads,
    ...(pins === undefined ? [] : [...pins.previews, ...pins.routes]),
    ...subsets,
    ...previews,
    ...routes,
  ];
}

/** Lets every API server check every change of a plan without storing it; see `tryOut`. */
export async function dryRun(fleet: Fleet, state: FleetState, plan: Plan): Promise<TriedPlan> {
  const { pins, ...rest } = plan;
  const stages = [plan.workloads, plan.subsets, plan.previews, plan.routes];
  const [tried, moved] = await Promise.all([
    tryOut(fleet, state, stages),
    tryOut(fleet, state, pins === undefined ? [] : [pins.previews, pins.routes]),
  ]);
  const [workloads = [], subsets = [], previews = [], routes = []] = tried;
  const [first = [], then = []] = moved;
  return {
    ...rest,
    ...(pins === undefined ? {} : { pins: { ...pins, previews: first, routes: then } }),
    workloads,
    subsets,
    previews,
    routes,
  };
}

/**
 * Lets every API server check the changes of all stages without storing them, and omits the applies that would change nothing.
 * Objects of a namespace that does not exist yet cannot be tried, nor can changes that the user has no permission for; both are
 * kept as planned.
 *
 * @throws everything else that the servers refuse: nothing has been written then
 */
export async function tryOut(
  fleet: Fleet,
  state: FleetState,
  stages: readonly (readonly Change[])[],
): Promise<readonly (readonly TriedChange[])[]> {
  const limitOf = limitPerCluster(PARALLEL);
  const tryOne = (change: Change): Promise<TriedChange> =>
    limitOf(change.cluster)(tryChange, fleet, state.get(change.cluster), change);
  return allOf(stages.map(async (changes) => (await allOf(changes.map(tryOne))).filter(changesAnything)));
}

/**
 * Lets every API server check changes once more, as they are about to be written.
 *
 * @throws what a server refuses, or why it does not answer
 */
export async function assertAccepted(fleet: Fleet, changes: readonly Change[]): Promise<void> {
  await allOf(changes.map((change) => tried(fleet.cluster(change.cluster), change)));
}

async function tryChange(
  fleet: Fleet,
  state: ClusterState | undefined,
  change: Change,
): Promise<TriedChange> {
  const untried = { ...change, after: change.verb === 'delete' ? undefined : change.object, tried: false };
  // Only the release's own namespace may be missing: the plan creates it, and what is in no namespace can be tried.
  if (state?.namespace === undefined && change.object.metadata.namespace !== undefined)
    return { ...untried, live: undefined, missing: [] };
  const cluster = fleet.cluster(change.cluster);
  const live = await liveObject(cluster, state, change);
  try {
    return { ...change, live, after: await tried(cluster, change), tried: true, missing: [] };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    // A quota or a webhook also refuses with 403.
    const missing = await missingOf(fleet, accessFor(change));
    if (missing.length === 0) throw error;
    return { ...untried, live, missing };
  }
}

/** The object that a change applies to; what was read at the start is not read again. */
async function liveObject(
  cluster: Cluster,
  state: ClusterState | undefined,
  { verb, object, before }: Change,
): Promise<KubeObject | undefined> {
  if (verb === 'delete') return object;
  if (verb !== 'apply') return before;
  const { apiVersion, kind, metadata } = object;
  const listed = state === undefined ? undefined : objectsLike(object, state);
  const known = listed?.objects.find((one) => one.kind === kind && nameOf(one) === nameOf(object));
  return (
    known ??
    (listed?.complete === true
      ? undefined
      : cluster.read(apiVersion, kind, metadata.name, metadata.namespace))
  );
}

/** What was read of the kind of an object in the release's namespace, and whether that is all there is. */
function objectsLike(
  { apiVersion, kind, metadata }: KubeObject,
  { namespace, service, otherServices, deployments }: ClusterState,
): { readonly objects: readonly KubeObject[]; readonly complete: boolean } {
  const isInside = metadata.namespace === namespace?.metadata.name;
  if (kind !== 'Service')
    return { objects: deployments, complete: isInside && apiVersion === 'apps/v1' && kind === 'Deployment' };
  const others = otherServices === 'unlisted' ? undefined : otherServices;
  return {
    objects: [...(service === undefined ? [] : [{ ...service, kind }]), ...(others ?? [])],
    complete: isInside && apiVersion === 'v1' && others !== undefined,
  };
}

/** The result of the server's dry run. */
async function tried(cluster: Cluster, { verb, object, before }: Change): Promise<KubeObject | undefined> {
  const options = { dryRun: true };
  switch (verb) {
    case 'apply':
      return cluster.apply(object, options);
    case 'create':
      return cluster.create(object, options);
    case 'update':
      // The preview stage creates a missing VirtualService; this tries its final form.
      return before === undefined
        ? cluster.create(object, options)
        : replaceAsPlanned(cluster, { object, before }, options);
    case 'delete':
      await cluster.remove(object, options);
      return undefined;
  }
}

/** Only a server-side apply may be planned although nothing would change. */
function changesAnything({ verb, live, after }: TriedChange): boolean {
  if (verb !== 'apply' || live === undefined || after === undefined) return true;
  return !isDeepStrictEqual(contentOf(after), contentOf(live));
}
