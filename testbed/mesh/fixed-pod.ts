import { pods } from './kube-objects.ts';
import type { Pod } from './kube-objects.ts';
import { nodeName } from './kubernetes.ts';
import type { KubernetesCluster } from './kubernetes.ts';

/** Marks the pods whose programs the mesh starts itself. */
const FIXED = { 'mesh.example.com/fixed': 'true' };

export interface FixedPod {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly address: string;
  readonly container: { readonly name: string; readonly image: string; readonly ports: readonly number[] };
}

/** @returns whether the mesh itself runs this pod, so that the pod runner must not */
export function isFixedPod({ metadata }: Pod): boolean {
  return Object.keys(FIXED).some((label) => metadata?.labels?.[label] !== undefined);
}

/** Creates a pod, without a sidecar, that is reported as ready at once. */
export async function createFixedPod(
  { name: cluster, api, addresses }: KubernetesCluster,
  { name, namespace, labels, address, container }: FixedPod,
): Promise<void> {
  const { image, ports } = container;
  const pod = await api.create(pods, {
    metadata: { name, namespace, labels: { ...labels, ...FIXED, 'sidecar.istio.io/inject': 'false' } },
    spec: {
      nodeName: nodeName(cluster),
      serviceAccountName: 'default',
      containers: [{ name: container.name, image, ports: ports.map((containerPort) => ({ containerPort })) }],
    },
  });
  const startedAt = new Date();
  const ready = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'];
  await api.replace(
    pods,
    {
      ...pod,
      status: {
        phase: 'Running',
        hostIP: addresses.node,
        podIP: address,
        podIPs: [{ ip: address }],
        startTime: startedAt,
        conditions: ready.map((type) => ({ type, status: 'True', lastTransitionTime: startedAt })),
        containerStatuses: [
          {
            name: container.name,
            image,
            imageID: image,
            ready: true,
            started: true,
            restartCount: 0,
            state: { running: { startedAt } },
          },
        ],
      },
    },
    'status',
  );
}

type Place = Readonly<Record<'name' | 'namespace', string>>;

/** Shows a fixed pod as not ready, and its container as restarted. */
export async function showCrash(cluster: KubernetesCluster, place: Place): Promise<void> {
  await show(cluster, place, false, 1);
}

/** Shows a fixed pod as ready. */
export async function showReady(cluster: KubernetesCluster, place: Place): Promise<void> {
  await show(cluster, place, true, 0);
}

async function show(
  { api }: KubernetesCluster,
  place: Place,
  ready: boolean,
  restarts: number,
): Promise<void> {
  const pod = await api.get(pods, place);
  const { conditions = [], containerStatuses = [], ...rest } = pod.status ?? {};
  const status = {
    ...rest,
    conditions: conditions.map((condition) =>
      condition.type.endsWith('Ready') ? { ...condition, status: ready ? 'True' : 'False' } : condition,
    ),
    containerStatuses: containerStatuses.map((container) => ({
      ...container,
      ready,
      restartCount: container.restartCount + restarts,
    })),
  };
  await api.replace(pods, { ...pod, status }, 'status');
}
