import { isDeepStrictEqual } from 'node:util';
import type { Container, Labels, Pod, PodTemplate } from './objects.ts';

/** The container of Istio's proxy. */
export const SIDECAR = 'istio-proxy';

/** Whether a pod takes traffic: ready, and not being deleted. */
export function isReady(pod: Pod): boolean {
  const ready =
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return ready && pod.metadata.deletionTimestamp === undefined;
}

/** Whether Istio's proxy is one of the containers, or of the init containers as a native sidecar. */
export function hasSidecar(pod: Pod): boolean {
  return [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].some(
    ({ name }) => name === SIDECAR,
  );
}

/** How often Istio's proxy has been restarted in a pod; where no container has its name, all of them count. */
export function restartsOf({ status }: Pod): number {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const proxies = all.filter(({ name }) => name === SIDECAR);
  return (proxies.length > 0 ? proxies : all).reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
}

/** What decides whether a container runs or crashes, and what admission leaves as it is in the template. */
const DECISIVE = ['image', 'command', 'args'];

/**
 * Whether a pod was created from this template rather than an earlier one: it has all labels, annotations and containers of the
 * template, and possibly more, which the cluster and its injectors add.
 */
export function isMadeFrom(template: PodTemplate | undefined, { metadata, spec }: Pod): boolean {
  const made = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return (
    hasAll(metadata.labels, template?.metadata?.labels) &&
    hasAll(metadata.annotations, template?.metadata?.annotations) &&
    [...(template?.spec?.containers ?? []), ...(template?.spec?.initContainers ?? [])].every(
      (wanted) => wanted.name === SIDECAR || made.some((container) => runsTheSame(container, wanted)),
    )
  );
}

function hasAll(found: Labels | undefined, wanted: Labels = {}): boolean {
  return Object.entries(wanted).every(([key, value]) => found?.[key] === value);
}

function runsTheSame(container: Container, wanted: Container): boolean {
  const variables = container.env ?? [];
  return (
    container.name === wanted.name &&
    hasAll(container.resources?.limits, wanted.resources?.limits) &&
    DECISIVE.every(
      (field) => wanted[field] === undefined || isDeepStrictEqual(container[field], wanted[field]),
    ) &&
    (wanted.env ?? []).every((variable) => variables.some((each) => isDeepStrictEqual(each, variable)))
  );
}
