import { acceptsMutualTls } from '../api/injection.ts';
import type { KubeObject } from '../api/objects.ts';
import { matchesLabels, type Labels } from '../api/selectors.ts';
import { targetPortOf } from '../controllers/target-port.ts';
import { isReady } from '../controllers/replicasets.ts';
import { textAt, textsAt, type JsonObject } from '../json.ts';
import type { Endpoint } from './config.ts';
import type { ClusterSnapshot } from './mesh.ts';

/**
 * The ready endpoints of a Service's port in one cluster whose labels match, including the labels that istiod adds.
 *
 * @param cluster the name under which istiod knows the cluster
 */
export function endpointsOf(
  cluster: string,
  { pods, nodes }: ClusterSnapshot,
  service: KubeObject,
  port: JsonObject,
  labels: Labels,
): Endpoint[] {
  const selector = textsAt(service, 'spec', 'selector');
  if (Object.keys(selector).length === 0) return [];
  return pods
    .filter(
      (pod) =>
        pod.metadata.namespace === service.metadata.namespace &&
        matchesLabels(selector, pod.metadata.labels ?? {}) &&
        matchesLabels(labels, labelsOf(cluster, pod, nodes)) &&
        isReady(pod),
    )
    .flatMap((pod) => {
      const target = targetPortOf(port, pod);
      // A pod without the named port is not an endpoint.
      if (target === undefined) return [];
      const { uid, name } = pod.metadata;
      return [{ uid, cluster, pod: name, port: target, mutualTls: acceptsMutualTls(pod) }];
    });
}

/** A pod's labels as a subset selects by them, https://istio.io/latest/docs/reference/config/labels/ */
function labelsOf(cluster: string, pod: KubeObject, nodes: readonly KubeObject[]): Labels {
  const own = pod.metadata.labels ?? {};
  const nodeName = textAt(pod, 'spec', 'nodeName');
  const node = nodes.find(({ metadata }) => metadata.name === nodeName)?.metadata.labels ?? {};
  const [region, zone, subzone] =
    own['istio-locality']?.split('.') ??
    ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'].map(
      (label) => node[label],
    );
  const added = {
    'topology.kubernetes.io/region': region,
    'topology.kubernetes.io/zone': zone,
    'topology.istio.io/subzone': subzone,
    'topology.istio.io/cluster': cluster,
    'kubernetes.io/hostname': nodeName,
  };
  const known = Object.entries(added).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  return { ...own, ...Object.fromEntries(known) };
}
