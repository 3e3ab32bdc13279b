import type { ListenerCandidate } from '../gateway-api/ingress-candidates.ts';
import type { HTTPRoute, HTTPRouteRule } from '../gateway-api/objects.ts';
import { routesThrough, takingRules } from '../gateway-api/precedence.ts';
import type { MatchedRequest } from '../gateway-api/precedence.ts';
import type { GatewayApiState } from '../gateway-api/state.ts';
import { ingressCandidates } from '../istio/gateways.ts';
import type { Gateway, GatewayServer } from '../kubernetes/objects.ts';
import { contendersAhead, ruleContender, virtualServicePlace } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { boundGatewaysOf, isMergeable, isMerged, plainServersAt } from './merged-gateways.ts';
import type { Release } from './release.ts';
import { competingOf, managedTakes, reachedFrom } from './rival-routes.ts';
import { everyRouteIn, requestTo } from './rival-rules.ts';
import type { RuleAhead } from './rival-rules.ts';
import type { RouteState } from './route-state.ts';
import type { FleetState } from './state.ts';

/**
 * The rules of the Gateway API that take what is sampled before the managed route of a VirtualService does, or where that does not: those of the
 * listeners that Istio merges with its Gateway in plain HTTP.
 */
export function mergedRulesAhead(release: Release, fleet: FleetState, one: RouteState): readonly RuleAhead[] {
  const { gatewayApi, traffic } = fleet.get(one.cluster) ?? {};
  if (gatewayApi === undefined || traffic === undefined) return [];
  const { own, entrances, request, isManaged } = competingOf(release, traffic, one);
  const sampled = ingressCandidates(release, entrances, traffic.gateways, release.check.host);
  const asked = requestTo(request.host, release);
  return entrances.flatMap((entrance) => {
    const ours = reachedFrom(entrance, traffic, own).find(
      ({ route, isTaker }) => isManaged(route) && isTaker(request),
    );
    const takes = managedTakes(ours, one);
    const contenders = boundGatewaysOf(entrance, traffic).flatMap((gateway) =>
      merging(gateway, gatewayApi).flatMap(({ servers, through, merged }) => {
        const place = virtualServicePlace(entrance, merged.gateway, servers, request.host);
        if (place.host < 0) return [];
        const isSampled = sampled.some((way) => 'server' in way && servers.includes(way.server));
        const common = { against: { ...place, takes }, through, isSampled, merged };
        return routesThrough(through, [through.gateway], everyRouteIn(gatewayApi)).flatMap(({ route }) =>
          contendersIn(route, through, asked).map((rule) => ({ ...rule, ...common })),
        );
      }),
    );
    return contendersAhead(contenders);
  });
}

interface Merging extends Required<Pick<RuleAhead, 'merged'>> {
  readonly through: ListenerCandidate;
  /** Those of the Gateway of Istio's API at the port of the listener. */
  readonly servers: readonly GatewayServer[];
}

/** The listeners that Istio merges with a Gateway of its own API, or may merge. */
function merging(gateway: Gateway | undefined, state: GatewayApiState): readonly Merging[] {
  if (gateway === undefined) return [];
  return state.gateways.flatMap((other) =>
    (other.spec.listeners ?? []).filter(isMergeable).flatMap((listener) => {
      const through = { gateway: other, listener, host: undefined };
      const isSame = isMerged(gateway, through, state);
      return isSame === false
        ? []
        : {
            through,
            servers: plainServersAt(gateway, through, state),
            merged: { gateway, isCertain: isSame === true },
          };
    }),
  );
}

/** The rules of a route that take a request at a listener; one of no rule where only its hostnames do. */
function contendersIn(
  route: HTTPRoute,
  through: ListenerCandidate,
  request: MatchedRequest,
): readonly (Contender & Pick<RuleAhead, 'route' | 'rule'>)[] {
  const taking: readonly (HTTPRouteRule | undefined)[] = takingRules([{ route, place: 0 }], request).map(
    ({ rule }) => rule,
  );
  return (taking.length === 0 ? [undefined] : taking)
    .map((rule) => ({ route, rule, ...ruleContender(through, route, rule, request) }))
    .filter(({ host }) => host >= 0);
}
