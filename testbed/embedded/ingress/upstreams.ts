import { hasSidecar } from '../api/injection.ts';
import type { KubeObject } from '../api/objects.ts';
import { matchesLabels } from '../api/selectors.ts';
import { isReady } from '../controllers/replicasets.ts';
import { numberAt, objectAt, objectsAt, textAt, textsAt, type JsonObject } from '../json.ts';
import type { Endpoint, RoutedRequest, Upstream } from './config.ts';
import { covers, fullHost, serviceOf } from '../hosts.ts';
import type { ClusterSnapshot, MeshSnapshot } from './mesh.ts';

/** Where Istio's control plane lives; DestinationRules there hold for the whole mesh. */
const ROOT_NAMESPACE = 'istio-system';

/** Makes Envoy's clusters of the services of the whole mesh and the DestinationRules of one control plane. */
export class Upstreams {
  readonly #mesh: MeshSnapshot;
  readonly #rules: readonly KubeObject[];
  readonly #made = new Map<string, Upstream>();

  /** @param config the cluster whose control plane decides */
  constructor(mesh: MeshSnapshot, config: ClusterSnapshot) {
    this.#mesh = mesh;
    this.#rules = config.destinationRules.toSorted(byAge);
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

  #services(host: string): { readonly cluster: string; readonly service: KubeObject }[] {
    const wanted = serviceOf(host);
    if (wanted === undefined) return [];
    return [...this.#mesh.clusters].flatMap(([cluster, { services }]) =>
      services
        .filter(({ metadata }) => metadata.name === wanted.name && metadata.namespace === wanted.namespace)
        .map((service) => ({ cluster, service })),
    );
  }

  #make(
    name: string,
    host: string,
    subset: string,
    port: number | undefined,
    services: readonly { readonly cluster: string; readonly service: KubeObject }[],
  ): Upstream {
    const rules = this.#rulesFor(host);
    const definition = rules
      .flatMap((rule) => objectsAt(rule, 'spec', 'subsets'))
      .find((each) => each['name'] === subset);
    const served = services.filter(({ service }) =>
      objectsAt(service, 'spec', 'ports').some((each) => each['port'] === port),
    );
    const policy: JsonObject = {
      ...rules
        .map((rule) => objectAt(rule, 'spec', 'trafficPolicy'))
        .find((each) => Object.keys(each).length > 0),
      ...objectAt(definition, 'trafficPolicy'),
    };
    const labels = textsAt(definition, 'labels');
    return {
      name,
      exists: served.length > 0 && (subset === '' || definition !== undefined),
      endpoints: served.flatMap(({ cluster, service }) => this.#endpoints(cluster, service, labels)),
      mutualTls: textAt(policy, 'tls', 'mode') === 'ISTIO_MUTUAL',
      hashKey: hashKeyOf(objectAt(policy, 'loadBalancer', 'consistentHash')),
    };
  }

  /** A gateway looks in its own namespace, in that of the service, and in the root namespace; the first that has any decides. */
  #rulesFor(host: string): readonly KubeObject[] {
    for (const namespace of [ROOT_NAMESPACE, serviceOf(host)?.namespace]) {
      const found = this.#rules.filter(
        (rule) =>
          rule.metadata.namespace === namespace &&
          covers(fullHost(textAt(rule, 'spec', 'host') ?? '', rule.metadata.namespace ?? ''), host),
      );
      if (found.length > 0) return found;
    }
    return [];
  }

  #endpoints(cluster: string, service: KubeObject, labels: Readonly<Record<string, string>>): Endpoint[] {
    const selector = textsAt(service, 'spec', 'selector');
    if (Object.keys(selector).length === 0) return [];
    const pods = this.#mesh.clusters.get(cluster)?.pods ?? [];
    return pods
      .filter(
        (pod) =>
          pod.metadata.namespace === service.metadata.namespace &&
          matchesLabels(selector, pod.metadata.labels ?? {}) &&
          matchesLabels(labels, pod.metadata.labels ?? {}) &&
          isReady(pod),
      )
      .map((pod) => ({
        uid: pod.metadata.uid,
        cluster,
        pod: pod.metadata.name,
        sidecar: hasSidecar(pod),
      }));
  }
}

/** The oldest first; Istio settles a tie by name. */
export function byAge(left: KubeObject, right: KubeObject): number {
  const key = ({ metadata }: KubeObject): string =>
    `${metadata.creationTimestamp} ${metadata.name}.${metadata.namespace ?? ''}`;
  return key(left) < key(right) ? -1 : 1;
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
