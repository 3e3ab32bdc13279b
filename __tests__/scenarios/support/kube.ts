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

/** A person with kubectl in one cluster, who prepares a scenario, edits objects behind the action's back, and looks at them. */
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

  /** The object as it would be created, by a server-side dry run. */
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

  /** undefined if there is no such object */
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

  /** Server-side apply under a field manager, as a GitOps controller does. */
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

  /** A token of a service account, as `kubectl create token` gets it. */
  async tokenOf(name: string, namespace: string): Promise<string> {
    const body = { spec: { audiences: [] } };
    const { status } = await this.#core.createNamespacedServiceAccountToken({ name, namespace, body });
    return status?.token ?? '';
  }

  /** Replaces an object, as `kubectl replace` does. */
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

  /** Waits until a controller has created an object, for 10 s at most. */
  async exists(apiVersion: string, kind: string, name: string, namespace: string): Promise<void> {
    const deadline = Date.now() + 10_000;
    while ((await this.find(apiVersion, kind, name, namespace)) === undefined) {
      if (Date.now() > deadline) throw new Error(`${kind} ${name} was not created`);
      await delay(50);
    }
  }

  /** Waits until an object has reached a state, for 10 s at most. */
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
