import { compareTexts } from '../core/compare-texts.ts';
import { keyOf } from '../kubernetes/objects.ts';
import { isPreviewRule, rulesOf } from './rules.ts';
import { NO_PATH } from './grpc-rules.ts';
import { hostnameRank } from './hostnames.ts';
import { listenersOf } from './attachment.ts';
import type { ListenerCandidate } from './ingress-candidates.ts';
import type {
  GatewayListener,
  HTTPRoute,
  HTTPRouteMatch,
  HTTPRouteRule,
  HTTPValueMatch,
  KubeGateway,
  ParentRef,
} from './objects.ts';
import type { ObjectMeta } from '../kubernetes/objects.ts';
import { servicesOfGateway } from './gateway-service.ts';
import { gatewayParents, isRefusedBy, parentKey } from './parents.ts';

/** A GET request, as far as routes look at it. */
export interface MatchedRequest {
  /** undefined: any */
  readonly host: string | undefined;
  /** With its query. */
  readonly path: string;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A rule that takes a request. */
export interface TakingRule {
  /** A GRPCRoute as `withHttpRules` has it. */
  readonly route: HTTPRoute;
  readonly rule: HTTPRouteRule;
}

/** A route that a gateway knows. */
export interface AttachedRoute {
  readonly route: HTTPRoute;
  /** The place of its Gateway among those that are merged: Istio asks the rules of the oldest first. */
  readonly place: number;
}

interface Candidate extends TakingRule {
  /** The greater numbers go first, compared one after the other. */
  readonly rank: readonly number[];
}

/**
 * The rules that take a request, in the order in which a gateway asks them: the most specific hostname, then the oldest Gateway, then
 * the exact path, the longest prefix, the method, the most headers, the most query parameters; then the oldest route, by name where two are
 * of one second, and the first rule. What takes every request comes last, of whichever Gateway. Istio sorts the rules of HTTPRoutes and
 * GRPCRoutes together. Preview rules are left out.
 * Source: https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule; the order of merged Gateways, and of the two kinds, was measured
 * with Istio 1.31.
 */
export function takingRules(
  routes: readonly AttachedRoute[],
  request: MatchedRequest,
): readonly TakingRule[] {
  return routes
    .flatMap(({ route, place }) => {
      const host = hostnameRank(route.spec.hostnames ?? [], request.host);
      if (host < 0) return [];
      return rulesOf(route).flatMap((rule): readonly Candidate[] => {
        const fit = isPreviewRule(rule) ? undefined : rankOfRule(rule, request);
        return fit === undefined
          ? []
          : [{ route, rule, rank: [host, Number(!takesEverything(fit)), -place, ...fit] }];
      });
    })
    .toSorted(
      (a, b) =>
        compareRanks(b.rank, a.rank) ||
        compareTexts(placeInTime(a.route.metadata), placeInTime(b.route.metadata)),
    )
    .map(({ route, rule }) => ({ route, rule }));
}

/**
 * The routes whose hostname for a request is more specific than those of a route: a gateway asks only the rules of the most specific one,
 * and answers 404 where none of them takes the request.
 */
export function narrowerRoutes(
  routes: readonly AttachedRoute[],
  route: HTTPRoute,
  { host }: MatchedRequest,
): readonly HTTPRoute[] {
  const rankOf = ({ spec }: HTTPRoute): number => hostnameRank(spec.hostnames ?? [], host);
  const narrowest = Math.max(...routes.map((one) => rankOf(one.route)));
  return narrowest > rankOf(route)
    ? routes.map((one) => one.route).filter((one) => rankOf(one) === narrowest)
    : [];
}

/** Whether a rule takes a request because it takes every one: Istio asks it last, of whichever route. */
export function isCatchAll(rule: HTTPRouteRule, request: MatchedRequest): boolean {
  const fit = rankOfRule(rule, request);
  return fit !== undefined && takesEverything(fit);
}

function takesEverything(fit: readonly number[]): boolean {
  return EVERY_REQUEST.some((every) => compareRanks(fit, every) === 0);
}

/** How closely a rule without any condition fits: with the path `/`, or as one of a GRPCRoute without any. */
const EVERY_REQUEST: readonly (readonly number[])[] = [
  [1, 0, 0, 0, 0],
  [0, 0, 0, 0, 0],
];

/**
 * The routes whose rules are asked for what comes through a listener: those that are attached to it, or to the same listener of another
 * Gateway of the Service, which Istio merges; without those that it has refused.
 */
export function routesThrough(
  { gateway, listener }: Pick<ListenerCandidate, 'gateway' | 'listener'>,
  gateways: readonly KubeGateway[],
  all: readonly HTTPRoute[],
): readonly AttachedRoute[] {
  const merged = gateways
    .filter((one) => one === gateway || sharesService(one, gateway))
    .map((one) => ({
      key: keyOf(one.metadata),
      one,
      created: placeInTime(one.metadata),
      isOpen: (other: GatewayListener) => (one === gateway ? other === listener : isAlike(other, listener)),
    }))
    .toSorted((a, b) => compareTexts(a.created, b.created));
  return all.flatMap((route) => {
    const place = merged.findIndex(({ key, one, isOpen }) =>
      attachments(route).some(
        (parent) => parentKey(route, parent) === key && listenersOf(one, parent).some(isOpen),
      ),
    );
    return place < 0 ? [] : [{ route, place }];
  });
}

function sharesService(a: KubeGateway, b: KubeGateway): boolean {
  return servicesOfGateway(a).services.some((one) =>
    servicesOfGateway(b).services.some(
      ({ namespace, name }) => one.namespace === namespace && one.name === name,
    ),
  );
}

function isAlike(a: GatewayListener, b: GatewayListener): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.hostname ?? '') === (b.hostname ?? '');
}

