import { fullName, type KubeObject } from '../api/objects.ts';
import { hasGatewaySemantics } from '../gateway-api/istio-objects.ts';
import { arrayAt, isObject, numberAt, objectAt, objectsAt, textAt, type JsonObject } from '../json.ts';
import type { Destination, Route, RouteAction, RoutedRequest } from './config.ts';
import { isDelegateVisible } from './export.ts';
import { headerOperations } from './headers.ts';
import { matchesOf, type GatewayIdentity, type Match } from './match.ts';
import type { MeshConfig } from './mesh-config.ts';
import type { Upstreams } from './upstreams.ts';

export interface RouteContext {
  readonly identity: GatewayIdentity;
  readonly upstreams: Upstreams;
  /** All VirtualServices of the control plane, for delegates. */
  readonly virtualServices: readonly KubeObject[];
  readonly meshConfig: MeshConfig;
}

/** The routes of a VirtualService at a gateway, in order, up to the first that matches everything. */
export function routesOf(service: KubeObject, context: RouteContext): Route[] {
  const routes: Route[] = [];
  for (const route of objectsAt(service, 'spec', 'http')) {
    for (const entry of entriesOf(service, route, context)) {
      routes.push(entry);
      if (entry.catchAll) return routes;
    }
  }
  return routes;
}

function entriesOf(service: KubeObject, route: JsonObject, context: RouteContext): Route[] {
  const matches = matchesHere(service, route, context);
  if (!isObject(route['delegate'])) return matches.map((match) => entry(service, route, match, context));
  const delegate = findDelegate(service, route['delegate'], context);
  if (delegate === undefined) return [];
  return objectsAt(delegate, 'spec', 'http').flatMap((inner) =>
    matches.flatMap((outer) =>
      matchesHere(delegate, inner, context).map((match) =>
        entry(delegate, inner, both(outer, match), context),
      ),
    ),
  );
}

function matchesHere(service: KubeObject, route: JsonObject, { identity }: RouteContext): Match[] {
  return matchesOf(route, identity, (gateway) => gatewayName(gateway, service));
}

/** `namespace/name` of a gateway as a VirtualService names it. */
export function gatewayName(gateway: string, service: KubeObject): string {
  return gateway.includes('/') || gateway === 'mesh'
    ? gateway
    : `${service.metadata.namespace ?? ''}/${gateway}`;
}

function findDelegate(
  service: KubeObject,
  delegate: JsonObject,
  { virtualServices: all, meshConfig }: RouteContext,
): KubeObject | undefined {
  const name = textAt(delegate, 'name');
  const namespace = textAt(delegate, 'namespace') ?? service.metadata.namespace;
  const found = all.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  // A VirtualService with hosts is not a delegate.
  if (found === undefined || arrayAt(found, 'spec', 'hosts').length > 0) return undefined;
  return isDelegateVisible(found, service.metadata.namespace ?? '', meshConfig) ? found : undefined;
}

function both(outer: Match, inner: Match): Match {
  return {
    matches: (request) => outer.matches(request) && inner.matches(request),
    catchAll: outer.catchAll && inner.catchAll,
    prefix: inner.prefix ?? outer.prefix,
  };
}

function entry(service: KubeObject, route: JsonObject, match: Match, context: RouteContext): Route {
  const abort = objectAt(route, 'fault', 'abort');
  const delay = objectAt(route, 'fault', 'delay');
  return {
    name: textAt(route, 'name') ?? '',
    owner: fullName(service),
    matches: match.matches,
    catchAll: match.catchAll,
    rewritePath: rewriteOf(objectAt(route, 'rewrite'), match, hasGatewaySemantics(service)),
    abort:
      numberAt(abort, 'httpStatus') === undefined
        ? undefined
        : { percent: percentOf(abort), status: numberAt(abort, 'httpStatus') ?? 503 },
    delay:
      textAt(delay, 'fixedDelay') === undefined
        ? undefined
        : { percent: percentOf(delay), ms: durationMs(textAt(delay, 'fixedDelay')) ?? 0 },
    missingStatus: hasGatewaySemantics(service) ? 500 : 503,
    timeoutMs: durationMs(textAt(route, 'timeout')),
    action: actionOf(service, route, match, context),
  };
}

