import { compareTexts } from '../core/compare-texts.ts';
import type { ListenerCandidate } from '../gateway-api/ingress-candidates.ts';
import type { HTTPRoute, HTTPRouteRule } from '../gateway-api/objects.ts';
import { isCatchAll } from '../gateway-api/precedence.ts';
import type { MatchedRequest } from '../gateway-api/precedence.ts';
import { patternsFor } from '../istio/gateways.ts';
import { ANY, hostSpecificity, narrowerHost } from '../istio/hosts.ts';
import type { Gateway, GatewayServer, ObjectMeta, VirtualService } from '../kubernetes/objects.ts';

/** How a route competes for a request with those of other objects that the same gateway pods serve at the same port. */
export interface Contender {
  /** How closely its hosts fit the request, by `hostSpecificity`. */
  readonly host: number;
  /** `nothing`: its hosts take the request, and none of its routes does. */
  readonly takes: 'nothing' | 'this request' | 'every request';
  /** Its places in time: that of its Gateway, then its own. */
  readonly places: readonly string[];
}

/** With the managed route as it competes where the two meet. */
export interface Contending extends Contender {
  readonly against: Contender;
}

/**
 * The routes that a gateway asks before a managed one. It asks those of the most specific host alone, and answers 404 where none of them takes
 * the request: then these are returned, which take `nothing`. Of one host, those of the oldest Gateway come first, then the oldest object, and
 * what takes every request comes last.
 * Source: `mergeGateways`, `buildGatewayHTTPRouteConfig` and `SortVHostRoutes` of Istio 1.31, measured with it: two Gateways of Istio's API, or one of
 * each API.
 */
export function contendersAhead<T extends Contending>(others: readonly T[]): readonly T[] {
  const narrower = others.filter(({ host, against }) => host > against.host);
  const narrowest = Math.max(...narrower.map(({ host }) => host));
  const closest = narrower.filter(({ host }) => host === narrowest);
  const isAnswered = closest.some(({ takes }) => takes !== 'nothing');
  return [
    ...(isAnswered ? [] : closest),
    ...others.filter((other) => other.takes !== 'nothing' && goesFirst(other, other.against)),
  ];
}

function goesFirst(theirs: Contender, ours: Contender): boolean {
  if (theirs.host !== ours.host) return theirs.host > ours.host;
  if (ours.takes === 'nothing') return true;
  if (theirs.takes !== ours.takes) return ours.takes === 'every request';
  const index = theirs.places.findIndex((place, i) => place !== ours.places[i]);
  return index >= 0 && compareTexts(theirs.places[index] ?? '', ours.places[index] ?? '') < 0;
}

/** Sorts as Istio does: the oldest first, by name where two are of one second. One that is yet to be made is the youngest. */
export function placeInTime({ creationTimestamp: created, name, namespace = '' }: ObjectMeta): string {
  return typeof created === 'string' ? `${created} ${name}.${namespace}` : '~';
}

/** A place of a VirtualService's routes: their hosts are the narrower of its own and of those of the servers. */
export function virtualServicePlace(
  vs: VirtualService,
  gateway: Gateway,
  servers: readonly GatewayServer[],
  host: string | undefined,
): Omit<Contender, 'takes'> {
  const patterns = servers.flatMap((server) => patternsFor(server, gateway, vs));
  return {
    host: hostSpecificity(hostsInCommon(vs.spec.hosts ?? [], patterns), host),
    places: [placeInTime(gateway.metadata), placeInTime(vs.metadata)],
  };
}

/**
 * A rule of the Gateway API at a listener, as it competes with routes of VirtualServices.
 *
 * @param rule undefined: none of the route takes the request
 */
export function ruleContender(
  { gateway, listener }: Pick<ListenerCandidate, 'gateway' | 'listener'>,
  { spec: { hostnames = [] } }: HTTPRoute,
  rule: HTTPRouteRule | undefined,
  request: MatchedRequest,
): Contender {
  const hosts = hostsInCommon(hostnames.length === 0 ? [ANY] : hostnames, [listener.hostname ?? ANY]);
  const whenTaken = rule && isCatchAll(rule, request) ? 'every request' : 'this request';
  return {
    host: hostSpecificity(hosts, request.host),
    places: [placeInTime(gateway.metadata)],
    takes: rule === undefined ? 'nothing' : whenTaken,
  };
}

function hostsInCommon(a: readonly string[], b: readonly string[]): readonly string[] {
  return a.flatMap((one) => b.flatMap((other) => narrowerHost(one.toLowerCase(), other.toLowerCase()) ?? []));
}
