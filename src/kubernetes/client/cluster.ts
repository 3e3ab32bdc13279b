import type { KubeConfig } from '@kubernetes/client-node';
import { MONOTONIC_CLOCK } from '../../core/clock.ts';
import type { Clock } from '../../core/clock.ts';
import { API } from '../../core/deadlines.ts';
import type { ClusterName } from '../../core/names.ts';
import { nameOf } from '../objects.ts';
import type { KubeObject } from '../objects.ts';
import type { AccessRule, Permission } from '../access-rules.ts';
import type { Answer } from './answer.ts';
import { ApiResources } from './api-resources.ts';
import type { ServedKinds } from './api-resources.ts';
import { isListOf, isObjectOf } from './checks.ts';
import { Connection } from './connection.ts';
import type { Call, CallCount, Transport } from './connection.ts';
import { serverOf } from './contexts.ts';
import { isForbidden, isMissing } from './errors.ts';
import { PortForward } from './port-forward.ts';
import type { ForwardedPod } from './port-forward.ts';
import { listPages } from './list-pages.ts';
import { Availability } from './availability.ts';
import { applyCall, annotateCall, createCall, removeCall, replaceCall } from './write-calls.ts';
import type { WriteCall, WriteOptions } from './write-calls.ts';
import { isAllowed, readRules } from './permissions.ts';
import { callWithRetries } from './retry.ts';

type KindKey = Pick<KubeObject, 'apiVersion' | 'kind'>;

/** How often a server that has just started is asked whether something is allowed, and how long apart. */
const REVIEWS = 5;
const REVIEW_AGAIN_MS = 500;

/** What a test may replace. */
export interface OpenOptions {
  readonly clock?: Clock;
  readonly limits?: typeof API;
}

/** What all views of a cluster have in common. */
interface Shared {
  readonly transport: Transport;
  readonly server: string | undefined;
  readonly resources: ApiResources;
  readonly known: { uid?: string | undefined };
  readonly clock: Clock;
  readonly availability: Availability;
}

/**
 * One Kubernetes cluster, as one kubeconfig context reaches it. Objects are sent and received as plain JSON: typed serializers
 * drop the fields that they do not know, and those must be kept.
 *
 * Every method throws a ClusterError if the cluster refuses or cannot be reached, and the signal's reason once it is aborted.
 */
export class Cluster {
  readonly name: ClusterName;
  /** What its context reaches, as far as the kubeconfig shows; see `serverOf`. */
  readonly server: string | undefined;
  readonly #shared: Shared;
  readonly #signal: AbortSignal;

  private constructor(shared: Shared, signal: AbortSignal) {
    this.name = shared.transport.name;
    this.server = shared.server;
    this.#shared = shared;
    this.#signal = signal;
  }

  /** Sends nothing yet. The contexts of `config` include `name`. */
  static open(
    name: ClusterName,
    config: KubeConfig,
    signal: AbortSignal,
    { clock = MONOTONIC_CLOCK, limits = API }: OpenOptions = {},
  ): Cluster {
    return Cluster.over(new Connection(name, config, limits), serverOf(config, name), signal, clock);
  }

  /** The cluster at the other end of a transport. */
  static over(
    transport: Transport,
    server: string | undefined,
    signal: AbortSignal,
    clock: Clock = MONOTONIC_CLOCK,
  ): Cluster {
    const [resources, availability] = [new ApiResources(transport.name), new Availability()];
    return new Cluster({ transport, server, resources, known: {}, clock, availability }, signal);
  }

