import type { V1APIGroupList, V1APIResourceList } from '@kubernetes/client-node';
import { KubeError } from './kube-api.ts';
import type { KubeApi } from './kube-api.ts';
import { namespaces, pods } from './kube-objects.ts';
import type { KubeObject, Resource } from './kube-objects.ts';
import { SYSTEM_NAMESPACES } from './kubernetes.ts';
import type { KubernetesCluster } from './kubernetes.ts';
import { until } from './until.ts';

const SECONDS = 30;
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** Cluster-scoped objects that a scenario may create; those that refuse requests come first. */
const CLUSTER_WIDE: readonly Resource<KubeObject>[] = [
  { base: ADMISSION, plural: 'validatingwebhookconfigurations' },
  { base: ADMISSION, plural: 'mutatingwebhookconfigurations' },
  { base: ADMISSION, plural: 'validatingadmissionpolicybindings' },
  { base: ADMISSION, plural: 'validatingadmissionpolicies' },
  { base: RBAC, plural: 'clusterrolebindings' },
  { base: RBAC, plural: 'clusterroles' },
];

/** What the parts of the mesh may write into their namespaces at any time. */
const WRITTEN_BY_THE_MESH = new Set([
  'configmaps',
  'endpoints',
  'endpointslices',
  'events',
  'leases',
  'serviceaccounts',
]);

interface Found {
  readonly resource: Resource<KubeObject>;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** The initial contents of a cluster, and how to restore them. */
export class Baseline {
  readonly #cluster: KubernetesCluster;
  readonly #resources: readonly Resource<KubeObject>[];
  readonly #kept: ReadonlySet<string>;

  private constructor(
    cluster: KubernetesCluster,
    resources: readonly Resource<KubeObject>[],
    kept: ReadonlySet<string>,
  ) {
    this.#cluster = cluster;
    this.#resources = resources;
    this.#kept = kept;
  }

  static async take(cluster: KubernetesCluster): Promise<Baseline> {
    const resources = await namespacedResources(cluster.api);
    const present = await findAll(cluster.api, [...CLUSTER_WIDE, ...resources]);
    return new Baseline(cluster, resources, new Set(present.map(keyOf)));
  }

  /**
   * Deletes every namespace created since, with its contents, and everything else created since.
   * It finalizes the namespaces itself: no namespace controller runs.
   */
  async restore(): Promise<void> {
    const { api, name } = this.#cluster;
    await deleteAll(
      api,
      (await findAll(api, CLUSTER_WIDE)).filter((found) => !this.#kept.has(keyOf(found))),
    );

    const made = (await api.list(namespaces)).items
      .flatMap(({ metadata }) => metadata?.name ?? [])
      .filter((each) => !SYSTEM_NAMESPACES.has(each));
    // A namespace that is being deleted accepts no new objects, so its contents are now complete.
    await Promise.all(made.map((each) => api.delete(namespaces, { name: each })));
    await until(
      `everything made in ${name} to be deleted`,
      async () => {
        const left = (await findAll(api, this.#resources)).filter((found) => this.#isMade(found));
        await deleteAll(api, left);
        return left.length === 0;
      },
      { seconds: SECONDS },
    );
    await Promise.all(made.map((each) => finalize(api, each)));
  }

  #isMade(found: Found): boolean {
    if (!SYSTEM_NAMESPACES.has(found.namespace ?? '')) return true;
    return !WRITTEN_BY_THE_MESH.has(found.resource.plural) && !this.#kept.has(keyOf(found));
  }
}

function keyOf({ resource, namespace = '', name }: Found): string {
  return [resource.base, resource.plural, namespace, name].join(' ');
}

async function findAll(api: KubeApi, resources: readonly Resource<KubeObject>[]): Promise<Found[]> {
  const lists = await Promise.all(
    resources.map(async (resource) => {
      const { items } = await api.list(resource);
      return items.map(({ metadata }) => ({
        resource,
        namespace: metadata?.namespace,
        name: metadata?.name ?? '',
      }));
    }),
  );
  return lists.flat();
}

async function deleteAll(api: KubeApi, found: readonly Found[]): Promise<void> {
  await Promise.all(
    found.map(({ resource, ...place }) =>
      api.delete(resource, place, resource.plural === pods.plural ? { gracePeriodSeconds: 0 } : {}),
    ),
  );
}

/** Without a resourceVersion, as nothing of what was read is kept. */
async function finalize(api: KubeApi, name: string): Promise<void> {
  try {
    await api.replace(namespaces, { metadata: { name }, spec: { finalizers: [] } }, 'finalize');
  } catch (error) {
    if (!(error instanceof KubeError && error.status === 404)) throw error;
  }
}

async function namespacedResources(api: KubeApi): Promise<Resource<KubeObject>[]> {
  const { groups } = (await api.request('GET', '/apis')) as V1APIGroupList;
  const bases = [
    '/api/v1',
    ...groups.flatMap(({ preferredVersion }) =>
      preferredVersion ? `/apis/${preferredVersion.groupVersion}` : [],
    ),
  ];
  const lists = await Promise.all(
    bases.map(async (base) => {
      const { resources } = (await api.request('GET', base)) as V1APIResourceList;
      return resources
        .filter(({ namespaced, verbs }) => namespaced && verbs.includes('list') && verbs.includes('delete'))
        .map(({ name }) => ({ base, plural: name }));
    }),
  );
  return lists.flat();
}
