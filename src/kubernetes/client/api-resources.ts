import type { ClusterName } from '../../core/names.ts';
import { isGroup, isResourceList } from './checks.ts';
import type { Call } from './connection.ts';
import { ClusterError } from './errors.ts';
import { wellKnown } from './kinds.ts';
import type { ApiResource } from './kinds.ts';

const ISTIO_GROUP = 'networking.istio.io';
/** Nearly every mesh serves it. */
export const NEWEST_ISTIO = `${ISTIO_GROUP}/v1`;

/** Those of the standard channel, newest first (https://gateway-api.sigs.k8s.io/concepts/versioning/). */
const GATEWAY_API_VERSIONS = ['gateway.networking.k8s.io/v1', 'gateway.networking.k8s.io/v1beta1'] as const;
export const [NEWEST_GATEWAY_API] = GATEWAY_API_VERSIONS;
/** The kinds that are read. They moved from v1beta1 to v1 one by one: ReferenceGrant came last. */
const GATEWAY_API_KINDS = ['HTTPRoute', 'Gateway', 'ReferenceGrant'];

/** `gateway.networking.k8s.io/v1` by kind; a kind without a version is not served. */
export type ServedKinds = Readonly<Partial<Record<string, string>>>;

/** What a cluster calls with, until its signal ends. */
export type Caller = <T>(call: Call) => Promise<T>;

/** How a cluster serves each kind. An API that is not well known is asked once. */
export class ApiResources {
  readonly #cluster: ClusterName;
  readonly #known = new Map<string, Promise<readonly ApiResource[]>>();

  constructor(cluster: ClusterName) {
    this.#cluster = cluster;
  }

  /**
   * The path of an object, or of all objects of a kind if no name is given.
   *
   * @throws ClusterError if the cluster does not serve the kind
   */
  async path(
    caller: Caller,
    apiVersion: string,
    kind: string,
    namespace: string | undefined,
    name?: string,
  ): Promise<string> {
    const resource = await this.resource(caller, apiVersion, kind);
    const scope =
      resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
    return `${rootOf(apiVersion)}${scope}/${resource.name}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
  }

  /** @throws ClusterError if the cluster does not serve the kind */
  async resource(caller: Caller, apiVersion: string, kind: string): Promise<ApiResource> {
    const resource = await this.#find(caller, apiVersion, kind);
    if (resource !== undefined) return resource;
    throw new ClusterError(this.#cluster, `Looking up the kind ${kind} of ${apiVersion}`, {
      body: { message: 'the cluster does not serve it' },
    });
  }

  /** Whether objects of a kind belong to namespaces; assumed of a kind that the cluster does not serve (yet). */
  async isNamespaced(caller: Caller, apiVersion: string, kind: string): Promise<boolean> {
    try {
      return (await this.#find(caller, apiVersion, kind))?.namespaced ?? true;
    } catch (error) {
      if (error instanceof ClusterError && error.status === 404) return true;
      throw error;
    }
  }

  /** The newest version of Istio's networking API that the cluster serves, as `networking.istio.io/v1`. */
  async istioApiVersion(caller: Caller): Promise<string> {
    if (await this.#serves(caller, NEWEST_ISTIO)) return NEWEST_ISTIO;
    const group = await caller<{ readonly versions?: readonly { readonly version: string }[] }>({
      method: 'GET',
      path: `/apis/${ISTIO_GROUP}`,
      tried: `Looking for Istio (${ISTIO_GROUP})`,
      check: isGroup,
    });
    const served = (group.versions ?? []).map(({ version }) => version);
    const version = ['v1beta1', 'v1alpha3'].find((candidate) => served.includes(candidate));
    if (version === undefined)
      throw new ClusterError(this.#cluster, `Looking for a version of ${ISTIO_GROUP}`, {
        body: { message: `the cluster serves ${served.join(', ') || 'none'}` },
      });
    return `${ISTIO_GROUP}/${version}`;
  }

  /**
   * The newest version of each kind of the Gateway API that the cluster serves; empty where it is not installed. An older version is
   * asked for only if the newer one lacks a kind.
   *
   * @throws ClusterError if the user of the kubeconfig may not look, or it fails
   */
  async gatewayApiServed(caller: Caller): Promise<ServedKinds> {
    let served: ServedKinds = {};
    for (const apiVersion of GATEWAY_API_VERSIONS) {
      if (GATEWAY_API_KINDS.every((kind) => served[kind] !== undefined)) break;
      if (!(await this.#serves(caller, apiVersion))) continue;
      const resources = await this.#resourcesOf(caller, apiVersion);
      const kinds = new Map(resources.map(({ kind }) => [kind, apiVersion]));
      served = { ...Object.fromEntries(kinds), ...served };
    }
    return served;
  }

  async #find(caller: Caller, apiVersion: string, kind: string): Promise<ApiResource | undefined> {
    return (
      wellKnown(apiVersion, kind) ??
      (await this.#resourcesOf(caller, apiVersion)).find(
        (candidate) => candidate.kind === kind && !candidate.name.includes('/'),
      )
    );
  }

  async #serves(caller: Caller, apiVersion: string): Promise<boolean> {
    try {
      await this.#resourcesOf(caller, apiVersion);
      return true;
    } catch (error) {
      if (error instanceof ClusterError && error.status === 404) return false;
      throw error;
    }
  }

  #resourcesOf(caller: Caller, apiVersion: string): Promise<readonly ApiResource[]> {
    const root = rootOf(apiVersion);
    let resources = this.#known.get(root);
    if (resources === undefined) {
      resources = discover(caller, root, apiVersion);
      this.#known.set(root, resources);
      resources.catch(() => this.#known.delete(root));
    }
    return resources;
  }
}

async function discover(caller: Caller, root: string, apiVersion: string): Promise<readonly ApiResource[]> {
  const { resources } = await caller<{ readonly resources: readonly ApiResource[] }>({
    method: 'GET',
    path: root,
    tried: `Looking up the kinds of ${apiVersion}`,
    check: isResourceList,
  });
  return resources;
}

/** Where the kinds of an API group are served. */
function rootOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