/** The same where the listener is not known: the routes that may share one with a route, the route itself among them. */
export function routesBeside(route: HTTPRoute, all: readonly HTTPRoute[]): readonly AttachedRoute[] {
  const own = gatewayParents(route);
  const beside = all.filter((one) =>
    attachments(one).some((parent) =>
      own.some(
        (other) => parentKey(one, parent) === parentKey(route, other) && mayShareListener(parent, other),
      ),
    ),
  );
  return beside.map((one) => ({ route: one, place: 0 }));
}

/** The parents of a route that have not refused it. */
function attachments(route: HTTPRoute): readonly ParentRef[] {
  return gatewayParents(route).filter((parent) => !isRefusedBy(route, parent));
}

function mayShareListener(a: ParentRef, b: ParentRef): boolean {
  return (['sectionName', 'port'] as const).every(
    (field) => a[field] === undefined || b[field] === undefined || a[field] === b[field],
  );
}

function rankOfRule(rule: HTTPRouteRule, request: MatchedRequest): readonly number[] | undefined {
  const matches = rule.matches === undefined || rule.matches.length === 0 ? [{}] : rule.matches;
  const ranks = matches.flatMap((match) => {
    const rank = rankOfMatch(match, request);
    return rank === undefined ? [] : [rank];
  });
  return ranks.toSorted((a, b) => compareRanks(b, a))[0];
}

/** undefined where the match does not take the request, or it cannot be known. */
function rankOfMatch(
  { path, method, headers = [], queryParams = [] }: HTTPRouteMatch,
  request: MatchedRequest,
): readonly number[] | undefined {
  const [name = '', query = ''] = request.path.split('?');
  const found = rankOfPath(path ?? {}, name);
  if (found === undefined || (method !== undefined && method !== 'GET')) return undefined;
  const parameters = Object.fromEntries(new URLSearchParams(query));
  const isHeld = headers.every((one) => fits(one, request.headers[one.name.toLowerCase()]));
  if (!isHeld || !queryParams.every((one) => fits(one, parameters[one.name]))) return undefined;
  return [...found, method === undefined ? 0 : 1, headers.length, queryParams.length];
}

function rankOfPath(
  { type = 'PathPrefix', value = '/' }: NonNullable<HTTPRouteMatch['path']>,
  path: string,
): readonly number[] | undefined {
  switch (type) {
    case 'Exact':
      return path === value ? [2, value.length] : undefined;
    case 'PathPrefix': {
      const prefix = value.replace(/\/$/, '');
      return path === prefix || path.startsWith(`${prefix}/`) ? [1, prefix.length] : undefined;
    }
    case NO_PATH:
      return [0, 0];
    // What a regular expression takes depends on the gateway.
    default:
      return undefined;
  }
}

function fits({ type = 'Exact', value }: HTTPValueMatch, held: string | undefined): boolean {
  return type === 'Exact' && held === value;
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, i) => value !== b[i]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}

/** Sorts the oldest first, by name where two are of one second. One that is yet to be made is the youngest. */
export function placeInTime({ creationTimestamp: created, name, namespace = '' }: ObjectMeta): string {
  return `${typeof created === 'string' ? created : '~'} ${namespace}/${name}`;
}
