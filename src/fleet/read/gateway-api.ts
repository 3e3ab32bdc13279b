import type { GRPCRoute, HTTPRoute, KubeGateway, ReferenceGrant } from '../../gateway-api/objects.ts';
import type { GatewayApiKind, GatewayApiServed, GatewayApiState } from '../../gateway-api/state.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { ClusterError } from '../../kubernetes/client/errors.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import type { Release } from '../../release/release.ts';
import { listEverywhere } from './list-everywhere.ts';

/** What was listed of one kind. */
interface Listed<T> {
  readonly kind: GatewayApiKind;
  readonly found: readonly T[];
  readonly complete: boolean;
}

/** Reads what a config cluster holds of the Gateway API; undefined where it serves no HTTPRoutes. */
export async function readGatewayApi(
  cluster: Cluster,
  release: Release,
): Promise<GatewayApiState | undefined> {
  const served = await cluster.gatewayApiServed();
  if (served.HTTPRoute === undefined) return undefined;
  const [httpRoutes, grpcRoutes, gateways, grants] = await Promise.all([
    listServed<HTTPRoute>(cluster, served, 'HTTPRoute', release),
    listServed<GRPCRoute>(cluster, served, 'GRPCRoute', release),
    listServed<KubeGateway>(cluster, served, 'Gateway', release),
    listServed<ReferenceGrant>(cluster, served, 'ReferenceGrant', release),
  ]);
  const elsewhere = gateways.complete ? [] : await readGateways(cluster, served, release, httpRoutes.found);
  return {
    served,
    httpRoutes: httpRoutes.found,
    grpcRoutes: grpcRoutes.found,
    gateways: [...gateways.found, ...elsewhere],
    referenceGrants: grants.found,
    unlisted: [httpRoutes, grpcRoutes, gateways, grants]
      .filter(({ complete }) => !complete)
      .map(({ kind }) => kind),
  };
}

/** Reads the HTTPRoutes and Gateways again, which change while a run waits for them; the rest stays as it was read before. */
export async function readGatewayApiAgain(
  cluster: Cluster,
  release: Release,
  state: GatewayApiState,
): Promise<GatewayApiState> {
  const { served } = state;
  const httpRoutes = await listServed<HTTPRoute>(cluster, served, 'HTTPRoute', release);
  return { ...state, httpRoutes: httpRoutes.found };
}

async function listServed<T extends KubeObject>(
  cluster: Cluster,
  served: GatewayApiServed,
  kind: GatewayApiKind,
  { namespace }: Release,
): Promise<Listed<T>> {
  const apiVersion = served[kind];
  if (apiVersion === undefined) return { kind, found: [], complete: true };
  try {
    return { kind, ...(await listEverywhere<T>(cluster, apiVersion, kind, namespace)) };
  } catch (error) {
    // Only the HTTPRoutes are needed by every release that has one.
    if (kind === 'HTTPRoute' || !(error instanceof ClusterError && error.status === 403)) throw error;
    return { kind, found: [], complete: false };
  }
}

/** The Gateways of other namespaces that the release's routes are attached to. */
async function readGateways(
  cluster: Cluster,
  { Gateway: apiVersion }: GatewayApiServed,
  { namespace, traffic: { gateway } }: Release,
  routes: readonly HTTPRoute[],
): Promise<readonly KubeGateway[]> {
  if (apiVersion === undefined) return [];
  const parents = routes
    .filter(({ metadata }) => metadata.namespace === namespace)
    .flatMap(({ spec }) => spec.parentRefs ?? [])
    .filter(({ kind = 'Gateway' }) => kind === 'Gateway')
    .map(({ name, namespace: from = namespace }) => `${from}/${name}`);
  const keys = new Set([...parents, ...(gateway?.includes('/') === true ? [gateway] : [])]);
  const found = await Promise.all(
    [...keys].map(async (key) => {
      const [from = '', name = ''] = key.split('/');
      if (from === namespace) return undefined;
      try {
        return await cluster.read<KubeGateway>(apiVersion, 'Gateway', name, from);
      } catch (error) {
        if (!(error instanceof ClusterError && error.status === 403)) throw error;
        return undefined;
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}
