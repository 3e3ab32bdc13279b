import { keyOf } from '../../kubernetes/objects.ts';
import { GATEWAY_NAME, servicesOfGateway } from '../../gateway-api/gateway-service.ts';
import type { KubeGateway } from '../../gateway-api/objects.ts';
import { gatewayParents, parentKey } from '../../gateway-api/parents.ts';
import type { GatewayApiState, GatewayPods } from '../../gateway-api/state.ts';
import type { TrafficState } from '../../istio/traffic-state.ts';
import { entrancesOf } from '../../istio/virtual-services.ts';
import { gatewayKey } from '../../istio/gateways.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { isForbidden } from '../../kubernetes/client/errors.ts';
import type { Gateway, Labels, Pod, Service, VirtualService } from '../../kubernetes/objects.ts';
import { boundGatewaysOf, isMerged } from '../../release/merged-gateways.ts';
import { namedVirtualServices } from '../../release/release.ts';
import type { Release } from '../../release/release.ts';
import type { ClusterState } from '../../release/state.ts';

/**
 * What a cluster holds of the Gateway API, with the pods of the Gateways that may share them with a VirtualService: those that the routes of a
 * release are attached to, and the others where the VirtualService is the release's.
 */
export async function withGatewayPods(
  cluster: Cluster,
  release: Release,
  { gatewayApi: state, traffic }: Pick<ClusterState, 'gatewayApi' | 'traffic'>,
): Promise<Pick<ClusterState, 'gatewayApi'>> {
  if (state === undefined) return {};
  if (traffic === undefined) return { gatewayApi: state };
  const own = ownGateways(release, state);
  const bound = gatewaysOfAll(traffic.everywhere.virtualServices, traffic);
  const boundByOwn = gatewaysOfAll(
    entrancesOf(releaseVirtualServices(release, traffic), traffic.roots),
    traffic,
  );
  const asked = state.gateways.filter((gateway) =>
    (gateway.spec.listeners ?? []).some((listener) =>
      (own.includes(gateway) ? bound : boundByOwn).some(
        (one) => isMerged(one, { gateway, listener }, state) !== false,
      ),
    ),
  );
  if (asked.length === 0) return { gatewayApi: state };
  const read = await Promise.all(
    asked.map(async (gateway) => {
      const pods = await readPods(cluster, gateway);
      return pods === undefined ? [] : [[keyOf(gateway.metadata), pods] as const];
    }),
  );
  return { gatewayApi: { ...state, gatewayPods: new Map(read.flat()) } };
}

function gatewaysOfAll(
  virtualServices: readonly VirtualService[],
  traffic: TrafficState,
): readonly Gateway[] {
  const found = virtualServices.flatMap((vs) => boundGatewaysOf(vs, traffic));
  return [...new Set(found)].filter((gateway) => gateway !== undefined);
}

function releaseVirtualServices(
  release: Release,
  { virtualServices }: Pick<TrafficState, 'virtualServices'>,
): readonly VirtualService[] {
  const names = namedVirtualServices(release);
  return virtualServices.filter(({ metadata }) => names.includes(metadata.name));
}

/** Those that its routes are attached to, or are about to be. */
function ownGateways(
  { namespace, traffic: { gateway } }: Release,
  { httpRoutes, gateways }: GatewayApiState,
): readonly KubeGateway[] {
  const asked = gateway === undefined ? undefined : gatewayKey(gateway, namespace);
  const keys = new Set([
    ...httpRoutes
      .filter(({ metadata }) => metadata.namespace === namespace)
      .flatMap((route) => gatewayParents(route).map((parent) => parentKey(route, parent))),
    ...(asked === undefined ? [] : [`${asked.namespace}/${asked.name}`]),
  ]);
  return gateways.filter(({ metadata }) => keys.has(keyOf(metadata)));
}

/** The pods behind a Gateway; undefined where they may not be read, or an address is not that of a Service. */
async function readPods(cluster: Cluster, gateway: KubeGateway): Promise<GatewayPods | undefined> {
  const { from, services, others } = servicesOfGateway(gateway);
  if (others.length > 0) return undefined;
  const { name, namespace = '' } = gateway.metadata;
  const listed = (within: string, selector: Labels): Promise<readonly Pod[]> =>
    cluster.list<Pod>('v1', 'Pod', within, selector);
  try {
    // Istio's own Services lead to the same port.
    if (from === 'automated')
      return { labels: labelsOf(await listed(namespace, { [GATEWAY_NAME]: name })), targets: new Map() };
    const found = await Promise.all(
      services.map(async (one) => {
        const { spec } = (await cluster.read<Service>('v1', 'Service', one.name, one.namespace)) ?? {};
        const pods = spec?.selector === undefined ? [] : await listed(one.namespace, spec.selector);
        return { pods, ports: spec?.ports ?? [] };
      }),
    );
    return {
      labels: labelsOf(found.flatMap(({ pods }) => pods)),
      targets: new Map(
        found.flatMap(({ ports }) =>
          ports.flatMap(({ port, targetPort }) =>
            typeof targetPort === 'number' ? [[port, targetPort] as const] : [],
          ),
        ),
      ),
    };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return undefined;
  }
}

function labelsOf(pods: readonly Pod[]): readonly Labels[] {
  return pods.map(({ metadata }) => metadata.labels ?? {});
}
