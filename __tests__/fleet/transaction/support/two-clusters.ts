import { Fleet } from '../../../../src/fleet/fleet.ts';
import { quoted } from '../../../../src/texts/message.ts';
import { withVersionOf } from '../../../../src/fleet/replace-as-planned.ts';
import type { Change } from '../../../../src/kubernetes/change.ts';
import type { VirtualService } from '../../../../src/kubernetes/objects.ts';
import { kubeApi, kubeconfigFor, pathOf } from '../../../support/kube-api.ts';
import type { KubeApi } from '../../../support/kube-api.ts';
import { to, virtualService } from '../../../support/objects.ts';
import { EAST, WEST } from '../../../support/release.ts';
import type { Opened } from '../../../support/server.ts';

export const OLD = virtualService([{ route: [to('v1', 100)] }]);
export const PATH = pathOf(OLD);
export const NEW: VirtualService = {
  ...OLD,
  spec: { ...OLD.spec, http: [{ route: [to('v1', 80), to('v2', 20)] }] },
};

export interface TwoClusters {
  readonly fleet: Fleet;
  readonly east: KubeApi;
  readonly west: KubeApi;
  /** From the old to the new VirtualService, in both clusters. */
  readonly changes: readonly Change[];
}

/** Two clusters that hold the old VirtualService. */
export async function twoClusters(opened: Opened): Promise<TwoClusters> {
  const apis = { east: opened.add(await kubeApi(OLD)), west: opened.add(await kubeApi(OLD)) };
  const config = kubeconfigFor({ east: apis.east.url, west: apis.west.url });
  const fleet = opened.add(Fleet.open(config, [EAST, WEST], new AbortController().signal));
  const changes = await Promise.all(
    [EAST, WEST].map(async (cluster): Promise<Change> => {
      const before =
        (await fleet
          .cluster(cluster)
          .read(OLD.apiVersion, OLD.kind, OLD.metadata.name, OLD.metadata.namespace)) ?? OLD;
      return {
        cluster,
        verb: 'update',
        object: withVersionOf(NEW, before),
        before,
        reason: quoted('weights'),
      };
    }),
  );
  return { ...apis, fleet, changes };
}
