import pLimit from 'p-limit';
import { METRICS } from '../core/deadlines.ts';
import type { ClusterName } from '../core/names.ts';
import { thisMachine } from '../core/wording.ts';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import type { MetricServer, MetricSource, MetricSpec } from '../release/metric-specs.ts';
import { PodProxy } from './pod-proxy.ts';
import { readCounters, readLabels, readValues } from './prometheus.ts';
import { combinedQuery } from './promql.ts';
import type { MetricReader, Reading, ReadingFailure } from './readings.ts';
import type { ServerAnswer } from './server-answer.ts';
import { alternativesOf, unknownIn } from './unknown-hits.ts';
import { unanswered } from './unanswered.ts';
import { WebClient } from './web-client.ts';
import { readWebValue } from './web-value.ts';

/** What readers need of a run. */
export interface ReaderContext {
  /** Every cluster of the release, in the order named. */
  readonly clusters: readonly ClusterName[];
  /** For addresses that are reached through a cluster's API server. */
  readonly clusterOf: (name: ClusterName) => Cluster;
}

/** A metric and its addresses. */
export interface OpenMetric {
  readonly spec: MetricSpec;
  /** One for each address; at least one. */
  readonly readers: readonly MetricReader[];
}

export interface OpenMetrics {
  /** In the order of the specs. */
  readonly metrics: readonly OpenMetric[];
  readonly close: () => Promise<void>;
}

/** Where a query of Prometheus is sent. */
interface Endpoint {
  readonly cluster: ClusterName | undefined;
  readonly address: string;
  /** @param path of the HTTP API */
  readonly ask: (
    path: string,
    parameters: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ) => Promise<ServerAnswer | ReadingFailure>;
}

/** Queries in flight at a time: their answers are in memory until they are parsed. */
const PARALLEL = 64;
const QUERY_PATH = '/api/v1/query';
const LABELS_PATH = '/api/v1/labels';
/** A metric that had no series for so long is unknown. */
const KNOWN_FOR_S = 86_400;

/** Opens a reader for each address of each metric. Sends nothing yet, and never throws: what is wrong shows in a reading. */
export function openMetricReaders(
  { clusters, clusterOf }: ReaderContext,
  specs: readonly MetricSpec[],
): OpenMetrics {
  const web = new WebClient();
  const limit = pLimit(PARALLEL);
  const proxies = new Map<string, PodProxy>();

  const endpointsOf = ({
    address,
    headers,
  }: Extract<MetricSource, { provider: 'prometheus' }>): Endpoint[] => {
    switch (address.kind) {
      case 'url':
        return [atUrl(undefined, address.url, headers)];
      case 'each':
        return [...address.servers].map(([cluster, server]) =>
          server.kind === 'url'
            ? atUrl(cluster, server.url, headers)
            : inCluster(clusterOf(cluster), server, headers),
        );
      case 'service':
        return clusters.map((name) => inCluster(clusterOf(name), address, headers));
    }
  };

  const atUrl = (
    cluster: ClusterName | undefined,
    url: string,
    headers: Readonly<Record<string, string>>,
  ): Endpoint => ({
    cluster,
    address: url,
    ask: (path, form, signal) =>
      askWeb(web, { url: `${url.replace(/\/$/, '')}${path}`, headers, form }, url, signal),
  });

  const inCluster = (
    cluster: Cluster,
    service: Extract<MetricServer, { kind: 'service' }>,
    headers: Readonly<Record<string, string>>,
  ): Endpoint => {
    const { namespace, name, port, path } = service;
    const address = `Service ${namespace}/${name}:${String(port)}${path} (${cluster.name})`;
    const proxy = proxies.get(address) ?? new PodProxy(cluster, service, address);
    proxies.set(address, proxy);
    return {
      cluster: cluster.name,
      address,
      ask: (apiPath, parameters, signal) =>
        proxy.ask(
          `${path}${apiPath}`,
          parameters,
          headers,
          AbortSignal.any([signal, AbortSignal.timeout(METRICS.queryMs)]),
        ),
    };
  };

  const readersOf = (spec: MetricSpec): readonly MetricReader[] => {
    const { source } = spec;
    if (source.provider === 'web') {
      const { url, headers } = source;
      const address = withoutQuery(url);
      return [
        {
          cluster: undefined,
          address,
          read: (signal) =>
            limit(async () => {
              const answer = await askWeb(web, { url, headers, form: undefined }, address, signal);
              return 'kind' in answer ? answer : readWebValue(address, source, answer);
            }),
        },
      ];
    }
    const { query, read } = queryOf(spec);
    return endpointsOf(source).map((endpoint) => {
      const { cluster, address, ask } = endpoint;
      const spelling = new Spelling(spec, endpoint);
      return {
        cluster,
        address,
        read: (signal) =>
          limit(async () => {
            const answer = await ask(QUERY_PATH, { query }, signal);
            return 'kind' in answer ? answer : spelling.check(read(address, answer), signal);
          }),
      };
    });
  };

  return {
    metrics: specs.map((spec) => ({ spec, readers: readersOf(spec) })),
    close: async () => {
      await Promise.all([web, ...proxies.values()].map((one) => one.close()));
    },
  };
}

