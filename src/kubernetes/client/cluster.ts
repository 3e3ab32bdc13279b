import { setTimeout as delay } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import pRetry from 'p-retry';
import { nameOf } from '../objects.ts';
import type { KubeObject } from '../objects.ts';
import type { ClusterName } from '../../core/names.ts';
import { FIELD_MANAGER } from '../field-managers.ts';
import { Connection, isWrite } from './connection.ts';
import type { Call, CallCount } from './connection.ts';
import { serverOf } from './contexts.ts';
import { ClusterError, LoginError } from './errors.ts';
import { builtIn } from './kinds.ts';
import type { ApiResource } from './kinds.ts';
import { API } from '../../core/deadlines.ts';

const RETRIES = 3;
/** A list that changes faster than it can be read is begun again this often. */
const LIST_RESTARTS = 2;
const ISTIO_GROUP = 'networking.istio.io';

export interface WriteOptions {
  /** The server goes through all checks, and stores nothing. */
  readonly dryRun?: boolean;
}

/** What all views of a cluster have in common. */
interface Shared {
  readonly connection: Connection;
  readonly server: string | undefined;
  readonly resources: Map<string, Promise<readonly ApiResource[]>>;
  readonly known: { uid?: string | undefined };
}

/**
 * One Kubernetes cluster, as one kubeconfig context reaches it. Objects go through as plain JSON: typed serializers drop
 * the fields they do not know, and those have to stay.
 *
 * Every method throws a ClusterError where the cluster refuses or cannot be reached, and the signal's reason once it is aborted.
 */
export class Cluster {
  readonly name: ClusterName;
  /** What its context reaches, as far as the kubeconfig tells; see `serverOf`. */
  readonly server: string | undefined;
  readonly #connection: Connection;
  readonly #resources: Map<string, Promise<readonly ApiResource[]>>;
  readonly #known: { uid?: string | undefined };
  readonly #signal: AbortSignal;

  private constructor({ connection, server, resources, known }: Shared, signal: AbortSignal) {
    this.name = connection.name;
    this.server = server;
    this.#connection = connection;
    this.#resources = resources;
    this.#known = known;
    this.#signal = signal;
  }

  /**
   * Nothing is sent yet.
   *
   * @param config its contexts hold `name`
   */
  static open(name: ClusterName, config: KubeConfig, signal: AbortSignal): Cluster {
    const connection = new Connection(name, config);
    return new Cluster(
      { connection, server: serverOf(config, name), resources: new Map(), known: {} },
      signal,
    );
  }

  /** The same cluster over the same connections, until another signal; used to settle things after a cancellation. */
  withSignal(signal: AbortSignal): Cluster {
    const shared = { connection: this.#connection, server: this.server, resources: this.#resources };
    return new Cluster({ ...shared, known: this.#known }, signal);
  }

  /** The calls made so far, by every view of the cluster. */
  get calls(): CallCount {
    return this.#connection.calls;
  }

  /** The object of this kind and name; undefined where there is none. */
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
      });
    } catch (error) {
      if (error instanceof ClusterError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** All objects of a kind in a namespace, or in all of them; the labels restrict the list. */
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
      query: { limit: '500', ...(selector.length === 0 ? {} : { labelSelector: selector.join(',') }) },
      tried: `Listing ${kind}s${namespace === undefined ? '' : ` of ${namespace}`}`,
    };
    for (let restarts = 0; ; restarts += 1) {
      try {
        const items = await this.#pages<T>(call);
        // Items of a list carry neither.
        return items.map((item) => ({ ...item, apiVersion, kind }));
      } catch (error) {
        // The server has dropped the state that the pages belong to. A new list begins at the present one.
        if (!(error instanceof ClusterError && error.status === 410 && restarts < LIST_RESTARTS)) throw error;
      }
    }
  }

