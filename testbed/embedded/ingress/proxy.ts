import type { Workload } from '../workload.ts';
import type { Destination, FilterChain, Route, RoutedRequest, Upstream, VirtualHosts } from './config.ts';
import { changeHeaders, type Headers } from './headers.ts';

/** What the gateway sends back, and when. */
export interface Outcome {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Milliseconds from the request's arrival. */
  readonly afterMs: number;
  /** Whether the connection is cut after the body. */
  readonly breaksOff?: boolean | undefined;
  /** Envoy's name of the subset that the request went to; none for an answer of the gateway itself. */
  readonly upstream?: string;
}

/** How often Envoy retries a failed connection by Istio's default retry policy. */
const RETRIES = 2;

/** Texts of Envoy's own answers. */
const NO_HEALTHY_UPSTREAM = 'no healthy upstream';
const CONNECTION_FAILURE =
  'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused';
const TLS_FAILURE =
  'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure, transport failure reason: TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end';

/** Routes a request as Envoy does under Istio's configuration, and answers it. */
export function proxy(
  chain: FilterChain,
  request: RoutedRequest,
  workloads: ReadonlyMap<string, Workload>,
): Outcome {
  if (chain.httpsRedirect && request.scheme === 'http') {
    const query = request.query.size > 0 ? `?${request.query.toString()}` : '';
    return local(301, '', { location: `https://${request.authority}${request.path}${query}` });
  }
  const route = findRoutes(chain.hosts, request.host)?.find((candidate) => candidate.matches(request));
  return route === undefined ? local(404, '') : follow(route, request, workloads);
}

/** Only the best matching host counts; if none of its routes matches, no other host is tried. */
function findRoutes(hosts: VirtualHosts, host: string): readonly Route[] | undefined {
  return (
    hosts.exact.get(host) ??
    hosts.suffixes.find(({ suffix }) => host.endsWith(suffix) && host.length > suffix.length)?.routes ??
    hosts.any
  );
}

function follow(route: Route, request: RoutedRequest, workloads: ReadonlyMap<string, Workload>): Outcome {
  const delayMs = route.delay !== undefined && chance(route.delay.percent) ? route.delay.ms : 0;
  const { action } = route;
  switch (action.type) {
    case 'redirect': {
      const outcome = local(action.status, '', { location: action.location(request) });
      changeHeaders(outcome.headers, action.response);
      return { ...outcome, afterMs: delayMs };
    }
    case 'respond': {
      const outcome = local(action.status, action.body);
      changeHeaders(outcome.headers, action.response);
      return { ...outcome, afterMs: delayMs };
    }
    case 'forward': {
      const destination = choose(action.destinations, action.totalWeight);
      if (destination === undefined) return local(503, '');
      const aborted = route.abort !== undefined && chance(route.abort.percent);
      let outcome = aborted
        ? local(route.abort.status, 'fault filter abort')
        : forward(destination, route, request, workloads);
      if (route.timeoutMs !== undefined && outcome.afterMs > route.timeoutMs) {
        outcome = { ...local(504, 'upstream request timeout'), afterMs: route.timeoutMs };
      }
      // Envoy changes the headers of its own answers too.
      changeHeaders(outcome.headers, destination.response);
      const { name } = destination.upstream;
      return { ...outcome, afterMs: outcome.afterMs + delayMs, ...(aborted ? {} : { upstream: name }) };
    }
  }
}

function choose(destinations: readonly Destination[], totalWeight: number): Destination | undefined {
  let rest = Math.random() * totalWeight;
  for (const destination of destinations) {
    rest -= destination.weight;
    if (rest < 0) return destination;
  }
  return destinations.at(-1);
}

function forward(
  { upstream }: Destination,
  route: Route,
  request: RoutedRequest,
  workloads: ReadonlyMap<string, Workload>,
): Outcome {
  if (!upstream.exists) return local(route.missingStatus, '');
  if (upstream.endpoints.length === 0) return local(503, NO_HEALTHY_UPSTREAM);
  let failure = CONNECTION_FAILURE;
  for (let attempt = 0; attempt <= RETRIES; attempt += 1) {
    const endpoint = pick(upstream, request, attempt);
    if (endpoint === undefined) break;
    if (upstream.mutualTls && !endpoint.mutualTls) {
      failure = TLS_FAILURE;
      continue;
    }
    const workload = workloads.get(endpoint.uid);
    // Nothing listens there: the connection is refused.
    if (workload?.ports.has(endpoint.port) !== true) continue;
    const { status, body, afterMs, breaksOff } = workload.answer(
      request.method,
      route.rewritePath?.(request.path) ?? request.path,
    );
    const headers: Headers = {
      'content-type': 'text/html; charset=utf-8',
      server: 'istio-envoy',
      'x-envoy-upstream-service-time': String(afterMs),
    };
    return { status, headers, body, afterMs, breaksOff };
  }
  return local(503, failure);
}

function pick(
  upstream: Upstream,
  request: RoutedRequest,
  attempt: number,
): Upstream['endpoints'][number] | undefined {
  const { endpoints } = upstream;
  const key = upstream.hashKey?.(request);
  if (key === undefined) return endpoints[Math.floor(Math.random() * endpoints.length)];
  // Rendezvous hashing: a key keeps its endpoint as long as it exists; a retry uses the next best.
  const ranked = endpoints
    .map((endpoint) => ({ endpoint, rank: hash(`${key} ${endpoint.uid}`) }))
    .sort((left, right) => right.rank - left.rank);
  return ranked[Math.min(attempt, ranked.length - 1)]?.endpoint;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

function chance(percent: number): boolean {
  return Math.random() * 100 < percent;
}

/** An answer that Envoy makes itself. */
function local(status: number, body: string, more: Headers = {}): Outcome {
  const headers: Headers = {
    ...(body === '' ? {} : { 'content-type': 'text/plain' }),
    server: 'istio-envoy',
    ...more,
  };
  return { status, headers, body, afterMs: 0 };
}