/**
 * Asks whether a query for hits that finds none could find any: one with a typing error never does. What is known then stays so; what
 * is unknown is asked again, because some metrics appear with their first error.
 */
class Spelling {
  readonly #query: string | undefined;
  readonly #endpoint: Endpoint;
  #isKnown = false;

  constructor(spec: MetricSpec, endpoint: Endpoint) {
    this.#query = spec.kind === 'counts' && spec.onNoData === 'inconclusive' ? spec.hits : undefined;
    this.#endpoint = endpoint;
  }

  async check(reading: Reading, signal: AbortSignal): Promise<Reading> {
    if (reading.kind !== 'counters' || this.#query === undefined || this.#isKnown) return reading;
    this.#isKnown = reading.hits.length > 0;
    if (this.#isKnown || !reading.requests.some(({ value }) => value > 0)) return reading;
    const { address, ask } = this.#endpoint;
    const names = new Set(alternativesOf(this.#query).flatMap((all) => all.map(({ name }) => name)));
    const start = reading.evaluatedAt === undefined ? undefined : reading.evaluatedAt / 1000 - KNOWN_FOR_S;
    const asked = [...names].map(async (name) => {
      const answer = await ask(
        LABELS_PATH,
        { 'match[]': name, ...(start === undefined ? {} : { start: String(start) }) },
        signal,
      );
      const labels = 'kind' in answer ? undefined : readLabels(answer);
      return labels === undefined ? [] : [[name, labels] as const];
    });
    const labels = new Map((await Promise.all(asked)).flat());
    const unknown = unknownIn(address, this.#query, labels);
    this.#isKnown = unknown === undefined && labels.size === names.size;
    return unknown === undefined ? reading : { ...reading, unknown };
  }
}

function queryOf(spec: MetricSpec): {
  readonly query: string;
  readonly read: (address: string, answer: ServerAnswer) => Reading;
} {
  switch (spec.kind) {
    case 'limit':
      return { query: spec.query ?? '', read: readValues };
    case 'counts':
      return { query: combinedQuery(spec.requests, spec.hits), read: readCounters };
    case 'shares':
      return { query: combinedQuery(spec.requests, undefined), read: readCounters };
  }
}

async function askWeb(
  web: WebClient,
  request: Parameters<WebClient['ask']>[0],
  address: string,
  signal: AbortSignal,
): Promise<ServerAnswer | ReadingFailure> {
  try {
    return await web.ask(request, signal);
  } catch (error) {
    return unanswered(
      address,
      error,
      `Is it reachable from ${thisMachine()}? A Service of a cluster is reached through the API server by service:NAMESPACE/NAME:PORT`,
    );
  }
}

/** The query of a URL may contain a token. */
function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
