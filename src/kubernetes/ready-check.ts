import type { ClusterName } from '../core/names.ts';
import type { VersionName } from '../core/weights.ts';
import type { Labels } from './objects.ts';
import type { Place } from './pod-selection.ts';

/** A workload of the release's namespace. */
export interface WorkloadKey {
  readonly kind: string;
  readonly name: string;
}
/** What has to be there before a version gets users' traffic in one cluster. */

export interface ReadyCheck {
  readonly cluster: ClusterName;
  readonly version: VersionName;
  /** What selects the pods that must be ready: the labels of the subset, and those of the Service. */
  readonly labels: Labels;
  /** Where these pods run, since a subset may select by that too. */
  readonly place: Place;
  /** What must have finished rolling out: Deployments, StatefulSets, DaemonSets. */
  readonly workloads: readonly WorkloadKey[];
  /** Whether the version gets more traffic; otherwise it has to be ready only where it is deployed anew. */
  readonly gains: boolean;
}
