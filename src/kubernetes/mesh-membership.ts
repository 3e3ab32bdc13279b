import { inputLabel, theInput } from '../core/wording.ts';
import { nameOf } from './objects.ts';
import type { Labels, Pod, PodTemplate } from './objects.ts';
import { hasSidecar } from './pods.ts';

/**
 * What puts the pods of a service into the mesh. `sidecar`: each has an istio-proxy. `ambient`: ztunnel on the node takes their
 * connections. `none`: nothing, so they get plain requests from the gateway.
 */
export type PodMode = 'sidecar' | 'ambient' | 'none';

/** What pods need to have before they get users' requests. */
export interface PodRequirement {
  readonly mode: PodMode;
  /** The labels of their namespace, which may put them into the ambient mesh. */
  readonly namespace: Labels | undefined;
}

export const DATAPLANE_MODE = 'istio.io/dataplane-mode';
export const AMBIENT = 'ambient';

/**
 * Whether ztunnel takes the connections of a pod, as far as the labels tell: its namespace or the pod says so, and the pod may refuse.
 * Source: PodRedirectionEnabled in Istio's cni/pkg/util; https://istio.io/latest/docs/ambient/usage/add-workloads/
 */
export function isAmbient(namespace: Labels | undefined, { metadata, spec }: PodTemplate): boolean {
  const own = metadata?.labels?.[DATAPLANE_MODE];
  if (own === 'none' || spec?.['hostNetwork'] === true) return false;
  return own === AMBIENT || namespace?.[DATAPLANE_MODE] === AMBIENT;
}

/** Whether a pod is in the mesh in the way that is asked for. A pod with a sidecar is, wherever ztunnel is asked for. */
export function isInMesh({ mode, namespace }: PodRequirement, pod: Pod): boolean {
  switch (mode) {
    case 'none':
      return true;
    case 'sidecar':
      return hasSidecar(pod);
    case 'ambient':
      return hasSidecar(pod) || isAmbient(namespace, pod);
  }
}

/** Why a pod is not in the mesh as asked for, and the remedy: a sentence. */
export function outsideMesh({ mode, namespace }: PodRequirement, pod: Pod): string {
  if (mode === 'ambient') return `${nameOf(pod)} is not in the ambient mesh: ${notAmbient(namespace, pod)}`;
  return isAmbient(namespace, pod)
    ? `${nameOf(pod)} has no sidecar, but is in the ambient mesh (${whereAmbient(pod)}). Set ${theInput('pods')} to ambient.`
    : `${nameOf(pod)} has no sidecar, so mutual TLS to it would fail. Is injection enabled for the namespace (${inputLabel('injection')}), and was the pod created after that?`;
}

/** Which label does not put a pod into the ambient mesh, and the remedy. */
export function notAmbient(namespace: Labels | undefined, { metadata }: PodTemplate): string {
  const own = metadata?.labels?.[DATAPLANE_MODE];
  if (own === 'none') return `its own label ${DATAPLANE_MODE}=none keeps it out. Remove that label.`;
  return namespace?.[DATAPLANE_MODE] === AMBIENT
    ? `it uses the network of its node (hostNetwork). Remove that, or set ${theInput('pods')} to none.`
    : `neither the pod nor its namespace has the label ${DATAPLANE_MODE}=${AMBIENT}. Label the namespace, or set ${theInput('pods')} to what the pods have.`;
}

/** The label that puts a pod into the ambient mesh, and where it is. */
export function whereAmbient({ metadata }: PodTemplate): string {
  const where = metadata?.labels?.[DATAPLANE_MODE] === AMBIENT ? 'on the pod' : 'on its namespace';
  return `label ${DATAPLANE_MODE}=${AMBIENT} ${where}`;
}
