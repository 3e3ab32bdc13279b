import type { ClusterName } from '../core/names.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import { isForService } from '../istio/destination-rules.ts';
import { selects } from '../kubernetes/objects.ts';
import { isOurs } from '../kubernetes/field-managers.ts';
import type { Deployment, DestinationRule, KubeObject, Service } from '../kubernetes/objects.ts';
import { selectsEndpoint } from '../kubernetes/pod-selection.ts';
import type { Observation } from './observation.ts';
import { selectorOfService } from './service-port.ts';
import { placeOfPods, trafficOf } from './state.ts';
import type { ClusterState } from './state.ts';
import { labelsOf } from './subsets.ts';
import { serviceOfVersion, versionServices } from './version-services.ts';

/** What the clusters hold of versions that have no place in the weights: what a retirement may take away. */
export interface IdleParts {
  readonly rules: readonly IdlePart<DestinationRule>[];
  /** Of a release by HTTPRoutes. */
  readonly services: readonly IdlePart<Service>[];
  readonly workloads: readonly IdlePart<Deployment>[];
}

export interface IdlePart<T extends KubeObject = KubeObject> {
  readonly cluster: ClusterName;
  readonly object: T;
}

/** Pure. */
export function idleParts(observed: Observation, weights: Weights): IdleParts {
  const { release, fleet, clusters } = observed;
  return {
    rules: clusters.flatMap((cluster) =>
      trafficOf(fleet, cluster)
        .destinationRules.filter(
          (rule) =>
            isForService(release, rule) && rule.spec.subsets?.some(({ name }) => !weights.has(name)) === true,
        )
        .map((object) => ({ cluster, object })),
    ),
    services: observed.routes.some(({ choice }) => choice.versionServices !== undefined)
      ? [...fleet.values()].flatMap((state) => idleServices(observed, state, weights))
      : [],
    workloads: [...fleet.values()].flatMap((state) => idleWorkloads(observed, state, [...weights.keys()])),
  };
}

/** The Services of versions, as far as the action made them. */
function idleServices(
  { release, fleet }: Observation,
  state: ClusterState,
  weights: Weights,
): IdleParts['services'] {
  const versions = new Set(versionServices(release, fleet).values());
  return [...versions]
    .filter((version) => !weights.has(version))
    .flatMap((version) => serviceOfVersion(release, state, version) ?? [])
    .filter((service) => service.metadata.deletionTimestamp === undefined && isOurs(service))
    .map((service) => ({
      cluster: state.name,
      object: { ...service, apiVersion: 'v1', kind: 'Service' },
    }));
}

/** The workloads behind the service that no subset of a version selects. */
function idleWorkloads(
  { release, routes }: Observation,
  state: ClusterState,
  versions: readonly VersionName[],
): IdleParts['workloads'] {
  const place = placeOfPods(state);
  const selector = selectorOfService(release, state);
  return state.deployments
    .filter(({ metadata, spec }) => {
      const labels = spec?.template?.metadata?.labels;
      return (
        metadata.deletionTimestamp === undefined &&
        selects(selector, labels) &&
        versions.every(
          (version) =>
            selectsEndpoint(labelsOf(routes, version), { labels, nodeName: undefined }, place) === false,
        )
      );
    })
    .map((object) => ({ cluster: state.name, object }));
}
