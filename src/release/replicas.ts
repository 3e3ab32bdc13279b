import { theInput } from '../core/wording.ts';
import type { Change } from '../kubernetes/change.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Autoscaler, Deployment, KubeObject } from '../kubernetes/objects.ts';
import { isOursAlone, ownersOf } from '../kubernetes/field-managers.ts';
import { manifestsFor } from './manifests.ts';
import type { Release } from './release.ts';
import type { ClusterState, FleetState } from './state.ts';

const PATH = ['f:spec', 'f:replicas'];

/**
 * The replicas to write into a workload. Those of someone else who scales it are left out, as they would be a conflict in the
 * middle of a release (kubernetes#25238). Ours are given again where nothing else is asked for, since an apply that leaves
 * them out resets them to 1; so are those that an autoscaler has found right.
 *
 * @param asked by the input or the manifest
 */
export function replicasFor(
  workload: KubeObject,
  existing: Deployment | undefined,
  asked: number | undefined,
  release: Release,
  state: ClusterState,
): number | undefined {
  if (existing === undefined) return asked;
  const ours = isOursAlone(existing, PATH);
  const { replicas } = existing.spec ?? {};
  if (!ours && ownersOf(existing, PATH).length > 0) return undefined;
  const scaled = asked === undefined || autoscalerOf(workload, release, state) !== undefined;
  if (!scaled) return asked;
  return ours ? replicas : undefined;
}

/** The HorizontalPodAutoscaler of a workload, in the cluster or among the manifests. */
function autoscalerOf(
  { kind, metadata }: KubeObject,
  release: Release,
  { name, autoscalers }: ClusterState,
): Autoscaler | undefined {
  const own = (manifestsFor(release, name) ?? [])
    .map(({ object }): Autoscaler => object)
    .filter((object) => object.kind === 'HorizontalPodAutoscaler');
  return [...(autoscalers === 'unlisted' ? [] : autoscalers), ...own].find(
    ({ spec }) => spec?.scaleTargetRef?.kind === kind && spec.scaleTargetRef.name === metadata.name,
  );
}

/** A sentence for each workload whose replicas stay others than were asked for, and whose they are. */
export function keptReplicas(
  release: Release,
  fleet: FleetState,
  workloads: readonly Change[],
): readonly string[] {
  const { replicas: given } = release.workload;
  return workloads.flatMap(({ cluster, object }) => {
    const state = fleet.get(cluster);
    const existing = state?.deployments.find((one) => nameOf(one) === nameOf(object));
    if (state === undefined || existing === undefined) return [];
    const manifest: Deployment | undefined = manifestsFor(release, cluster)?.find(
      ({ object: one }) => one.kind === object.kind && one.metadata.name === object.metadata.name,
    )?.object;
    const asked = manifest === undefined ? given : manifest.spec?.replicas;
    const planned: Deployment = object;
    const kept = existing.spec?.replicas;
    if (asked === undefined || asked === kept || planned.spec?.replicas === asked) return [];
    const scaler = autoscalerOf(object, release, state);
    const owners = ownersOf(existing, PATH).filter((owner) => owner !== 'ours');
    const whose = scaler === undefined ? `belongs to ${owners.join(', ')}` : `is set by ${nameOf(scaler)}`;
    return [
      `replicas of ${nameOf(object)} in ${cluster} ${whose} and stays ${String(kept)}; the ${String(asked)} of ${manifest === undefined ? theInput('replicas') : 'the manifest'} is not written. Leave it out, or scale the workload there.`,
    ];
  });
}
