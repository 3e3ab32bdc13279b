import type { KubeObject } from '../api/objects.ts';
import { numberAt, objectAt, objectsAt, textAt, textsAt, type JsonObject } from '../json.ts';
import { fullHost, serviceOf } from '../hosts.ts';
import type { RoutedRequest, Upstream } from './config.ts';
import { endpointsOf } from './endpoints.ts';
import type { ClusterSnapshot, MeshSnapshot } from './mesh.ts';
import type { DestinationRules } from './rules.ts';

/** A Service in one of the clusters. */
interface Placed {
  readonly cluster: string;
  readonly snapshot: ClusterSnapshot;
  readonly service: KubeObject;
}

/** Builds Envoy's clusters from the services of the whole mesh and the DestinationRules of one control plane. */
export class Upstreams {
  readonly #mesh: MeshSnapshot;
  readonly #rules: DestinationRules;
  readonly #made = new Map<string, Upstream>();

  /** @param rules those of the cluster whose control plane decides */
  constructor(mesh: MeshSnapshot, rules: DestinationRules) {
    this.#mesh = mesh;
    this.#rules = rules;
  }

  /**
   * @param destination a route's `destination`
   * @param namespace the namespace of the VirtualService
   */
  of(destination: JsonObject, namespace: string): Upstream {
    const host = fullHost(textAt(destination, 'host') ?? '', namespace);
    const subset = textAt(destination, 'subset') ?? '';
    const services = this.#services(host);
    const port = numberAt(destination, 'port', 'number') ?? onlyPort(services[0]?.service);
    const name = `outbound|${String(port ?? 0)}|${subset}|${host}`;
    const made = this.#made.get(name) ?? this.#make(name, host, subset, port, services);
    this.#made.set(name, made);
    return made;
  }

  #services(host: string): Placed[] {
    const wanted = serviceOf(host);
    if (wanted === undefined) return [];
    return [...this.#mesh.clusters].flatMap(([cluster, snapshot]) =>
      snapshot.services
        .filter(({ metadata }) => metadata.name === wanted.name && metadata.namespace === wanted.namespace)
        .map((service) => ({ cluster, snapshot, service })),
    );
  }

  #make(
    name: string,
    host: string,
    subset: string,
    port: number | undefined,
    services: readonly Placed[],
  ): Upstream {
    const { subsets, trafficPolicy } = this.#rules.of(host);
    const definition = subsets.find((each) => each['name'] === subset);
    const served = services.flatMap((placed) =>
      objectsAt(placed.service, 'spec', 'ports')
        .filter((each) => each['port'] === port)
        .map((each) => ({ ...placed, servicePort: each })),
    );
    const policy: JsonObject = { ...trafficPolicy, ...objectAt(definition, 'trafficPolicy') };
    const labels = textsAt(definition, 'labels');
    return {
      name,
      exists: served.length > 0 && (subset === '' || definition !== undefined),
      endpoints: served.flatMap(({ cluster, snapshot, service, servicePort }) =>
        endpointsOf(cluster, snapshot, service, servicePort, labels),
      ),
      mutualTls: textAt(policy, 'tls', 'mode') === 'ISTIO_MUTUAL',
      hashKey: hashKeyOf(objectAt(policy, 'loadBalancer', 'consistentHash')),
    };
  }
}

function onlyPort(service: KubeObject | undefined): number | undefined {
  const ports = objectsAt(service, 'spec', 'ports');
  return ports.length === 1 ? numberAt(ports[0], 'port') : undefined;
}

function hashKeyOf(hash: JsonObject): Upstream['hashKey'] {
  const header = textAt(hash, 'httpHeaderName')?.toLowerCase();
  if (header !== undefined) return ({ headers }) => textOf(headers[header]);
  const cookie = textAt(hash, 'httpCookie', 'name');
  if (cookie !== undefined) return (request) => cookieOf(request, cookie);
  const parameter = textAt(hash, 'httpQueryParameterName');
  if (parameter !== undefined) return ({ query }) => query.get(parameter) ?? undefined;
  return hash['useSourceIp'] === true ? ({ source }) => source : undefined;
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}

function cookieOf({ headers }: RoutedRequest, name: string): string | undefined {
  const cookies = textOf(headers['cookie'])?.split(';') ?? [];
  return cookies.map((cookie) => cookie.trim().split('=')).find(([key]) => key === name)?.[1];
}
