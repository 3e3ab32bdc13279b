import { firstOfEach } from '../core/first-of-each.ts';
import { keyOf } from '../kubernetes/objects.ts';
import type { Labels, ObjectMeta } from '../kubernetes/objects.ts';
import { listenerObstacle, listenersOf } from './attachment.ts';
import type { Attaching } from './attachment.ts';
import { ANY_HOST, narrowerHostname } from './hostnames.ts';
import type { GatewayListener, HTTPRoute, KubeGateway } from './objects.ts';
import { gatewayParents, parentKey, parentsOf } from './parents.ts';
import type { GatewayApiState } from './state.ts';

/** A way in: a listener of a Gateway, and the host that requests through it name. */
export interface ListenerCandidate {
  readonly gateway: KubeGateway;
  readonly listener: GatewayListener;
  /** undefined: it takes every host, so the address itself will do; with a `*` where only a person can name one. */
  readonly host: string | undefined;
}

/** A Gateway that a route names, and that lets no request for it in which could be sampled. */
export interface UnusableParent {
  readonly gateway: { readonly kind: 'Gateway'; readonly metadata: Pick<ObjectMeta, 'name' | 'namespace'> };
  readonly lacks: string;
}

/** How good a host is to ask for; a lower rank is better. */
const RANK = { asked: 0, named: 0, any: 1, ofListener: 2, refused: 4, pattern: 4 };

interface Ranked {
  readonly host: string | undefined;
  readonly rank: number;
}

interface Way extends Ranked {
  readonly gateway: KubeGateway;
  readonly listener: GatewayListener;
}

/**
 * The ways in to some HTTPRoutes, the best first, one for each Gateway that they are attached to. A host counts only where both the
 * route and the listener take it.
 * Source: https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec
 *
 * @param namespaceLabels of the routes' namespace; undefined: not known
 * @param asked the host chosen by hand: it is asked for whatever the listeners take
 */
export function listenerCandidates(
  routes: readonly HTTPRoute[],
  state: GatewayApiState,
  namespaceLabels: Labels | undefined,
  asked: string | undefined,
): readonly (ListenerCandidate | UnusableParent)[] {
  const looked = routes.flatMap((route) =>
    [...new Set(gatewayParents(route).map((parent) => parentKey(route, parent)))].map((key) => {
      const gateway = state.gateways.find(({ metadata }) => keyOf(metadata) === key);
      if (gateway === undefined) return unusable(key, missing(state, key));
      const attaching: Attaching = { route, gateway, namespaceLabels, state };
      const { ways, obstacles } = waysThrough(attaching, asked);
      const [best] = ways;
      return best ?? unusable(key, obstacles.join('; '));
    }),
  );
  const open = looked.filter((one): one is Way => 'listener' in one).toSorted((a, b) => a.rank - b.rank);
  const closed = looked.filter((one): one is UnusableParent => 'lacks' in one);
  return [
    ...firstOfEach(open, ({ gateway }) => gateway).map(({ gateway, listener, host }) => ({
      gateway,
      listener,
      host,
    })),
    ...closed.filter(
      ({ gateway }) => !open.some((one) => keyOf(one.gateway.metadata) === keyOf(gateway.metadata)),
    ),
  ];
}

/**
 * Every listener that may let requests for a route in, the best to sample first, with the host to ask for there. A host chosen by hand that
 * a listener does not take leaves that listener out.
 */
export function listenersInto(
  route: HTTPRoute,
  state: GatewayApiState,
  namespaceLabels: Labels | undefined,
  asked: string | undefined,
): readonly ListenerCandidate[] {
  const ways = parentsOf(route, state.gateways)
    .flatMap((gateway) => waysThrough({ route, gateway, namespaceLabels, state }, asked).ways)
    .toSorted((a, b) => a.rank - b.rank);
  return firstOfEach(ways, ({ listener }) => listener)
    .filter(({ rank }, i) => i === 0 || asked === undefined || rank !== RANK.refused)
    .map(({ gateway, listener, host }) => ({ gateway, listener, host }));
}

