import { compareTexts } from '../core/compare-texts.ts';
import { firstOfEach } from '../core/first-of-each.ts';
import { keyOf } from '../kubernetes/objects.ts';
import type { ListenerCandidate } from '../gateway-api/ingress-candidates.ts';
import { listenersInto } from '../gateway-api/ingress-candidates.ts';
import { managedRules } from '../gateway-api/managed-rules.ts';
import { isHttpRoute } from '../gateway-api/objects.ts';
import type { HTTPRoute } from '../gateway-api/objects.ts';
import { isCatchAll, placeInTime, takingRules } from '../gateway-api/precedence.ts';
import type { MatchedRequest } from '../gateway-api/precedence.ts';
import type { GatewayApiState } from '../gateway-api/state.ts';
import { patternsFor } from '../istio/gateways.ts';
import { ANY, hostSpecificity, narrowerHost } from '../istio/hosts.ts';
import { isSeenBy, isUsed } from '../istio/visibility.ts';
import { isPreview } from '../istio/routes.ts';
import type { TrafficState } from '../istio/traffic-state.ts';
import { isDelegate } from '../istio/virtual-services.ts';
import type { Gateway, VirtualService } from '../kubernetes/objects.ts';
import { boundGatewaysOf, isMerged, serversAt } from './merged-gateways.ts';
import type { Release } from './release.ts';
import { requestTo } from './rival-rules.ts';
import { reachedFrom, revisionOfRoute } from './rival-routes.ts';
import type { RivalRoute } from './rival-routes.ts';
import type { RouteState } from './route-state.ts';
import type { FleetState } from './state.ts';

/** A route of a VirtualService that Istio asks before the managed rule of an HTTPRoute, since the same pods serve both. */
export interface RouteAhead extends RivalRoute {
  /** The Gateway that the VirtualService is bound to. */
  readonly gateway: Gateway;
  /** The listener that Istio merges with it. */
  readonly through: ListenerCandidate;
  /** Whether the same pods serve both, and see the VirtualService; false where that could not be read. */
  readonly isCertain: boolean;
}

/** The managed rule as it competes at a listener. */
interface Managed {
  readonly request: MatchedRequest;
  /** How closely its hostnames fit the request. */
  readonly host: number;
  /** Whether it takes every request; undefined where it does not take this one. */
  readonly isCatchAll: boolean | undefined;
}

/**
 * The routes of VirtualServices that take what is sampled before the managed rule does, or where that does not. Istio merges the Gateways
 * of both APIs that the same pods serve in plain HTTP at one port: the most specific host first, then the oldest Gateway; what takes every
 * request comes last.
 * Source: `mergeGateways`, `buildGatewayHTTPRouteConfig` and `SortVHostRoutes` of Istio 1.31, measured with it.
 */
export function virtualServicesAhead(
  release: Release,
  fleet: FleetState,
  one: RouteState,
): readonly RouteAhead[] {
  const { object, choice, cluster } = one;
  const { gatewayApi, traffic, namespace } = fleet.get(cluster) ?? {};
  if (gatewayApi === undefined || traffic === undefined || object === undefined || !isHttpRoute(object))
    return [];
  const ways = listenersInto(object, gatewayApi, namespace?.metadata.labels, release.check.host);
  const sampled = firstOfEach(ways, ({ gateway }) => gateway);
  const roots = traffic.everywhere.virtualServices.filter((vs) => !isDelegate(vs) && isUsed(vs, traffic));
  return sampled
    .filter(({ listener }) => listener.protocol === 'HTTP')
    .flatMap((way) => {
      const managed = managedAt(way, object, requestTo(way.host, release), managedRules(object, choice));
      return roots.flatMap((vs) =>
        aheadIn(vs, { way, managed, traffic, state: gatewayApi }).map((ahead) => ({ ...ahead, cluster })),
      );
    });
}

function managedAt(
  { listener }: ListenerCandidate,
  route: HTTPRoute,
  request: MatchedRequest,
  rules: ReturnType<typeof managedRules>,
): Managed {
  const taking = takingRules([{ route, place: 0 }], request).find(({ rule }) => rules.includes(rule));
  const { hostnames = [] } = route.spec;
  const hosts = inCommon(hostnames.length === 0 ? [ANY] : hostnames, [listener.hostname ?? ANY]);
  return {
    request,
    host: hostSpecificity(hosts, request.host),
    isCatchAll: taking && isCatchAll(taking.rule, request),
  };
}

interface Competing {
  readonly way: ListenerCandidate;
  readonly managed: Managed;
  readonly traffic: TrafficState;
  readonly state: GatewayApiState;
}

/** The routes of one VirtualService that go first, by the first of its Gateways that Istio merges with the listener. */
function aheadIn(
  vs: VirtualService,
  { way, managed, traffic, state }: Competing,
): readonly Omit<RouteAhead, 'cluster'>[] {
  const { request } = managed;
  const asked = { ...request, method: 'GET' };
  for (const gateway of boundGatewaysOf(vs, traffic)) {
    const merged = gateway && isMerged(gateway, way, state);
    if (gateway === undefined || merged === false) continue;
    const isSeen = isSeenBy(vs, keyOf(gateway.metadata), traffic);
    const hosts = serversAt(gateway, way, state)
      .filter(({ tls }) => tls === undefined)
      .flatMap((server) => patternsFor(server, gateway, vs));
    const host = hostSpecificity(inCommon(vs.spec.hosts ?? [], hosts), request.host);
    if (isSeen === false || host < managed.host || host < 0) continue;
    const isOlder = compareTexts(placeInTime(gateway.metadata), placeInTime(way.gateway.metadata)) < 0;
    const narrower = host > managed.host;
    return reachedFrom(vs, traffic)
      .filter(({ route, isTaker }) => !isPreview(route) && isTaker(asked))
      .filter(({ takesAll }) => {
        if (narrower || managed.isCatchAll === undefined) return true;
        return takesAll === managed.isCatchAll ? isOlder : managed.isCatchAll;
      })
      .map(({ virtualService, entrance, route }) => ({
        virtualService,
        entrance,
        route,
        revision: revisionOfRoute(route),
        narrower,
        gateway,
        through: way,
        isCertain: merged === true && isSeen === true,
      }));
  }
  return [];
}

function inCommon(a: readonly string[], b: readonly string[]): readonly string[] {
  return a.flatMap((one) => b.flatMap((other) => narrowerHost(one.toLowerCase(), other.toLowerCase()) ?? []));
}
