import { resultOf, settled } from '../../core/settled.ts';
import type { GRPCRoute, HTTPRoute, KubeGateway, ReferenceGrant } from '../../gateway-api/objects.ts';
import type { GatewayApiKind, GatewayApiServed, GatewayApiState } from '../../gateway-api/state.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { NEWEST_GATEWAY_API } from '../../kubernetes/client/api-resources.ts';
import { isForbidden } from '../../kubernetes/client/errors.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import type { Release } from '../../release/release.ts';
import { listEverywhere } from './list-everywhere.ts';

/** What was listed of one kind. */
interface Listed<T> {
  readonly kind: GatewayApiKind;
  readonly found: readonly T[];
  readonly extent: 'all' | 'own namespace' | 'nothing';
}

/**
 * Reads what a config cluster holds of the Gateway API; undefined where it serves no HTTPRoutes. A release that does not name one needs no
 * permission for it: what may not be read is noted.
 */
export async function readGatewayApi(
  cluster: Cluster,
  release: Release,
): Promise<GatewayApiState | undefined> {
  // Most clusters serve these versions: what they hold need not wait for the answer to that.
  const [served, expected] = await Promise.all([
    servedOrForbidden(cluster, release),
    settled(listRoutes(cluster, EXPECTED, release)),
  ]);
  if (served === undefined) {
    const nothing = { httpRoutes: [], grpcRoutes: [], gateways: [], referenceGrants: [] };
    return { served: {}, ...nothing, unlisted: [], unread: ['HTTPRoute'] };
  }
  if (served.HTTPRoute === undefined) return undefined;
  const [routes, attached] = await Promise.all([
    isExpected(served) ? resultOf(expected) : listRoutes(cluster, served, release),
    mayAttach(release) ? listAttached(cluster, served, release) : undefined,
  ]);
  const [httpRoutes, grpcRoutes] = routes;
  const [gateways, grants] = attached ?? (await listAsNeeded(cluster, served, release, routes));
  const all = [httpRoutes, grpcRoutes, gateways, grants];
  const elsewhere =
    gateways.extent === 'all' ? [] : await readGateways(cluster, served, release, httpRoutes.found);
  return {
    served,
    httpRoutes: httpRoutes.found,
    grpcRoutes: grpcRoutes.found,
    gateways: [...gateways.found, ...elsewhere],
    referenceGrants: grants.found,
    unlisted: all.filter(({ extent }) => extent === 'own namespace').map(({ kind }) => kind),
    unread: all.filter(({ extent }) => extent === 'nothing').map(({ kind }) => kind),
  };
}

const EXPECTED: GatewayApiServed = { HTTPRoute: NEWEST_GATEWAY_API, GRPCRoute: NEWEST_GATEWAY_API };

function isExpected({ HTTPRoute, GRPCRoute }: GatewayApiServed): boolean {
  return HTTPRoute === EXPECTED.HTTPRoute && GRPCRoute === EXPECTED.GRPCRoute;
}

/** Whether the inputs say that the release may use it, before its routes were looked at. */
function mayAttach({ traffic: { httpRoute, gateway, gatewayApi } }: Release): boolean {
  return httpRoute !== undefined || (gateway !== undefined && gatewayApi !== 'istio');
}

const listRoutes = (cluster: Cluster, served: GatewayApiServed, release: Release) =>
  Promise.all([
    listServed<HTTPRoute>(cluster, served, 'HTTPRoute', release),
    listServed<GRPCRoute>(cluster, served, 'GRPCRoute', release),
  ]);

/** What routes are attached to, and what lets them refer to other namespaces. */
const listAttached = (cluster: Cluster, served: GatewayApiServed, release: Release) =>
  Promise.all([
    listServed<KubeGateway>(cluster, served, 'Gateway', release),
    listServed<ReferenceGrant>(cluster, served, 'ReferenceGrant', release),
  ]);

/**
 * The same as far as the routes that exist need it: a release by a VirtualService looks only at the Gateways through which routes of other apps may
 * take its requests.
 */
async function listAsNeeded(
  cluster: Cluster,
  served: GatewayApiServed,
  release: Release,
  routes: readonly Listed<HTTPRoute | GRPCRoute>[],
): ReturnType<typeof listAttached> {
  const isUsed = routes.some(
    ({ kind, found }) =>
      kind === 'HTTPRoute' && found.some(({ metadata }) => metadata.namespace === release.namespace),
  );
  if (isUsed) return listAttached(cluster, served, release);
  const grants: Listed<ReferenceGrant> = { kind: 'ReferenceGrant', found: [], extent: 'all' };
  return routes.some(({ found }) => found.length > 0)
    ? [await listServed<KubeGateway>(cluster, served, 'Gateway', release), grants]
    : [{ kind: 'Gateway', found: [], extent: 'all' }, grants];
}

/** What the cluster serves; undefined where the user of the kubeconfig may not look, and the release does not need it. */
async function servedOrForbidden(
  cluster: Cluster,
  { traffic }: Release,
): Promise<GatewayApiServed | undefined> {
  try {
    return await cluster.gatewayApiServed();
  } catch (error) {
    if (!isForbidden(error) || traffic.httpRoute !== undefined) throw error;
    return undefined;
  }
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
  { namespace, traffic }: Release,
): Promise<Listed<T>> {
  const apiVersion = served[kind];
  if (apiVersion === undefined) return { kind, found: [], extent: 'all' };
  try {
    const { found, complete } = await listEverywhere<T>(cluster, apiVersion, kind, namespace);
    return { kind, found, extent: complete ? 'all' : 'own namespace' };
  } catch (error) {
    const isNeeded = kind === 'HTTPRoute' && traffic.httpRoute !== undefined;
    if (isNeeded || !isForbidden(error)) throw error;
    return { kind, found: [], extent: 'nothing' };
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
        if (!isForbidden(error)) throw error;
        return undefined;
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}
