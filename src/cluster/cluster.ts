import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import pRetry from 'p-retry';
import { Agent, fetch } from 'undici';
import type { Dispatcher } from 'undici';
import { nameOf } from '../release/objects.ts';
import type { KubeObject } from '../release/objects.ts';
import type { ClusterName } from '../release/release.ts';
import { FIELD_MANAGER } from '../release/workloads.ts';
import { ClusterError } from './errors.ts';
import type { Status } from './errors.ts';

/** How long one call may take, in ms. */
const CALL_TIMEOUT_MS = 15_000;
const RETRIES = 3;

interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** `read VirtualService gray-demo/helloworld`, for the message of a failure. */
  readonly tried: string;
}

export interface WriteOptions {
  /** The server goes through all checks, and stores nothing. */
  readonly dryRun?: boolean;
}

/**
 * One Kubernetes cluster, as one kubeconfig context reaches it. Objects go through as plain JSON: typed serializers drop
 * the fields they do not know, and those have to stay.
 *
 * Every method throws a ClusterError where the cluster refuses or cannot be reached, and the signal's reason once it is aborted.
 */
export class Cluster {
  readonly name: ClusterName;
  readonly #config: KubeConfig;
  readonly #signal: AbortSignal;
  readonly #resources = new Map<string, Promise<readonly ApiResource[]>>();
  #access: Promise<Access> | undefined;

  /** @param config its contexts hold `name` */
  constructor(name: ClusterName, config: KubeConfig, signal: AbortSignal) {
    this.name = name;
    this.#signal = signal;
    this.#config = new KubeConfig();
    this.#config.loadFromOptions({
      clusters: config.getClusters(),
      users: config.getUsers(),
      contexts: config.getContexts(),
      currentContext: name,
    });
  }

  /** A view of the same cluster that another signal ends; used to put things back after a cancellation. */
  withSignal(signal: AbortSignal): Cluster {
    return new Cluster(this.name, this.#config, signal);
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
    const items: T[] = [];
    let next: string | undefined;
    do {
      const page: { items: readonly T[]; metadata?: { continue?: string } } = await this.#call({
        method: 'GET',
        path,
        query: {
          limit: '500',
          ...(selector.length === 0 ? {} : { labelSelector: selector.join(',') }),
          ...(next === undefined ? {} : { continue: next }),
        },
        tried: `Listing ${kind}s${namespace === undefined ? '' : ` of ${namespace}`}`,
      });
      // Items of a list carry neither.
      items.push(...page.items.map((item) => ({ ...item, apiVersion, kind })));
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

  /** Deletes an object and, in the background, what it owns. One that is not there is as good as deleted. */
  async remove(
    { apiVersion, kind, metadata }: KubeObject,
    { dryRun = false }: WriteOptions = {},
  ): Promise<void> {
    const { name, namespace } = metadata;
    try {
      await this.#call({
        method: 'DELETE',
        path: await this.#path(apiVersion, kind, namespace, name),
        query: { propagationPolicy: 'Background', ...(dryRun ? { dryRun: 'All' } : {}) },
        tried: `${dryRun ? 'Trying to delete' : 'Deleting'} ${nameOf({ kind, metadata })}`,
      });
    } catch (error) {
      if (!(error instanceof ClusterError && error.status === 404)) throw error;
    }
  }

  /** The newest version of Istio's networking API that the cluster serves, as `networking.istio.io/v1`. */
  async istioApiVersion(): Promise<string> {
    const group: { versions?: readonly { version: string }[] } = await this.#call({
      method: 'GET',
      path: '/apis/networking.istio.io',
      tried: 'Looking for Istio (networking.istio.io)',
    });
    const served = (group.versions ?? []).map(({ version }) => version);
    const version = ['v1', 'v1beta1', 'v1alpha3'].find((candidate) => served.includes(candidate));
    if (version === undefined)
      throw new ClusterError(this.name, 'Looking for a version of networking.istio.io', {
        cause: `served: ${served.join(', ') || 'none'}`,
      });
    return `networking.istio.io/${version}`;
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    const access = await this.#access?.catch(() => undefined);
    await access?.dispatcher.destroy();
  }

  async #path(
    apiVersion: string,
    kind: string,
    namespace: string | undefined,
    name?: string,
  ): Promise<string> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    let resources = this.#resources.get(root);
    if (resources === undefined) {
      resources = this.#discover(root, apiVersion);
      this.#resources.set(root, resources);
    }
    const resource = (await resources).find(
      (candidate) => candidate.kind === kind && !candidate.name.includes('/'),
    );
    if (resource === undefined) {
      throw new ClusterError(this.name, `Looking for the kind ${kind} of ${apiVersion}`, {
        cause: 'the cluster does not serve it',
      });
    }
    const scope =
      resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
    return `${root}${scope}/${resource.name}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
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
    return pRetry(() => this.#send<T>(call), {
      retries: RETRIES,
      minTimeout: 200,
      randomize: true,
      signal: this.#signal,
      shouldRetry: ({ error }) => error instanceof ClusterError && isPassing(error, call.method),
    });
  }

  async #send<T>(call: Call): Promise<T> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
    this.#access ??= accessOf(this.#config);
    let status: number;
    let text: string;
    try {
      const { server, headers, dispatcher } = await this.#access;
      const url = `${server}${call.path}${call.query === undefined ? '' : `?${new URLSearchParams(call.query).toString()}`}`;
      const response = await fetch(url, {
        method: call.method,
        headers: {
          ...headers,
          accept: 'application/json',
          'content-type': call.contentType ?? 'application/json',
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        dispatcher,
        signal,
      });
      status = response.status;
      text = await response.text();
    } catch (cause) {
      this.#signal.throwIfAborted();
      throw new ClusterError(this.name, call.tried, { cause });
    }
    // A token may have run out in a long release: the next call asks for a new one.
    if (status === 401) this.#access = undefined;
    const body = parseJson(text);
    if (status >= 400 || body === undefined) {
      const message = text.trim().slice(0, 300);
      throw new ClusterError(this.name, call.tried, { status, body: isStatus(body) ? body : { message } });
    }
    // The server's own schema is what makes this a T; there is nothing here to check it against.
    return body as T;
  }
}

interface Access {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

/** Address, credentials and connection pool of a context. Kept, since the library opens a new pool at each request. */
async function accessOf(config: KubeConfig): Promise<Access> {
  const server = (config.getCurrentCluster()?.server ?? '').replace(/\/$/, '');
  const context = new RequestContext(server, HttpMethod.GET);
  await config.applySecurityAuthentication(context);
  return { server, headers: context.getHeaders(), dispatcher: context.getDispatcher() ?? new Agent() };
}

function isPassing({ status }: ClusterError, method: Call['method']): boolean {
  if (status === 429) return true;
  return method === 'GET' && (status === undefined || status >= 500);
}

function writeQuery(dryRun: boolean): Readonly<Record<string, string>> {
  return { fieldManager: FIELD_MANAGER, ...(dryRun ? { dryRun: 'All' } : {}) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isStatus(body: unknown): body is Status {
  return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
}
