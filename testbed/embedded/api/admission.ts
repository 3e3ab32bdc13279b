import { at, numberAt, objectAt, objectsAt, textAt, type JsonObject } from '../json.ts';
import { specShape } from '../gateway-api/shapes.ts';
import { shapeCauses } from './crd-shape.ts';
import { injectSidecar, redirectAmbient } from './injection.ts';
import { ISTIO_WEBHOOK, schemaCauses, webhookMessage, webhookProblems } from './istio-validation.ts';
import { NAMESPACE, POD, SERVICE, SERVICE_ACCOUNT, type Kind } from './kinds.ts';
import type { KubeObject } from './objects.ts';
import { exceededQuotas } from './quota.ts';
import { forbidden, invalid, notFound, webhookDenied } from './status.ts';
import type { Store } from './store.ts';
import { findCauses } from './validation.ts';

/** What a request passes between authorization and the store: admission plugins, webhooks, validation. */
export class Admission {
  readonly #store: Store;
  readonly #cluster: string;
  #addresses = 0;
  /** By `namespace/name:port` of a Service. */
  readonly #nodePorts = new Map<string, number>();

  /** @param cluster its name in Istio */
  constructor(store: Store, cluster: string) {
    this.#store = store;
    this.#cluster = cluster;
  }

  /** @throws StatusError where the namespace of a new object is missing or terminating */
  namespace(kind: Kind, namespace: string | undefined, name: string): void {
    if (!kind.namespaced || namespace === undefined) return;
    const found = this.#store.get(NAMESPACE, undefined, namespace);
    if (found === undefined) throw notFound(NAMESPACE, namespace);
    if (found.metadata.deletionTimestamp !== undefined) {
      const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
      const message = `namespace ${namespace} is being terminated`;
      throw forbidden(kind, name, why, [
        { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' },
      ]);
    }
  }

  /**
   * Checks a complete object.
   *
   * @param live the object before, or `undefined` where it is new
   * @throws StatusError 422, or the denial of a webhook
   */
  validate(kind: Kind, completed: JsonObject, live: KubeObject | undefined): void {
    const name = textAt(completed, 'metadata', 'name') ?? '';
    const shape = specShape(kind);
    const causes = [
      ...findCauses(kind, completed, live),
      ...schemaCauses(kind, completed),
      ...(shape === undefined ? [] : shapeCauses(shape, completed['spec'], 'spec')),
    ];
    if (causes.length > 0) throw invalid(kind, name, causes);
    const problems = webhookProblems(kind, completed);
    if (problems.length > 0) throw webhookDenied(ISTIO_WEBHOOK, webhookMessage(problems));
  }

  /** @throws StatusError 403 where a new object would exceed a ResourceQuota of the namespace */
  quota(kind: Kind, object: KubeObject): void {
    const [exceeded] = exceededQuotas(this.#store, kind, object);
    if (exceeded !== undefined) throw forbidden(kind, object.metadata.name, exceeded);
  }

  /**
   * Adds what the cluster chooses: addresses, service account, sidecar.
   *
   * @throws StatusError 403 where a pod names a service account that is missing
   */
  complete(
    kind: Kind,
    namespace: string | undefined,
    object: JsonObject,
    live: KubeObject | undefined,
  ): JsonObject {
    if (kind === SERVICE) return this.#withAddress(object, namespace ?? '', live);
    if (kind !== POD || live !== undefined || namespace === undefined) return object;
    const labels = this.#store.get(NAMESPACE, undefined, namespace)?.metadata.labels ?? {};
    const pod = injectSidecar(this.#withServiceAccount(object, namespace), labels, this.#cluster);
    return redirectAmbient(pod, labels);
  }

  #withAddress(service: JsonObject, namespace: string, live: KubeObject | undefined): JsonObject {
    const spec = objectAt(service, 'spec');
    if (spec['type'] === 'ExternalName') return service;
    const known = textAt(spec, 'clusterIP') ?? textAt(live, 'spec', 'clusterIP');
    const clusterIP = known === undefined || known === '' ? this.#nextAddress() : known;
    const owner = `${namespace}/${textAt(service, 'metadata', 'name') ?? ''}`;
    const ports = objectsAt(spec, 'ports').map((port) => this.#withNodePort(port, owner, isExternal(spec)));
    return {
      ...service,
      spec: {
        ...spec,
        clusterIP,
        clusterIPs: [clusterIP],
        ...(spec['ports'] === undefined ? {} : { ports }),
      },
      status: { loadBalancer: {}, ...objectAt(service, 'status') },
    };
  }

  /**
   * A port has a node port only while the Service is of a type with one. It gets back the one that it had, so that
   * the gateway's node port goes on leading to the gateway.
   */
  #withNodePort(port: JsonObject, owner: string, external: boolean): JsonObject {
    const { nodePort, ...rest } = port;
    if (!external) return rest;
    const key = `${owner}:${String(numberAt(port, 'port'))}`;
    const number =
      typeof nodePort === 'number' ? nodePort : (this.#nodePorts.get(key) ?? this.#nextNodePort());
    this.#nodePorts.set(key, number);
    return { ...rest, nodePort: number };
  }

  #nextAddress(): string {
    this.#addresses += 1;
    return `10.96.${String(this.#addresses >> 8)}.${String(this.#addresses & 255)}`;
  }

  #nextNodePort(): number {
    return 30000 + (this.#nodePorts.size % 2768);
  }

  #withServiceAccount(pod: JsonObject, namespace: string): JsonObject {
    const name = textAt(pod, 'spec', 'serviceAccountName') ?? 'default';
    if (this.#store.get(SERVICE_ACCOUNT, namespace, name) === undefined) {
      const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
      throw forbidden(POD, textAt(pod, 'metadata', 'name') ?? '', why);
    }
    return {
      ...pod,
      spec: { ...objectAt(pod, 'spec'), serviceAccountName: name, serviceAccount: name },
      status: at(pod, 'status') ?? { phase: 'Pending', qosClass: 'BestEffort' },
    };
  }
}

function isExternal(spec: JsonObject): boolean {
  return spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer';
}