  async #pages<T>(call: Call): Promise<readonly T[]> {
    const items: T[] = [];
    let next: string | undefined;
    do {
      const page: { items: readonly T[]; metadata?: { continue?: string } } = await this.#call({
        ...call,
        query: { ...call.query, ...(next === undefined ? {} : { continue: next }) },
      });
      items.push(...page.items);
      next = page.metadata?.continue === '' ? undefined : page.metadata?.continue;
    } while (next !== undefined);
    return items;
  }

  /** Server-side apply as field manager `multicluster-canary`; a field that someone else owns is a conflict, never forced. */
  async apply(object: KubeObject, { dryRun = false }: WriteOptions = {}): Promise<KubeObject> {
    const { name, namespace } = object.metadata;
    return this.#call({
      method: 'PATCH',
      path: await this.#path(object.apiVersion, object.kind, namespace, name),
      query: writeQuery(dryRun),
      contentType: 'application/apply-patch+yaml',
      body: object,
      tried: `${dryRun ? 'Trying to apply' : 'Applying'} ${nameOf(object)}`,
    });
  }

  async create<T extends KubeObject>(object: T, { dryRun = false }: WriteOptions = {}): Promise<T> {
    return this.#call({
      method: 'POST',
      path: await this.#path(object.apiVersion, object.kind, object.metadata.namespace),
      query: writeQuery(dryRun),
      body: object,
      tried: `${dryRun ? 'Trying to create' : 'Creating'} ${nameOf(object)}`,
    });
  }

  /** Replaces an object; its `metadata.resourceVersion` guards against changes made in between (409). */
  async replace<T extends KubeObject>(object: T, { dryRun = false }: WriteOptions = {}): Promise<T> {
    const { name, namespace } = object.metadata;
    return this.#call({
      method: 'PUT',
      path: await this.#path(object.apiVersion, object.kind, namespace, name),
      query: writeQuery(dryRun),
      body: object,
      tried: `${dryRun ? 'Trying to update' : 'Updating'} ${nameOf(object)}`,
    });
  }

  /**
   * Deletes an object and, in the background, what it owns. Where the object carries a uid and a resourceVersion, the server
   * deletes exactly that one (409 otherwise). An object that does not exist counts as deleted.
   */
  async remove(
    { apiVersion, kind, metadata }: KubeObject,
    { dryRun = false }: WriteOptions = {},
  ): Promise<void> {
    const { name, namespace, uid, resourceVersion } = metadata;
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    try {
      await this.#call({
        method: 'DELETE',
        path: await this.#path(apiVersion, kind, namespace, name),
        query: { propagationPolicy: 'Background', ...(dryRun ? { dryRun: 'All' } : {}) },
        // A dry run deletes nothing: an object that has changed since it was read is found by the deletion itself.
        ...(dryRun ? {} : { body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions } }),
        tried: `${dryRun ? 'Trying to delete' : 'Deleting'} ${nameOf({ kind, metadata })}`,
      });
    } catch (error) {
      if (!(error instanceof ClusterError && error.status === 404)) throw error;
    }
  }

  /** Whether the user of the kubeconfig may do this (SelfSubjectAccessReview; nothing is stored by it). */
  async allows(access: {
    readonly verb: string;
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string | undefined;
  }): Promise<boolean> {
    const { verb, apiVersion, kind, namespace } = access;
    const { name: resource } = await this.#resource(apiVersion, kind);
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
    const attributes = { verb, group, resource, ...(namespace === undefined ? {} : { namespace }) };
    const { status }: { readonly status?: { readonly allowed?: boolean } } = await this.#call({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: attributes },
      },
      tried: `Asking whether ${verb} ${kind} is allowed`,
      changesNothing: true,
    });
    return status?.allowed === true;
  }

  /** The UID of the namespace `kube-system`, which tells clusters apart; undefined where it may not be read. Asked for once. */
  async uid(): Promise<string | undefined> {
    if ('uid' in this.#known) return this.#known.uid;
    try {
      this.#known.uid = (await this.read('v1', 'Namespace', 'kube-system'))?.metadata.uid;
    } catch (error) {
      if (!(error instanceof ClusterError && error.status === 403)) throw error;
      this.#known.uid = undefined;
    }
    return this.#known.uid;
  }

  /** Whether objects of a kind live in namespaces; taken for granted of a kind that the cluster does not serve (yet). */
  async isNamespaced(apiVersion: string, kind: string): Promise<boolean> {
    try {
      return (await this.#find(apiVersion, kind))?.namespaced ?? true;
    } catch (error) {
      if (error instanceof ClusterError && error.status === 404) return true;
      throw error;
    }
  }

  /** The newest version of Istio's networking API that the cluster serves, as `networking.istio.io/v1`. */
  async istioApiVersion(): Promise<string> {
    const newest = `${ISTIO_GROUP}/v1`;
    // Nearly every mesh serves it, and its kinds are needed anyway.
    if (await this.#serves(newest)) return newest;
    const group: { versions?: readonly { version: string }[] } = await this.#call({
      method: 'GET',
      path: `/apis/${ISTIO_GROUP}`,
      tried: `Looking for Istio (${ISTIO_GROUP})`,
    });
    const served = (group.versions ?? []).map(({ version }) => version);
    const version = ['v1beta1', 'v1alpha3'].find((candidate) => served.includes(candidate));
    if (version === undefined)
      throw new ClusterError(this.name, `Looking for a version of ${ISTIO_GROUP}`, {
        body: { message: `the cluster serves ${served.join(', ') || 'none'}` },
      });
    return `${ISTIO_GROUP}/${version}`;
  }

  /** Closes the connections, for every view of the cluster. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #path(
    apiVersion: string,
    kind: string,
    namespace: string | undefined,
    name?: string,
  ): Promise<string> {
    const resource = await this.#resource(apiVersion, kind);
    const scope =
      resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
    return `${rootOf(apiVersion)}${scope}/${resource.name}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
  }

  async #resource(apiVersion: string, kind: string): Promise<ApiResource> {
    const resource = await this.#find(apiVersion, kind);
    if (resource !== undefined) return resource;
    throw new ClusterError(this.name, `Looking for the kind ${kind} of ${apiVersion}`, {
      body: { message: 'the cluster does not serve it' },
    });
  }

  async #find(apiVersion: string, kind: string): Promise<ApiResource | undefined> {
    return (
      builtIn(apiVersion, kind) ??
      (await this.#resourcesOf(apiVersion)).find(
        (candidate) => candidate.kind === kind && !candidate.name.includes('/'),
      )
    );
  }

  async #serves(apiVersion: string): Promise<boolean> {
    try {
      await this.#resourcesOf(apiVersion);
      return true;
    } catch (error) {
      if (error instanceof ClusterError && error.status === 404) return false;
      throw error;
    }
  }

  #resourcesOf(apiVersion: string): Promise<readonly ApiResource[]> {
    const root = rootOf(apiVersion);
    let resources = this.#resources.get(root);
    if (resources === undefined) {
      resources = this.#discover(root, apiVersion);
      this.#resources.set(root, resources);
      resources.catch(() => this.#resources.delete(root));
    }
    return resources;
  }

  async #discover(root: string, apiVersion: string): Promise<readonly ApiResource[]> {
    const { resources } = await this.#call<{ resources: readonly ApiResource[] }>({
      method: 'GET',
      path: root,
      tried: `Looking for the kinds of ${apiVersion}`,
    });
    return resources;
  }

  /** One call, tried again where that is safe: reads after a passing failure, anything after "too many requests". */
  async #call<T>(call: Call): Promise<T> {
    return pRetry(() => this.#connection.send<T>(call, this.#signal), {
      retries: RETRIES,
      maxRetryTime: API.retryMs,
      minTimeout: 200,
      randomize: true,
      signal: this.#signal,
      onFailedAttempt: async ({ error, retriesLeft }) => {
        if (!(error instanceof ClusterError && error.retryAfterMs > 0 && retriesLeft > 0)) return;
        await delay(Math.min(error.retryAfterMs, API.longestRetryAfterMs), undefined, {
          signal: this.#signal,
        }).catch(() => {
          this.#signal.throwIfAborted();
        });
      },
      shouldRetry: ({ error }) => error instanceof ClusterError && isTransient(error, call),
    });
  }
}

/** Where the kinds of an API group are served. */
function rootOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function isTransient({ status, cause }: ClusterError, call: Call): boolean {
  if (cause instanceof LoginError) return false;
  return status === 429 || (!isWrite(call) && (status === undefined || status >= 500));
}

function writeQuery(dryRun: boolean): Readonly<Record<string, string>> {
  return { fieldManager: FIELD_MANAGER, ...(dryRun ? { dryRun: 'All' } : {}) };
}
