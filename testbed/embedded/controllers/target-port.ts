import type { KubeObject } from '../api/objects.ts';
import { numberAt, objectsAt, type JsonObject } from '../json.ts';

/**
 * The port of a pod that a Service's port leads to; undefined where it is named and no container of the pod has a port of that
 * name and protocol.
 */
export function targetPortOf(port: JsonObject, pod: KubeObject): number | undefined {
  const target = port['targetPort'] ?? port['port'];
  if (typeof target === 'number') return target;
  const protocol = port['protocol'] ?? 'TCP';
  const sidecars = objectsAt(pod, 'spec', 'initContainers').filter(
    (container) => container['restartPolicy'] === 'Always',
  );
  const named = [...objectsAt(pod, 'spec', 'containers'), ...sidecars]
    .flatMap((container) => objectsAt(container, 'ports'))
    .find((each) => each['name'] === target && (each['protocol'] ?? 'TCP') === protocol);
  return numberAt(named, 'containerPort');
}
