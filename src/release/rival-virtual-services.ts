import { firstOfEach } from '../core/first-of-each.ts';
import { keyOf } from '../kubernetes/objects.ts';
import type { ListenerCandidate } from '../gateway-api/ingress-candidates.ts';
import { listenersInto } from '../gateway-api/ingress-candidates.ts';
import { managedRules } from '../gateway-api/managed-rules.ts';
import { isHttpRoute } from '../gateway-api/objects.ts';
import { takingRules } from '../gateway-api/precedence.ts';
import type { MatchedRequest } from '../gateway-api/precedence.ts';
import type { GatewayApiState } from '../gateway-api/state.ts';
import { isSeenBy, isUsed } from '../istio/visibility.ts';
import { isPreview } from '../istio/routes.ts';
import type { TrafficState } from '../istio/traffic-state.ts';
import { isDelegate } from '../istio/virtual-services.ts';
import type { Gateway, VirtualService } from '../kubernetes/objects.ts';
import { contendersAhead, ruleContender, virtualServicePlace } from './contenders.ts';
import type { Contender, Contending } from './contenders.ts';
import { boundGatewaysOf, isMergeable, isMerged, plainServersAt } from './merged-gateways.ts';
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

/**
 * The routes of VirtualServices that take what is sampled before the managed rule does, or where that does not: those of the Gateways that Istio
 * merges with a listener in plain HTTP.
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
  const rules = managedRules(object, choice);
  return sampled
    .filter(({ listener }) => isMergeable(listener))
    .flatMap((way) => {
      const request = requestTo(way.host, release);
      const managed = takingRules([{ route: object, place: 0 }], request).find(({ rule }) =>
        rules.includes(rule),
      );
      const against = ruleContender(way, object, managed?.rule, request);
      const met = { way, request, against, traffic, state: gatewayApi };
      return contendersAhead(roots.flatMap((vs) => contendersIn(vs, met))).map((ahead) => ({
        ...ahead,
        cluster,
      }));
    });
}

interface Met {
  readonly way: ListenerCandidate;
  readonly request: MatchedRequest;
  readonly against: Contender;
  readonly traffic: TrafficState;
  readonly state: GatewayApiState;
}

/** The routes of one VirtualService, by the first of its Gateways that Istio merges with the listener. */
function contendersIn(
  vs: VirtualService,
  { way, request, against, traffic, state }: Met,
): readonly (Omit<RouteAhead, 'cluster'> & Contending)[] {
  for (const gateway of boundGatewaysOf(vs, traffic)) {
    const merged = gateway && isMerged(gateway, way, state);
    if (gateway === undefined || merged === false) continue;
    const isSeen = isSeenBy(vs, keyOf(gateway.metadata), traffic);
    const place = virtualServicePlace(vs, gateway, plainServersAt(gateway, way, state), request.host);
    if (isSeen === false || place.host < 0) continue;
    const common = {
      ...place,
      against,
      entrance: vs,
      narrower: place.host > against.host,
      gateway,
      through: way,
      isCertain: merged === true && isSeen === true,
    };
    const taking = reachedFrom(vs, traffic).filter(
      ({ route, isTaker }) => !isPreview(route) && isTaker({ ...request, method: 'GET' }),
    );
    if (taking.length === 0)
      return [{ ...common, takes: 'nothing', virtualService: vs, route: undefined, revision: undefined }];
    return taking.map(({ virtualService, route, takesAll }) => ({
      ...common,
      takes: takesAll ? 'every request' : 'this request',
      virtualService,
      route,
      revision: revisionOfRoute(route),
    }));
  }
  return [];
}
