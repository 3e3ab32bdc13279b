import { setTimeout as delay } from 'node:timers/promises';
import {
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';
import type { TestFleet } from '../../../testbed/fleet.ts';

export const ISTIO = 'networking.istio.io/v1';

/** An object as a scenario writes or reads it. */
export interface Obj {
  apiVersion: string;
  kind: string;
  metadata: Meta;
  [field: string]: unknown;
}

interface Meta {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  resourceVersion?: string;
}

/** A person with kubectl in one cluster: what a scenario prepares, changes behind the action's back, and looks at. */
export class Kube {
  readonly #api: KubernetesObjectApi;
  readonly #core: CoreV1Api;

  constructor(fleet: TestFleet, cluster: string) {
    const config = new KubeConfig();
    config.loadFromString(fleet.kubeconfig);
    config.setCurrentContext(cluster);
    this.#api = KubernetesObjectApi.makeApiClient(config);
    this.#core = config.makeApiClient(CoreV1Api);
  }

  async create(...objects: readonly Obj[]): Promise<void> {
    for (const object of objects) await this.#api.create(object, undefined, undefined, 'kubectl-create');
  }

  /** What an object would be once created: a server-side dry run. */
  async tryOut(object: Obj): Promise<Obj> {
    return this.#api.create(object, undefined, 'All', 'kubectl-create');
  }

  async get(apiVersion: string, kind: string, name: string, namespace?: string): Promise<Obj> {
    return this.#api.read<Obj>({
      apiVersion,
      kind,
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    });
  }

  /** undefined where there is no such object */
  async find(apiVersion: string, kind: string, name: string, namespace?: string): Promise<Obj | undefined> {
    try {
      return await this.get(apiVersion, kind, name, namespace);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 404) return undefined;
      throw error;
    }
  }

  async list(apiVersion: string, kind: string, namespace?: string): Promise<readonly Obj[]> {
    const { items } = await this.#api.list<Obj>(apiVersion, kind, namespace);
    return items;
  }

  /** A JSON merge patch, as `kubectl edit` would write it. */
  async merge(object: Obj): Promise<void> {
    await this.#api.patch(object, undefined, undefined, 'kubectl-edit', undefined, PatchStrategy.MergePatch);
  }

  /** Server-side apply under a field manager, as a controller does that syncs from a repository. */
  async apply(object: Obj, manager: string): Promise<void> {
    await this.#api.patch(object, undefined, undefined, manager, true, PatchStrategy.ServerSideApply);
  }

  /** A JSON merge patch of a Service's status, as a cloud's controller would write it. */
  async mergeServiceStatus(
    key: { readonly name: string; readonly namespace: string },
    status: unknown,
  ): Promise<void> {
    const asMerge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
    await this.#core.patchNamespacedServiceStatus({ ...key, body: { status } }, asMerge);
  }

  /** Puts an object in the place of the one it was read from. */
  async replace(object: Obj): Promise<void> {
    await this.#api.replace(object, undefined, undefined, 'kubectl-replace');
  }

  async remove(apiVersion: string, kind: string, name: string, namespace?: string): Promise<void> {
    await this.#api.delete({
      apiVersion,
      kind,
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    });
  }

  /** Waits until a controller has made an object; 10 s at most. */
  async exists(apiVersion: string, kind: string, name: string, namespace: string): Promise<void> {
    const deadline = Date.now() + 10_000;
    while ((await this.find(apiVersion, kind, name, namespace)) === undefined) {
      if (Date.now() > deadline) throw new Error(`${kind} ${name} was not made`);
      await delay(50);
    }
  }

  /** Waits until a controller has brought an object to a state; 10 s at most. */
  async settled(
    apiVersion: string,
    kind: string,
    name: string,
    namespace: string | undefined,
    reached: (object: Obj) => boolean,
  ): Promise<void> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const object = await this.get(apiVersion, kind, name, namespace);
      if (reached(object)) return;
      if (Date.now() > deadline) throw new Error(`${kind} ${name} did not settle: ${JSON.stringify(object)}`);
      await delay(50);
    }
  }
}
