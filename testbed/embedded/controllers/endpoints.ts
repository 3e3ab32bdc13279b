import { ENDPOINT_SLICE, POD, SERVICE } from '../api/kinds.ts';
import { controllerReference, isOwnedBy, type KubeObject } from '../api/objects.ts';
import type { Resources } from '../api/resources.ts';
import { matchesLabels } from '../api/selectors.ts';
import { objectsAt, textAt, textsAt, type JsonObject } from '../json.ts';
import type { Timers } from '../timers.ts';
import { isReady } from './replicasets.ts';
import { WorkQueue } from './queue.ts';
import { targetPortOf } from './target-port.ts';

const MANAGER = 'kube-controller-manager';

/** The EndpointSlice controller: one slice for each Service that selects pods. */
export class Endpoints {
  readonly #resources: Resources;

  constructor(resources: Resources, timers: Timers) {
    this.#resources = resources;
    const queue = new WorkQueue(timers, 5, (key) => {
      const [namespace = '', name = ''] = key.split('/');
      const service = resources.store.get(SERVICE, namespace, name);
      if (service !== undefined) this.#reconcile(service, namespace);
    });
    resources.store.subscribe(({ kind, object }) => {
      const { namespace = '' } = object.metadata;
      if (kind === SERVICE) queue.add(`${namespace}/${object.metadata.name}`);
      if (kind !== POD) return;
      for (const service of resources.store.list(SERVICE, namespace)) {
        if (selects(service, object)) queue.add(`${namespace}/${service.metadata.name}`);
      }
    });
  }

  #reconcile(service: KubeObject, namespace: string): void {
    const { name, uid } = service.metadata;
    if (Object.keys(textsAt(service, 'spec', 'selector')).length === 0) return;
    const pods = this.#resources.store
      .list(POD, namespace)
      .filter((pod) => selects(service, pod) && textAt(pod, 'status', 'podIP') !== undefined);
    // A slice has one list of ports, so pods with different ports need different slices.
    const groups = Map.groupBy(pods, (pod) => JSON.stringify(portsOf(service, pod)));
    const slices = (groups.size === 0 ? [[]] : [...groups.values()]).map((group) => ({
      addressType: 'IPv4',
      endpoints: group.map(endpoint),
      ports: group[0] === undefined ? [] : portsOf(service, group[0]),
    }));
    const names = slices.map((_, index) => `${name}-${uid.slice(0, 5)}${index === 0 ? '' : String(index)}`);
    for (const [index, slice] of slices.entries()) this.#write(service, names[index] ?? '', slice);
    for (const object of this.#resources.store.list(ENDPOINT_SLICE, namespace)) {
      const { name: sliceName } = object.metadata;
      if (isOwnedBy(object, uid) && !names.includes(sliceName))
        this.#resources.delete(ENDPOINT_SLICE, namespace, sliceName);
    }
  }

  #write(service: KubeObject, sliceName: string, slice: JsonObject): void {
    const { name, namespace } = service.metadata;
    if (this.#resources.store.get(ENDPOINT_SLICE, namespace, sliceName) !== undefined) {
      const change = (live: JsonObject): JsonObject => ({ ...live, ...slice });
      this.#resources.patch(ENDPOINT_SLICE, namespace, sliceName, change, { manager: MANAGER });
      return;
    }
    const metadata = {
      name: sliceName,
      labels: {
        ...service.metadata.labels,
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [controllerReference(service)],
    };
    this.#resources.create(ENDPOINT_SLICE, namespace, { metadata, ...slice }, { manager: MANAGER });
  }
}

function selects(service: KubeObject, pod: KubeObject): boolean {
  const selector = textsAt(service, 'spec', 'selector');
  return Object.keys(selector).length > 0 && matchesLabels(selector, pod.metadata.labels ?? {});
}

function endpoint(pod: KubeObject): JsonObject {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const { name, namespace, uid } = pod.metadata;
  return {
    addresses: [textAt(pod, 'status', 'podIP') ?? ''],
    conditions: { ready: isReady(pod), serving: isReady(pod), terminating },
    nodeName: textAt(pod, 'spec', 'nodeName'),
    targetRef: { kind: 'Pod', name, namespace, uid },
  };
}

function portsOf(service: KubeObject, pod: KubeObject): JsonObject[] {
  return objectsAt(service, 'spec', 'ports').flatMap((port) => {
    const target = targetPortOf(port, pod);
    return target === undefined
      ? []
      : [{ name: port['name'] ?? '', port: target, protocol: port['protocol'] ?? 'TCP' }];
  });
}
