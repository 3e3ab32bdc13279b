import { CanaryError } from '../core/errors.ts';
import type { ClusterName } from '../core/names.ts';
import { inputLabel, theInput } from '../core/wording.ts';
import { GATEWAY_API_GROUP } from '../gateway-api/objects.ts';
import type { HTTPRoute, ParentRef } from '../gateway-api/objects.ts';
import { gatewayKey } from '../istio/gateways.ts';
import { assertNoVirtualService, assertOneRouteKind } from './guards/one-route-kind.ts';
import type { Release } from './release.ts';
import { httpRoutesTo } from './route-kind.ts';
import { stateOf } from './state.ts';
import type { FleetState } from './state.ts';

/** The HTTPRoute that the release makes where there is none. */
export function httpRouteName({ app, traffic }: Release): string {
  return traffic.httpRoute ?? app;
}

/**
 * The HTTPRoute of the release in a config cluster: the one named, or the only one that leads to the service; undefined where it is still
 * to be made.
 *
 * @throws CanaryError where several lead to the service, another than the one named does, or a VirtualService does as well
 */
export function releaseHttpRoute(
  release: Release,
  fleet: FleetState,
  cluster: ClusterName,
): HTTPRoute | undefined {
  const state = stateOf(fleet, cluster);
  const { gatewayApi } = state;
  if (gatewayApi === undefined) {
    throw new CanaryError(
      `${cluster} serves no HTTPRoutes, but the weights of ${release.app} are held by one${release.traffic.httpRoute === undefined ? ' in another cluster' : ` (${inputLabel('http-route', release.traffic.httpRoute)})`}. Install the Gateway API (standard channel) there, or omit ${theInput('http-route')} and release by a VirtualService.`,
    );
  }
  const { namespace } = release;
  const leading = httpRoutesTo(release, fleet, state);
  const asked = release.traffic.httpRoute;
  const found =
    asked === undefined
      ? onlyOne(leading, cluster, release)
      : gatewayApi.httpRoutes.find(
          ({ metadata }) => metadata.name === asked && metadata.namespace === namespace,
        );
  const [other] = leading;
  if (found === undefined && other !== undefined) {
    throw new CanaryError(
      `There is no HTTPRoute ${namespace}/${asked ?? ''} in ${cluster}, but HTTPRoute ${namespace}/${other.metadata.name} leads to ${release.app}. Set ${theInput('http-route')} to ${other.metadata.name}.`,
    );
  }
  if (found === undefined) assertNoVirtualService(release, state, plannedRoute(release));
  else assertOneRouteKind(release, state, found);
  return found;
}

/** The HTTPRoute that the release makes, as far as it says where its requests come from. */
function plannedRoute(release: Release): HTTPRoute {
  const { namespace, traffic } = release;
  const parentRefs =
    traffic.gateway === undefined ? {} : { parentRefs: [parentOf(traffic.gateway, namespace)] };
  return {
    apiVersion: '',
    kind: 'HTTPRoute',
    metadata: { name: httpRouteName(release), namespace },
    spec: { ...parentRefs, hostnames: hostsOfNew(release) },
  };
}

/** A Gateway that the input names, as a parent of an HTTPRoute of a namespace. */
export function parentOf(gateway: string, from: string): ParentRef {
  const { namespace, name } = gatewayKey(gateway, from);
  return {
    group: GATEWAY_API_GROUP,
    kind: 'Gateway',
    ...(namespace === from ? {} : { namespace }),
    name,
  };
}

/** The hostnames of the HTTPRoute that the release makes: without any, it takes every host; a `*` alone is not allowed. */
export function hostsOfNew({ traffic }: Release): readonly string[] {
  const hosts = traffic.hosts ?? [];
  return hosts.filter((host) => host !== '*');
}

function onlyOne(
  leading: readonly HTTPRoute[],
  cluster: ClusterName,
  { app }: Release,
): HTTPRoute | undefined {
  const [first, ...others] = leading;
  if (others.length === 0) return first;
  throw new CanaryError(
    `${String(leading.length)} HTTPRoutes in ${cluster} lead to ${app}: ${leading.map(({ metadata }) => metadata.name).join(', ')}. Set ${theInput('http-route')} to the one whose weights are to change.`,
  );
}
