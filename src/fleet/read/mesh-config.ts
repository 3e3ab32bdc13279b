import { isYamlError, parseYaml } from '../../core/yaml.ts';
import { CONTROL_PLANE, MESH_DEFAULTS, meshConfigName, parseMeshConfig } from '../../istio/mesh-config.ts';
import type { MeshConfig } from '../../istio/mesh-config.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import type { TrafficState } from '../../istio/traffic-state.ts';
import type { Cluster } from '../../kubernetes/client/cluster.ts';
import { ClusterError } from '../../kubernetes/client/errors.ts';

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * Reads the configuration of the mesh: key `mesh` of the ConfigMap `istio`, or `istio-REVISION`, in the control plane's namespace.
 * If it cannot be read, Istio's defaults apply.
 * Source: https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/
 */
export async function readMeshConfig(
  cluster: Cluster,
  revision: string | undefined,
): Promise<Pick<TrafficState, 'mesh' | 'unread'>> {
  const name = meshConfigName(revision);
  const mesh = await readNamed(cluster, name);
  if (typeof mesh !== 'string') return { mesh, unread: [] };
  const unread = { what: 'mesh config', name: `${CONTROL_PLANE}/${name}`, why: mesh } as const;
  return { mesh: MESH_DEFAULTS, unread: [unread] };
}

/** @returns the reason, if it cannot be read */
async function readNamed(cluster: Cluster, name: string): Promise<MeshConfig | string> {
  try {
    const found = await cluster.read<ConfigMap>('v1', 'ConfigMap', name, CONTROL_PLANE);
    if (found === undefined) return 'it does not exist';
    return (
      parseMeshConfig(parseYaml(found.data?.['mesh'] ?? '')) ?? 'its key mesh is not a mesh configuration'
    );
  } catch (error) {
    if (isYamlError(error)) return 'its key mesh is not YAML';
    if (error instanceof ClusterError && error.status === 403)
      return 'the user of the kubeconfig may not get it';
    throw error;
  }
}
