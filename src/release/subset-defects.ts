import { coversService } from '../istio/destination-rules.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import { candidateOf, formatLabels, selectsEndpoint } from '../kubernetes/pod-selection.ts';
import { isReady } from '../kubernetes/pods.ts';
import type { Observation } from './observation.ts';
import type { RouteDefect } from './route-defect.ts';
import { oncePerCluster } from './route-state.ts';
import type { RouteState } from './route-state.ts';
import { selectorOfService } from './service-port.ts';
import { placeOfPods } from './state.ts';
import { holderOf } from './subsets.ts';

/** Whether it is known which rules decide for the gateways of a cluster: some do, or none exists for the service in any namespace. */
export function areRulesKnown(
  { release, fleet }: Pick<Observation, 'release' | 'fleet'>,
  { cluster, deciding }: RouteState,
): boolean {
  if (deciding.rules.length > 0) return true;
  const everywhere = fleet.get(cluster)?.traffic?.everywhere;
  return (
    everywhere?.unlisted.includes('DestinationRule') === false &&
    !everywhere.destinationRules.some((rule) => coversService(release, rule))
  );
}

/** Subsets of versions with weight in a VirtualService that do not exist, or select no ready pod in any cluster: both answer 503. */
export function subsetDefects({
  release,
  fleet,
  routes,
}: Pick<Observation, 'release' | 'fleet' | 'routes'>): readonly RouteDefect[] {
  return oncePerCluster(routes).flatMap((held) => {
    const { cluster, api, deciding, weights } = held;
    if (api.kind !== 'VirtualService' || !areRulesKnown({ release, fleet }, held)) return [];
    return [...(weights ?? [])].flatMap(([version, weight]): readonly RouteDefect[] => {
      if (weight === 0) return [];
      const subset = deciding.subsets.find(({ name }) => name === version);
      if (subset === undefined)
        return [
          {
            title: { kind: 'noSubsetTitle', rules: deciding.rules.map(nameOf), version, cluster },
            detail: { kind: 'noSubset', version, weight },
          },
        ];
      const labels = subset.labels ?? {};
      const isServed = [...fleet.values()].some((state) =>
        state.pods.some(
          (pod) =>
            isReady(pod) &&
            selects(selectorOfService(release, state), pod.metadata.labels) &&
            selectsEndpoint(labels, candidateOf(pod), placeOfPods(state)) !== false,
        ),
      );
      if (isServed) return [];
      return [
        {
          title: { kind: 'notReadyTitle', version },
          detail: {
            kind: 'noReadyPod',
            version,
            weight,
            rule: holderOf(held, version),
            labels: formatLabels(labels),
            clusters: [...fleet.keys()],
          },
        },
      ];
    });
  });
}