/** The ways through the listeners of a Gateway to a route, the best first: plain HTTP before HTTPS. */
function waysThrough(
  attaching: Attaching,
  asked: string | undefined,
): { readonly ways: readonly Way[]; readonly obstacles: readonly string[] } {
  const { route, gateway } = attaching;
  const parents = gatewayParents(route).filter((one) => parentKey(route, one) === keyOf(gateway.metadata));
  const obstacles: string[] = [];
  const meant = parents.flatMap((parent) => {
    const found = listenersOf(gateway, parent);
    if (found.length === 0) {
      const { sectionName, port } = parent;
      const names = (gateway.spec.listeners ?? []).map((one) => `${one.name} (port ${String(one.port)})`);
      obstacles.push(
        `no listener is meant by ${[...(sectionName === undefined ? [] : [`sectionName ${sectionName}`]), ...(port === undefined ? [] : [`port ${String(port)}`])].join(' and ') || 'the parentRef'} of HTTPRoute ${keyOf(route.metadata)}; it has ${names.join(', ') || 'none'}`,
      );
    }
    return found;
  });
  const open = [...new Set(meant)].filter((listener) => {
    const obstacle = listenerObstacle(listener, attaching);
    if (obstacle !== undefined) obstacles.push(obstacle);
    return obstacle === undefined;
  });
  const ways = open.flatMap((listener) => {
    const hosts = asked === undefined ? hostsOf(route, listener) : [byHand(asked, route, listener)];
    const taken = hosts.filter(({ host }) => !isTakenFirst(host, listener, open, gateway));
    if (hosts.length === 0)
      obstacles.push(
        `listener ${listener.name} takes ${listener.hostname ?? ''}, and none of the hostnames ${(route.spec.hostnames ?? []).join(', ')} of HTTPRoute ${keyOf(route.metadata)}`,
      );
    else if (taken.length === 0)
      obstacles.push(
        `another listener of port ${String(listener.port)} takes the hosts of listener ${listener.name} first, by a more specific hostname, and HTTPRoute ${keyOf(route.metadata)} is not attached to it`,
      );
    return taken.map((ranked) => ({ ...ranked, gateway, listener }));
  });
  const plainFirst = (a: Way, b: Way): number =>
    a.rank - b.rank || Number(a.listener.protocol === 'HTTPS') - Number(b.listener.protocol === 'HTTPS');
  return { ways: ways.toSorted(plainFirst), obstacles: [...new Set(obstacles)] };
}

/** The hosts that both a route and a listener take. */
function hostsOf({ spec }: HTTPRoute, { hostname }: GatewayListener): readonly Ranked[] {
  const pattern = listenerHost(hostname);
  const written = spec.hostnames ?? [];
  if (written.length === 0) {
    if (pattern === ANY_HOST) return [{ host: undefined, rank: RANK.any }];
    return [{ host: pattern, rank: pattern.includes('*') ? RANK.pattern : RANK.ofListener }];
  }
  return written.flatMap((name): readonly Ranked[] => {
    const both = narrowerHostname(name.toLowerCase(), pattern);
    if (both === undefined) return [];
    if (both.includes('*')) return [{ host: both, rank: RANK.pattern }];
    return [{ host: both, rank: name.includes('*') ? RANK.ofListener : RANK.named }];
  });
}

function byHand(asked: string, { spec }: HTTPRoute, { hostname }: GatewayListener): Ranked {
  const name = asked.toLowerCase().replace(/:\d+$/, '');
  const takes = (pattern: string): boolean => narrowerHostname(name, pattern.toLowerCase()) === name;
  const isTaken = takes(listenerHost(hostname)) && (spec.hostnames ?? [ANY_HOST]).some(takes);
  return { host: asked, rank: isTaken ? RANK.asked : RANK.refused };
}

/**
 * Whether another listener of the same port and protocol takes a host first, by a hostname that is more specific. A route that is not
 * attached to it gets none of its requests.
 */
function isTakenFirst(
  host: string | undefined,
  listener: GatewayListener,
  open: readonly GatewayListener[],
  { spec }: KubeGateway,
): boolean {
  if (host === undefined) return false;
  const own = listenerHost(listener.hostname);
  return (spec.listeners ?? []).some((other) => {
    const pattern = listenerHost(other.hostname);
    return (
      !open.includes(other) &&
      other.port === listener.port &&
      other.protocol === listener.protocol &&
      pattern !== own &&
      narrowerHostname(pattern, own) === pattern &&
      narrowerHostname(host, pattern) === host
    );
  });
}

function listenerHost(hostname: string | undefined): string {
  return hostname === undefined || hostname === '' ? ANY_HOST : hostname.toLowerCase();
}

function missing({ unlisted, unread }: GatewayApiState, key: string): string {
  return unread.includes('Gateway') || unlisted.includes('Gateway')
    ? `it could not be read: does it exist, and may the user of the kubeconfig get gateways.gateway.networking.k8s.io/${key}?`
    : 'it does not exist';
}

function unusable(key: string, lacks: string): UnusableParent {
  const [namespace = '', name = ''] = key.split('/');
  return { gateway: { kind: 'Gateway', metadata: { name, namespace } }, lacks };
}