  /** The same cluster over the same connections, until another signal; used to finish work after a cancellation. */
  withSignal(signal: AbortSignal): Cluster {
    return new Cluster(this.#shared, signal);
  }

  /** The same cluster, whose calls another signal ends as well. */
  until(signal: AbortSignal): Cluster {
    return this.withSignal(AbortSignal.any([this.#signal, signal]));
  }

  /** The calls made so far, by every view of the cluster. */
  get calls(): CallCount {
    return this.#shared.transport.calls;
  }

  /** The object of this kind and name; undefined if there is none. */
  async read<T extends KubeObject>(
    apiVersion: string,
    kind: string,
    name: string,
    namespace?: string,
  ): Promise<T | undefined> {
    const path = await this.#path(apiVersion, kind, namespace, name);
    try {
      return await this.#call<T>({
        method: 'GET',
        path,
        tried: `Reading ${nameOf({ kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } })}`,
        check: isObjectOf(kind),
      });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** All objects of a kind in a namespace, or in all namespaces; labels restrict the list. */
  async list<T extends KubeObject>(
    apiVersion: string,
    kind: string,
    namespace?: string,
    labels?: Readonly<Record<string, string>>,
  ): Promise<readonly T[]> {
    const path = await this.#path(apiVersion, kind, namespace);
    const selector = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
    const call: Call = {
      method: 'GET',
      path,
      query: selector.length === 0 ? {} : { labelSelector: selector.join(',') },
      tried: `Listing ${kind}s${namespace === undefined ? '' : ` of ${namespace}`}`,
      check: isListOf(kind),
    };
    const items = await listPages<T>(this.name, this.#call, call, this.#shared.clock);
    // The items of a list have neither.
    return items.map((item) => ({ ...item, apiVersion, kind }));
  }

  /** Server-side apply as field manager `multicluster-canary`; a field with another owner is a conflict, never forced. */
  async apply(object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#write(object, applyCall(object, options));
  }

  async create<T extends KubeObject>(object: T, options: WriteOptions = {}): Promise<T> {
    const path = await this.#path(object.apiVersion, object.kind, object.metadata.namespace);
    return this.#call({ ...createCall(object, options), path });
  }

  /** Replaces an object; its `metadata.resourceVersion` guards against concurrent changes (409). */
  async replace<T extends KubeObject>(object: T, options: WriteOptions = {}): Promise<T> {
    return this.#write(object, replaceCall(object, options));
  }

  /** Writes the annotations of an object and nothing else, guarded in the same way. */
  async annotate<T extends KubeObject>(object: T): Promise<T> {
    return this.#write(object, annotateCall(object));
  }

  /**
   * Deletes an object and, in the background, what it owns. If the object has a uid and a resourceVersion, the server deletes
   * exactly that one (409 otherwise). An object that does not exist counts as deleted.
   */
  async remove(object: KubeObject, options: WriteOptions = {}): Promise<void> {
    try {
      await this.#write(object, removeCall(object, options));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** A call that the API server passes on, whose answer is not its own: any status is an answer. One attempt. */
  async ask(call: Call): Promise<Answer> {
    return this.#shared.transport.ask(call, this.#signal);
  }

  /** All that the user of the kubeconfig may do in a namespace; undefined where the cluster does not know it as rules. */
  async rulesIn(namespace: string): Promise<readonly AccessRule[] | undefined> {
    const rules = await readRules(this.#call, namespace);
    const { availability, clock } = this.#shared;
    // A server that has just started does not know all of its roles.
    return availability.isBack(clock.now()) ? undefined : rules;
  }

  /** Whether the user of the kubeconfig may do this. It asks the cluster, and stores nothing. */
  async allows(permission: Permission, { apiVersion, kind }: KindKey): Promise<boolean> {
    const { verb, namespace, name } = permission;
    const path = await this.#path(apiVersion, kind, namespace, verb === 'create' ? undefined : name);
    const { availability, clock } = this.#shared;
    for (let asked = 1; ; asked += 1) {
      if (await isAllowed(this.#call, permission, path)) return true;
      // A server that has just started denies what it allows a moment later.
      if (asked === REVIEWS || !availability.isBack(clock.now())) return false;
      await clock.sleep(REVIEW_AGAIN_MS, this.#signal);
    }
  }

  /** @throws ClusterError if the cluster does not serve the kind */
  async resourceOf({ apiVersion, kind }: KindKey): Promise<Pick<Permission, 'group' | 'resource'>> {
    const { name: resource } = await this.#shared.resources.resource(this.#call, apiVersion, kind);
    const [group = '', version] = apiVersion.split('/');
    return { group: version === undefined ? '' : group, resource };
  }

  /** The UID of the namespace `kube-system`, which identifies a cluster; undefined if it may not be read. Read once. */
  async uid(): Promise<string | undefined> {
    if ('uid' in this.#shared.known) return this.#shared.known.uid;
    try {
      this.#shared.known.uid = (await this.read('v1', 'Namespace', 'kube-system'))?.metadata.uid;
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#shared.known.uid = undefined;
    }
    return this.#shared.known.uid;
  }

  /** Whether objects of a kind belong to namespaces; assumed of a kind that the cluster does not serve (yet). */
  async isNamespaced(apiVersion: string, kind: string): Promise<boolean> {
    return this.#shared.resources.isNamespaced(this.#call, apiVersion, kind);
  }

  /** The newest version of Istio's networking API that the cluster serves, as `networking.istio.io/v1`. */
  async istioApiVersion(): Promise<string> {
    return this.#shared.resources.istioApiVersion(this.#call);
  }

  /** The newest version of each kind of the Gateway API that the cluster serves. */
  async gatewayApiServed(): Promise<ServedKinds> {
    return this.#shared.resources.gatewayApiServed(this.#call);
  }

  /** Connections into a pod, through the API server; it has to be closed. Nothing is opened yet. */
  portForward({ namespace, name }: ForwardedPod): PortForward {
    const call = {
      path: `/api/v1/namespaces/${namespace}/pods/${name}/portforward`,
      tried: `Opening a port-forward to Pod ${namespace}/${name}`,
    };
    return new PortForward(
      (stop) => this.#shared.transport.upgrade(call, AbortSignal.any([stop, this.#signal])),
      this.#shared.clock,
    );
  }

  /** Closes the connections, for every view of the cluster. */
  async close(): Promise<void> {
    await this.#shared.transport.close();
  }

  async #write<T extends KubeObject>({ apiVersion, kind, metadata }: T, call: WriteCall): Promise<T> {
    const path = await this.#path(apiVersion, kind, metadata.namespace, metadata.name);
    return this.#call({ ...call, path });
  }

  async #path(apiVersion: string, kind: string, namespace?: string, name?: string): Promise<string> {
    return this.#shared.resources.path(this.#call, apiVersion, kind, namespace, name);
  }

  readonly #call = <T>(call: Call): Promise<T> =>
    callWithRetries(this.#shared.transport, call, { ...this.#shared, signal: this.#signal });
}
