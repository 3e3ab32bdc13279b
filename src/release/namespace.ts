import type { WorkloadObject } from '../kubernetes/change.ts';
import { AMBIENT, DATAPLANE_MODE } from '../kubernetes/mesh-membership.ts';
import type { PodMode } from '../kubernetes/mesh-membership.ts';
import type { KubeObject, Labels } from '../kubernetes/objects.ts';
import type { Release } from './release.ts';
import type { ClusterState } from './state.ts';

/** Whether an object is the namespace of the release. */
export function isNamespaceOf({ namespace }: Release, { kind, metadata }: KubeObject): boolean {
  return kind === 'Namespace' && metadata.name === namespace;
}

/**
 * The namespace with the label that puts its pods into the mesh; undefined where it exists and the inputs say nothing about it.
 *
 * @param own the namespace as the user's manifests have it. It is applied with the label, since server-side apply takes
 * away what the same manager left out.
 */
export function namespaceObject(
  release: Release,
  state: ClusterState,
  own?: KubeObject,
): WorkloadObject | undefined {
  const { injection } = release.workload;
  if (state.namespace !== undefined && injection === undefined && own === undefined) return undefined;
  const { injected, rest } = splitLabels(own);
  const kept = injected ?? splitLabels(state.namespace).injected;
  const left = kept ?? (state.namespace === undefined ? meshLabels(release.workload.pods) : {});
  const labels = { ...rest, ...(injection === undefined ? left : injectionLabels(injection)) };
  return {
    object: {
      apiVersion: 'v1',
      kind: 'Namespace',
      ...own,
      metadata: { name: release.namespace, ...own?.metadata, labels },
    },
    reason:
      state.namespace === undefined
        ? { kind: 'namespaceNew' }
        : injection === undefined
          ? { kind: 'namespaceOfRelease' }
          : { kind: 'injection', injection },
  };
}

/** The labels of a namespace that decide about injection (undefined: none does), and the others. */
function splitLabels(namespace: KubeObject | undefined): {
  readonly injected: Labels | undefined;
  readonly rest: Labels;
} {
  const labels = Object.entries(namespace?.metadata.labels ?? {});
  const [injected = [], rest = []] = [true, false].map((wanted) =>
    labels.filter(([key]) => INJECTION_LABELS.includes(key) === wanted),
  );
  return {
    injected: injected.length === 0 ? undefined : Object.fromEntries(injected),
    rest: Object.fromEntries(rest),
  };
}

/** What puts the pods of a new namespace into the mesh. */
function meshLabels(pods: PodMode): Labels {
  switch (pods) {
    case 'sidecar':
      return injectionLabels('enabled');
    case 'ambient':
      return { [DATAPLANE_MODE]: AMBIENT };
    case 'none':
      return {};
  }
}

const INJECTION_LABELS = ['istio-injection', 'istio.io/rev'];

/** Istio's labels for sidecar injection (https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/). */
function injectionLabels(injection: string): Labels {
  switch (injection) {
    case 'enabled':
      return { 'istio-injection': 'enabled' };
    case 'off':
      return { 'istio-injection': 'disabled' };
    default:
      return { 'istio.io/rev': injection };
  }
}
