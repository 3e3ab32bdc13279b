import type { Pod } from './objects.ts';

const SIDECAR = 'istio-proxy';

/** Whether a pod takes traffic: ready, and not on its way out. */
export function isReady(pod: Pod): boolean {
  const ready =
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return ready && pod.metadata.deletionTimestamp === undefined;
}

/** Istio puts its proxy beside the containers, or ahead of them as a native sidecar. */
export function hasSidecar(pod: Pod): boolean {
  return [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].some(
    ({ name }) => name === SIDECAR,
  );
}
