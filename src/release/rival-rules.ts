import { firstOfEach } from '../core/first-of-each.ts';
import { backendsTo, markOf } from '../gateway-api/backends.ts';
import { withHttpRules } from '../gateway-api/grpc-rules.ts';
import { listenersInto } from '../gateway-api/ingress-candidates.ts';
import type { ListenerCandidate } from '../gateway-api/ingress-candidates.ts';
import { managedRules } from '../gateway-api/managed-rules.ts';
import { isHttpRoute } from '../gateway-api/objects.ts';
import type { HTTPRoute, HTTPRouteRule } from '../gateway-api/objects.ts';
import { narrowerRoutes, routesBeside, routesThrough, takingRules } from '../gateway-api/precedence.ts';
import type { AttachedRoute, MatchedRequest, TakingRule } from '../gateway-api/precedence.ts';
import { rulePart } from '../gateway-api/rules.ts';
import { REVISION_HEADER } from '../core/headers.ts';
import type { ListenerName } from '../texts/catalogue/rival-findings.ts';
import type { GatewayApiState } from '../gateway-api/state.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Gateway } from '../kubernetes/objects.ts';
import type { Release } from './release.ts';
import type { RouteState } from './route-state.ts';
import type { FleetState } from './state.ts';
import type { Rival } from './traffic-planner.ts';

/** A rule outside the release that takes requests which are meant for a managed one. */
export interface RuleAhead extends Pick<TakingRule, 'route'> {
  /** undefined: the route's hostname takes the requests, and no rule of that hostname does, so that the gateway answers 404. */
  readonly rule: HTTPRouteRule | undefined;
  /** The listener through which it does; undefined where that is not known. */
  readonly through: ListenerCandidate | undefined;
  /** Whether samples may come through that listener: the best one of each Gateway is sampled. */
  readonly isSampled: boolean;
  /** The Gateway of a VirtualService that holds the weights, which Istio merges with the listener's. */
  readonly merged?: MergedGateway;
}

export interface MergedGateway {
  readonly gateway: Gateway;
  /** Whether the same pods serve both; false where that could not be read. */
  readonly isCertain: boolean;
}

/**
 * The rules that a gateway asks before the managed one, or that take what is sampled where that does not, at each listener by which
 * users reach the route.
 */
export function rulesAhead(release: Release, fleet: FleetState, one: RouteState): readonly RuleAhead[] {
  const { object } = one;
  const state = fleet.get(one.cluster);
  if (state?.gatewayApi === undefined || object === undefined || !isHttpRoute(object)) return [];
  const { gatewayApi, namespace } = state;
  const ways = listenersInto(object, gatewayApi, namespace?.metadata.labels, release.check.host);
  const all = everyRouteIn(gatewayApi);
  if (ways.length === 0) {
    const host = release.check.host ?? object.spec.hostnames?.[0];
    return aheadOf(one, object, routesBeside(object, all), requestTo(host, release)).map((rule) => ({
      ...rule,
      through: undefined,
      isSampled: true,
    }));
  }
  const sampled = firstOfEach(ways, ({ gateway }) => gateway);
  const found = ways.flatMap((way) => {
    const beside = routesThrough(way, gatewayApi.gateways, all);
    return aheadOf(one, object, beside, requestTo(way.host, release)).map((rule) => ({
      ...rule,
      through: way,
      isSampled: sampled.includes(way),
    }));
  });
  // What takes samples is named as such, whatever else it takes.
  const sampledFirst = found.toSorted((a, b) => Number(b.isSampled) - Number(a.isSampled));
  return sampledFirst.filter(
    ({ route, rule }, i) =>
      sampledFirst.findIndex((other) => other.route === route && other.rule === rule) === i,
  );
}

/** HTTPRoutes and GRPCRoutes alike. */
export function everyRouteIn({ httpRoutes, grpcRoutes }: GatewayApiState): readonly HTTPRoute[] {
  return [...httpRoutes, ...grpcRoutes.map(withHttpRules)];
}

/** Of the routes that share a listener with a release's, the rules that are asked before its managed one. */
function aheadOf(
  { choice }: RouteState,
  object: HTTPRoute,
  beside: readonly AttachedRoute[],
  request: MatchedRequest,
): readonly Pick<RuleAhead, 'route' | 'rule'>[] {
  const { own, others } = Object.groupBy(beside, ({ route }) =>
    nameOf(route) === nameOf(object) ? 'own' : 'others',
  );
  const taking = takingRules([{ route: object, place: own?.[0]?.place ?? 0 }, ...(others ?? [])], request);
  const managed = managedRules(object, choice);
  const ours = taking.findIndex(({ rule }) => managed.includes(rule));
  const narrower = narrowerRoutes(others ?? [], object, request);
  const isAnswered = taking.some(({ route }) => narrower.includes(route));
  return [
    ...(isAnswered ? [] : narrower.map((route) => ({ route, rule: undefined }))),
    ...(ours < 0 ? taking : taking.slice(0, ours)),
  ];
}

/** What plans and checks need to know of it. */
export function asRuleRival(
  { cluster, choice }: RouteState,
  { route, rule, through, isSampled, merged }: RuleAhead,
): Rival {
  return {
    cluster,
    route: rule && rulePart(route, rule),
    object: nameOf(route),
    listener: isSampled || through === undefined ? undefined : listenerName(through),
    isCertain: merged?.isCertain ?? true,
    revision: rule?.backendRefs
      ?.map((backend) => markOf(backend, REVISION_HEADER))
      .find((mark) => mark !== undefined),
    leadsHere: rule !== undefined && backendsTo(route, rule, choice).length > 0,
  };
}

export function listenerName({ gateway, listener }: ListenerCandidate): ListenerName {
  return { name: listener.name, gateway: nameOf(gateway) };
}

/** The request that samples are; a host with a `*` is none that could be asked for. */
export function requestTo(host: string | undefined, { check }: Release): MatchedRequest {
  const headers = Object.entries(check.headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    host: host?.includes('*') === true ? undefined : host,
    path: check.path,
    headers: Object.fromEntries(headers) as Readonly<Record<string, string>>,
  };
}
