import { hasSidecar, isReady } from '../release/pods.ts';
import { selects } from '../release/objects.ts';
import type { Pod } from '../release/objects.ts';
import { previousOf } from '../release/record.ts';
import type { ClusterState } from '../release/state.ts';
import { VERSION_LABEL } from '../release/subsets.ts';
import { describeEdit, editsOf, newestRecord, weightsInForce } from '../release/traffic.ts';
import type { InForce } from '../release/traffic.ts';
import { formatWeights, sameWeights } from '../release/weights.ts';
import { selectorOfService } from '../release/workloads.ts';
import { noteUnseen, phase } from './context.ts';
import type { Context } from './context.ts';

/** What every cluster holds, and whether they agree. Writes nothing, and samples nothing. */
export async function status(context: Context): Promise<void> {
  const { release, fleet, journal, log } = context;
  await phase(context, 'Status', async () => {
    const state = await fleet.read(release);
    const inForce = weightsInForce(release, state);
    noteUnseen(context, state, inForce);
    journal.clusters = [...state.values()].map((cluster) => ({
      cluster: cluster.name,
      text: [routesIn(inForce.filter((one) => one.cluster === cluster.name)), podsIn(context, cluster)].join(
        '; ',
      ),
    }));
    for (const { cluster, text } of journal.clusters) log.info(`${cluster}: ${text}`);
    const [first, ...others] = inForce;
    journal.weights = first?.weights;
    journal.previous = previousOf(newestRecord(inForce));
    const agree = others.every(({ weights }) =>
      sameWeights(weights ?? new Map(), first?.weights ?? new Map()),
    );
    if (agree) log.info('All clusters agree.');
    else log.warn('The clusters hold different weights.');
    for (const edit of editsOf(inForce)) log.warn(`${describeEdit(edit)}.`);
  });
}

function routesIn(own: readonly InForce[]): string {
  if (own.length === 0) return 'routes served by another cluster';
  return own.map((one) => `${own.length > 1 ? `${nameIn(one)}: ` : ''}${heldBy(one)}`).join('; ');
}

function nameIn({ virtualService }: InForce): string {
  return virtualService?.metadata.name ?? 'not made yet';
}

function heldBy({ virtualService, weights, revision }: InForce): string {
  if (virtualService === undefined) return 'no VirtualService';
  return `${weights === undefined ? 'no weights' : `weights ${formatWeights(weights)}`}, revision ${revision ?? 'not set'}`;
}

function podsIn({ release }: Context, cluster: ClusterState): string {
  const selector = selectorOfService(release, cluster);
  const versions = new Map<string, { ready: number; all: number }>();
  for (const pod of cluster.pods.filter(({ metadata }) => selects(selector, metadata.labels)))
    count(versions, pod);
  if (versions.size === 0) return `no pod of ${release.app}`;
  return [...versions]
    .map(([version, { ready, all }]) => `${version}: ${String(ready)} of ${String(all)} pods ready`)
    .join(', ');
}

function count(versions: Map<string, { ready: number; all: number }>, pod: Pod): void {
  const version = pod.metadata.labels?.[VERSION_LABEL] ?? 'no version label';
  const { ready, all } = versions.get(version) ?? { ready: 0, all: 0 };
  versions.set(version, { ready: ready + (isReady(pod) && hasSidecar(pod) ? 1 : 0), all: all + 1 });
}
