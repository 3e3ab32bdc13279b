import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import type { Cluster } from '../cluster/cluster.ts';
import type { KubeObject } from '../release/objects.ts';
import type { Change } from '../release/change.ts';
import type { Plan } from '../release/plan.ts';
import type { FleetState } from '../release/state.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';

/** Calls under way at a time and cluster. */
const PARALLEL = 8;

/**
 * Lets every API server check every change of a plan without storing it, and leaves out the applies that would change
 * nothing. Objects of a namespace that does not exist yet cannot be tried; they are kept as they are.
 *
 * @throws what the servers refuse, all of it: nothing has been written then
 */
export async function dryRun(fleet: Fleet, state: FleetState, plan: Plan): Promise<Plan> {
  const limits = new Map([...state.keys()].map((name) => [name, pLimit(PARALLEL)]));
  const tryAll = async (changes: readonly Change[]): Promise<readonly Change[]> => {
    const tried = changes.map((change) => {
      const limit = limits.get(change.cluster);
      const run = (): Promise<boolean> =>
        tryChange(fleet.cluster(change.cluster), change, hasNamespace(state, change));
      return limit === undefined ? run() : limit(run);
    });
    const needed = await allOf(tried);
    return changes.filter((_, i) => needed[i] === true);
  };
  const [workloads = [], subsets = [], previews = [], routes = []] = await allOf(
    [plan.workloads, plan.subsets, plan.previews, plan.routes].map(tryAll),
  );
  return { ...plan, workloads, subsets, previews, routes };
}

function hasNamespace(state: FleetState, { cluster, object }: Change): boolean {
  const own = state.get(cluster)?.namespace;
  // Only the release's own namespace may be missing: the plan makes it.
  return own !== undefined || object.kind === 'Namespace';
}

/** Whether the change would change anything. */
async function tryChange(cluster: Cluster, change: Change, hasNamespace: boolean): Promise<boolean> {
  if (!hasNamespace) return true;
  const { object, before, verb } = change;
  switch (verb) {
    case 'create':
      await cluster.create(object, { dryRun: true });
      return true;
    case 'update':
      // The preview stage makes a VirtualService that is not there yet; here its final form is tried.
      await (before === undefined
        ? cluster.create(object, { dryRun: true })
        : cluster.replace(object, { dryRun: true }));
      return true;
    case 'delete':
      await cluster.remove(object, { dryRun: true });
      return true;
    case 'apply': {
      const { apiVersion, kind, metadata } = object;
      const live = await cluster.read(apiVersion, kind, metadata.name, metadata.namespace);
      const result = await cluster.apply(object, { dryRun: true });
      return live === undefined || !isDeepStrictEqual(content(result), content(live));
    }
  }
}

/** What of an object a write can change: all but what the server keeps about it. */
function content({ metadata, status: _, ...rest }: KubeObject): unknown {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...meta } = metadata;
  return { ...rest, metadata: meta };
}