function actionOf(
  service: KubeObject,
  route: JsonObject,
  match: Match,
  { upstreams }: RouteContext,
): RouteAction {
  const response = headerOperations(route);
  const redirect = route['redirect'];
  if (isObject(redirect)) return redirectOf(redirect, match, response);
  const direct = route['directResponse'];
  if (isObject(direct)) {
    const bytes = textAt(direct, 'body', 'bytes');
    const body = bytes === undefined ? (textAt(direct, 'body', 'string') ?? '') : atob(bytes);
    return { type: 'respond', status: numberAt(direct, 'status') ?? 200, body, response };
  }
  const given = objectsAt(route, 'route');
  const single = given.length === 1;
  const weighted = single ? given : given.filter((each) => (numberAt(each, 'weight') ?? 0) > 0);
  const destinations = weighted.map((each): Destination => {
    const own = headerOperations(each);
    return {
      weight: single ? 1 : (numberAt(each, 'weight') ?? 0),
      upstream: upstreams.of(objectAt(each, 'destination'), service.metadata.namespace ?? ''),
      // Envoy goes from narrow to wide; a single destination is not a level and comes last.
      response: single ? [...response, ...own] : [...own, ...response],
    };
  });
  return {
    type: 'forward',
    destinations,
    totalWeight: destinations.reduce((sum, { weight }) => sum + weight, 0),
  };
}

function redirectOf(
  redirect: JsonObject,
  { prefix = '' }: Match,
  response: Destination['response'],
): RouteAction {
  const replacement = textAt(redirect, 'prefixRewrite');
  const path = (text: string): string =>
    replacement === undefined ? text : replacement + text.slice(prefix.length);
  return {
    type: 'redirect',
    status: numberAt(redirect, 'redirectCode') ?? 301,
    location: (request) => {
      const scheme = textAt(redirect, 'scheme') ?? request.scheme;
      const authority = authorityOf(redirect, request);
      const query = request.query.size > 0 ? `?${request.query.toString()}` : '';
      return `${scheme}://${authority}${textAt(redirect, 'uri') ?? `${path(request.path)}${query}`}`;
    },
    response,
  };
}

/** The host and port that a redirect leads to. */
function authorityOf(redirect: JsonObject, request: RoutedRequest): string {
  const host = textAt(redirect, 'authority');
  const port = numberAt(redirect, 'port');
  if (port !== undefined) return `${host ?? request.host}:${String(port)}`;
  switch (redirect['derivePort']) {
    case 'FROM_REQUEST_PORT': {
      const [, ofRequest = ''] = /(:\d+)$/.exec(request.authority) ?? [];
      return `${host ?? request.host}${ofRequest}`;
    }
    case 'FROM_PROTOCOL_DEFAULT':
      return host ?? request.host;
    default:
      return host ?? request.authority;
  }
}

function rewriteOf(rewrite: JsonObject, match: Match, isApi: boolean): Route['rewritePath'] {
  const pattern = textAt(rewrite, 'uriRegexRewrite', 'match');
  if (pattern !== undefined) {
    const expression = new RegExp(pattern);
    // RE2 writes \1 where JavaScript writes $1.
    const replacement = (textAt(rewrite, 'uriRegexRewrite', 'rewrite') ?? '').replaceAll(/\\(\d)/g, '$$$1');
    return (path) => path.replace(expression, replacement);
  }
  const uri = textAt(rewrite, 'uri');
  if (uri === undefined) return undefined;
  const { prefix } = match;
  // In the Gateway API, a slash removes the prefix.
  if (isApi && uri === '/') return (path) => `/${path.slice((prefix ?? '').length).replace(/^\//, '')}`;
  return prefix === undefined ? () => uri : (path) => uri + path.slice(prefix.length);
}

function percentOf(fault: JsonObject): number {
  return numberAt(fault, 'percentage', 'value') ?? numberAt(fault, 'percent') ?? 100;
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration as Istio writes it, such as `1.5s`, in milliseconds. */
function durationMs(text: string | undefined): number | undefined {
  const [, amount, unit] = /^([\d.]+)(ms|s|m|h)$/.exec(text ?? '') ?? [];
  const factor = UNITS_MS[unit ?? ''];
  return factor === undefined ? undefined : Number(amount) * factor;
}
