import type { Kube, Obj } from './kube.ts';
import { NAMESPACE } from './objects.ts';

const counts = ({ status }: Obj): Readonly<Record<string, number | undefined>> =>
  (status ?? {}) as Record<string, number | undefined>;

/** Waits until a Deployment of one replica has its pod available. */
export async function available(kube: Kube, name: string): Promise<void> {
  const isAvailable = (found: Obj): boolean => counts(found)['availableReplicas'] === 1;
  await kube.settled('apps/v1', 'Deployment', name, NAMESPACE, isAvailable);
}

/** Waits until the one pod of a Deployment is of its latest template, and no older pod is left. */
export async function rolledOut(kube: Kube, name: string): Promise<void> {
  await kube.settled('apps/v1', 'Deployment', name, NAMESPACE, (found) => {
    const { generation } = found.metadata as { generation?: number };
    const { observedGeneration, updatedReplicas, availableReplicas, replicas } = counts(found);
    return (
      observedGeneration === generation && updatedReplicas === 1 && availableReplicas === 1 && replicas === 1
    );
  });
}

/** The image that a Deployment's first container declares. */
export async function imageOf(kube: Kube, name: string): Promise<string | undefined> {
  return containersIn(await kube.get('apps/v1', 'Deployment', name, NAMESPACE))[0]?.image;
}

/** As `kubectl set image` does. */
export async function setImage(kube: Kube, name: string, image: string): Promise<void> {
  const found = await kube.get('apps/v1', 'Deployment', name, NAMESPACE);
  const containers = containersIn(found).map((container) => ({ ...container, image }));
  await kube.merge({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: { template: { spec: { containers } } },
  });
}

function containersIn({ spec }: Obj): readonly { readonly image: string }[] {
  return (spec as { template: { spec: { containers: { image: string }[] } } }).template.spec.containers;
}

/** Leaves no room for pods in the namespace, by the quota `tight`. */
export async function allowNoPods(kube: Kube): Promise<void> {
  await kube.create({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'tight', namespace: NAMESPACE },
    spec: { hard: { pods: '0' } },
  });
  await kube.settled('v1', 'ResourceQuota', 'tight', NAMESPACE, (quota) => 'hard' in counts(quota));
}
