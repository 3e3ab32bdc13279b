import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import type { Cluster } from '../cluster/cluster.ts';
import type { Change } from '../release/change.ts';
import { contentOf } from '../release/objects.ts';
import type { KubeObject } from '../release/objects.ts';
import type { Plan } from '../release/plan.ts';
import type { FleetState } from '../release/state.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';

/** Calls under way at a time and cluster. */
const PARALLEL = 8;

/** A change with what it would make of the object. */
export interface TriedChange extends Change {
  /** What stands there now; undefined where there is no such object. */
  readonly live: KubeObject | undefined;
  /** What would stand there, as the server's dry run gave it; undefined after a deletion. */
  readonly after: KubeObject | undefined;
  /** False where the server could not try it, since the namespace does not exist yet: `after` is what would be sent. */
  readonly tried: boolean;
}

/** A plan without the changes that would change nothing. */
export interface TriedPlan extends Plan {
  readonly workloads: readonly TriedChange[];
  readonly subsets: readonly TriedChange[];
  readonly previews: readonly TriedChange[];
  readonly routes: readonly TriedChange[];
}

/**
 * Lets every API server check every change of a plan without storing it, and leaves out the applies that would change
 * nothing. Objects of a namespace that does not exist yet cannot be tried; they are kept as they are.
 *
 * @throws what the servers refuse, all of it: nothing has been written then
 */
export async function dryRun(fleet: Fleet, state: FleetState, plan: Plan): Promise<TriedPlan> {
  const limits = new Map([...state.keys()].map((name) => [name, pLimit(PARALLEL)]));
  const tryAll = async (changes: readonly Change[]): Promise<readonly TriedChange[]> => {
    const tried = changes.map((change) => {
      const limit = limits.get(change.cluster);
      const run = (): Promise<TriedChange> =>
        hasNamespace(state, change)
          ? tryChange(fleet.cluster(change.cluster), change)
          : Promise.resolve({ ...change, live: undefined, after: change.object, tried: false });
      return limit === undefined ? run() : limit(run);
    });
    return (await allOf(tried)).filter(changesAnything);
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

async function tryChange(cluster: Cluster, change: Change): Promise<TriedChange> {
  const { object, before, verb } = change;
  switch (verb) {
    case 'create':
      return {
        ...change,
        live: undefined,
        after: await cluster.create(object, { dryRun: true }),
        tried: true,
      };
    case 'update': {
      // The preview stage makes a VirtualService that is not there yet; here its final form is tried.
      const after =
        before === undefined
          ? await cluster.create(object, { dryRun: true })
          : await cluster.replace(object, { dryRun: true });
      return { ...change, live: before, after, tried: true };
    }
    case 'delete':
      await cluster.remove(object, { dryRun: true });
      return { ...change, live: object, after: undefined, tried: true };
    case 'apply': {
      const { apiVersion, kind, metadata } = object;
      const live = await cluster.read(apiVersion, kind, metadata.name, metadata.namespace);
      return { ...change, live, after: await cluster.apply(object, { dryRun: true }), tried: true };
    }
  }
}

/** All but a server-side apply is planned because something has to change. */
function changesAnything({ verb, live, after }: TriedChange): boolean {
  if (verb !== 'apply' || live === undefined || after === undefined) return true;
  return !isDeepStrictEqual(contentOf(after), contentOf(live));
}
