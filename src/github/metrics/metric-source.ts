import type { ClusterName } from '../../core/names.ts';
import { hostOf, isLoopback } from '../../core/proxy.ts';
import { isSecretHeader } from '../../core/secret-names.ts';
import type { MetricAddress, MetricSource, MetricSpec } from '../../release/metric-specs.ts';
import type { GivenAddress } from '../parsers/metric-address.ts';
import { WrongMetric } from './wrong-metric.ts';
import { theInput } from '../../core/wording.ts';

type Headers = Readonly<Record<string, string>>;
export type PrometheusSource = Extract<MetricSource, { provider: 'prometheus' }>;

/** The inputs that say where metrics are. */
export interface SourceInputs {
  /** Every cluster of the release. */
  readonly clusters: readonly ClusterName[];
  /** The input metrics-address, and where it comes from. */
  readonly address:
    { readonly value: GivenAddress; readonly source: string; readonly isInput: boolean } | undefined;
  /** The input metrics-headers. */
  readonly headers: Headers;
}

/** Where a metric is read, by its own keys or by the inputs for all. @throws WrongMetric */
export function prometheusSource(
  {
    address,
    headers = {},
  }: { readonly address?: GivenAddress | undefined; readonly headers?: Headers | undefined },
  inputs: SourceInputs,
): PrometheusSource {
  const given = address ?? inputs.address?.value;
  if (given === undefined)
    throw new WrongMetric(
      `has no address of Prometheus; set ${theInput('metrics-address')} (a URL, or service:NAMESPACE/NAME:PORT), or the key address`,
    );
  // Whoever may change the release file must not choose who gets the secrets of the workflow.
  const all = {
    ...(address === undefined && inputs.address?.isInput === true ? inputs.headers : {}),
    ...headers,
  };
  const complete = completeAddress(given, inputs.clusters, address === undefined ? [] : ['address']);
  const isService =
    complete.kind === 'each'
      ? [...complete.servers.values()].some(({ kind }) => kind === 'service')
      : complete.kind === 'service';
  const ofLogin = Object.keys(all).find((name) => /^(authorization|impersonate-)/i.test(name));
  if (isService && ofLogin !== undefined)
    throw new WrongMetric(
      `the header ${ofLogin} does not reach a Service, because the API server takes it for its own login; use a URL`,
    );
  return { provider: 'prometheus', address: complete, headers: all };
}

/** @throws WrongMetric unless every cluster has an address, or none */
function completeAddress(
  given: GivenAddress,
  clusters: readonly ClusterName[],
  key: readonly string[],
): MetricAddress {
  if (given.kind !== 'each') return given;
  const unknown = [...given.servers.keys()].find((name) => !clusters.includes(name));
  if (unknown !== undefined)
    throw new WrongMetric(
      `the address names "${unknown}", which is not one of the clusters; expected ${clusters.join(', ')}`,
      ...key,
    );
  const missing = clusters.filter((name) => !given.servers.has(name));
  if (missing.length > 0)
    throw new WrongMetric(
      `the address has no entry for ${missing.join(', ')}; add one for every cluster, or ${missing[0] ?? ''}=none where no metrics are read`,
      ...key,
    );
  const servers = new Map(
    [...given.servers].flatMap(([name, server]) => (server === 'none' ? [] : [[name, server] as const])),
  );
  const urls = [...servers].flatMap(([name, server]) =>
    server.kind === 'url' ? [[name, server.url] as const] : [],
  );
  if (servers.size === 0) throw new WrongMetric('the address is none for every cluster', ...key);
  for (const [url, [[first] = [], [second] = []]] of Map.groupBy(urls, ([, one]) => one))
    if (second !== undefined)
      throw new WrongMetric(
        `${url} is the address of both ${first ?? ''} and ${second}, so its counters would count twice; give it once, without clusters, if it has the metrics of all`,
        ...key,
      );
  return { kind: 'each', servers };
}

/** Headers with secrets that would be sent without encryption, a sentence for each address. */
export function plainTextHeaders(specs: readonly MetricSpec[]): readonly string[] {
  const sentences = specs.flatMap(({ source }) =>
    urlsOf(source)
      .filter((url) => url.protocol === 'http:' && !isLoopback(hostOf(url)))
      .flatMap((url) =>
        Object.keys(source.headers)
          .filter(isSecretHeader)
          .map((name) => `The header ${name} is sent to ${url.origin} without encryption. Use https.`),
      ),
  );
  return [...new Set(sentences)];
}

function urlsOf(source: MetricSource): readonly URL[] {
  if (source.provider === 'web') return [new URL(source.url)];
  const { address } = source;
  const servers = address.kind === 'each' ? [...address.servers.values()] : [address];
  return servers.flatMap((server) => (server.kind === 'url' ? [new URL(server.url)] : []));
}
