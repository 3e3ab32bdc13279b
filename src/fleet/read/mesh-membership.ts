import { CONTROL_PLANE } from '../../istio/mesh-config.ts';
import type { PeerAuthentication } from '../../istio/peer-authentications.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { ClusterError, isForbidden } from '../../kubernetes/client/errors.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import type { Release } from '../../release/release.ts';
import type { ClusterState } from '../../release/state.ts';
import { controlPlaneRevision } from './gateways.ts';
import { readMeshConfig } from './mesh-config.ts';

const POLICY_VERSIONS = ['security.istio.io/v1', 'security.istio.io/v1beta1'];

/** What matters only to pods without sidecars. */
export type Membership = Pick<ClusterState, 'peerAuthentications' | 'rootNamespace' | 'network'>;

/**
 * Reads what decides whether pods without sidecars can serve; nothing where the pods have sidecars.
 *
 * @param ofRelease the namespace of the release, whose label may name a revision of the control plane
 */
export async function readMembership(
  cluster: Cluster,
  { namespace, workload }: Release,
  ofRelease: Promise<KubeObject | undefined>,
): Promise<Membership> {
  switch (workload.pods) {
    case 'sidecar':
      return {};
    case 'ambient':
      return { network: await readNetwork(cluster) };
    case 'none': {
      const { mesh, unread } = await readMeshConfig(cluster, controlPlaneRevision([], await ofRelease));
      const { rootNamespace } = mesh;
      return {
        peerAuthentications: await readPolicies(cluster, [namespace, rootNamespace]),
        rootNamespace: unread.length === 0 ? rootNamespace : 'assumed',
      };
    }
  }
}

/** The network of the cluster, as Istio reads it. Source: https://istio.io/latest/docs/ambient/install/multicluster/ */
async function readNetwork(cluster: Cluster): Promise<NonNullable<Membership['network']>> {
  try {
    const found = await cluster.read('v1', 'Namespace', CONTROL_PLANE);
    return { label: found?.metadata.labels?.['topology.istio.io/network'] };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return 'unread';
  }
}

/** The policies of some namespaces. */
async function readPolicies(
  cluster: Cluster,
  namespaces: readonly string[],
): Promise<NonNullable<Membership['peerAuthentications']>> {
  for (const apiVersion of POLICY_VERSIONS) {
    try {
      const found = await Promise.all(
        [...new Set(namespaces)].map((one) =>
          cluster.list<PeerAuthentication>(apiVersion, 'PeerAuthentication', one),
        ),
      );
      return found.flat();
    } catch (error) {
      if (isForbidden(error)) return 'unread';
      // This version is not served.
      if (!(error instanceof ClusterError && error.status === 404)) throw error;
    }
  }
  return [];
}
