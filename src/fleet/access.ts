import { permits } from '../kubernetes/access-rules.ts';
import type { Permission } from '../kubernetes/access-rules.ts';
import type { Change } from '../kubernetes/change.ts';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { ClusterName } from '../core/names.ts';
import { limitPerCluster } from './cluster-limits.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';

/** Questions in flight at a time, per cluster. */
const PARALLEL = 16;

/** The permission to do something with an object, or with objects of its kind. */
export interface Access {
  readonly cluster: ClusterName;
  readonly verb: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** undefined for a cluster-scoped kind */
  readonly namespace: string | undefined;
  /** undefined where the request does not name it */
  readonly name: string | undefined;
}

/** A permission that the user of the kubeconfig lacks in a cluster. */
export interface MissingAccess extends Permission {
  readonly cluster: ClusterName;
}

/** The permission to do something with one object; a create by POST does not name it. */
export function accessTo(
  cluster: ClusterName,
  verb: string,
  { apiVersion, kind, metadata: { namespace, name } }: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>,
): Access {
  return { cluster, verb, apiVersion, kind, namespace, name: verb === 'create' ? undefined : name };
}

/** The permissions that a change needs. */
export function accessFor({ cluster, verb, object, before }: Change): readonly Access[] {
  switch (verb) {
    case 'apply':
      // A server-side apply may have to create the object, and says its name even then.
      return [
        accessTo(cluster, 'patch', object),
        { ...accessTo(cluster, 'create', object), name: object.metadata.name },
      ];
    case 'update':
      // An earlier stage creates the object.
      return before === undefined
        ? [accessTo(cluster, 'create', object), accessTo(cluster, 'update', object)]
        : [accessTo(cluster, 'update', object)];
    default:
      return [accessTo(cluster, verb, object)];
  }
}

/** The permissions that the user of the kubeconfig lacks, according to the API servers. */
export async function missingOf(fleet: Fleet, wanted: readonly Access[]): Promise<readonly MissingAccess[]> {
  const limitOf = limitPerCluster(PARALLEL);
  const groups = [
    ...Map.groupBy(wanted, ({ cluster, namespace }) => JSON.stringify([cluster, namespace])).values(),
  ];
  const missing = await allOf(
    groups.map(async (accesses) => {
      const [first] = accesses;
      if (first === undefined) return [];
      const cluster = fleet.cluster(first.cluster);
      const limit = limitOf(first.cluster);
      // All in one call, if the cluster knows its rules.
      const { namespace } = first;
      const rules =
        namespace === undefined || accesses.length === 1
          ? undefined
          : await limit(() => cluster.rulesIn(namespace));
      const lacking = await allOf(
        accesses.map(async (access) => {
          const permission = await permissionOf(cluster, access);
          const isAllowed =
            rules === undefined
              ? await limit(() => cluster.allows(permission, access))
              : permits(rules, permission);
          return isAllowed ? [] : [{ ...permission, cluster: access.cluster }];
        }),
      );
      return lacking.flat();
    }),
  );
  return missing.flat();
}

async function permissionOf(
  cluster: Cluster,
  { verb, apiVersion, kind, namespace, name }: Access,
): Promise<Permission> {
  return { verb, ...(await cluster.resourceOf({ apiVersion, kind })), namespace, name };
}
