import { isDeepStrictEqual } from 'node:util';
import type { Container, Labels, Pod, PodTemplate } from './objects.ts';

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

/** What makes a container run or crash, and admission leaves as the template has it. */
const TELLING = ['image', 'command', 'args'];

/**
 * Whether a pod was made from this template rather than from an earlier one: all that the template says of labels,
 * annotations and containers is on the pod, which may have more, as the cluster and its injectors add to it.
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
    TELLING.every(
      (field) => wanted[field] === undefined || isDeepStrictEqual(container[field], wanted[field]),
    ) &&
    (wanted.env ?? []).every((variable) => variables.some((one) => isDeepStrictEqual(one, variable)))
  );
}
