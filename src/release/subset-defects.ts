import { nameOf, selects } from '../kubernetes/objects.ts';
import { candidateOf, formatLabels, selectsEndpoint } from '../kubernetes/pod-selection.ts';
import { isReady } from '../kubernetes/pods.ts';
import type { Observation } from './observation.ts';
import type { RouteDefect } from './route-defect.ts';
import { oncePerCluster } from './route-state.ts';
import { selectorOfService } from './service-port.ts';
import { placeOfPods } from './state.ts';
import { holderOf } from './subsets.ts';

/** Subsets of versions with weight in a VirtualService that do not exist, or select no ready pod in any cluster: both answer 503. */
export function subsetDefects({
  release,
  fleet,
  routes,
}: Pick<Observation, 'release' | 'fleet' | 'routes'>): readonly RouteDefect[] {
  return oncePerCluster(routes).flatMap((held) => {
    const { cluster, api, deciding, weights } = held;
    if (api.kind !== 'VirtualService' || deciding.rules.length === 0) return [];
    return [...(weights ?? [])].flatMap(([version, weight]): readonly RouteDefect[] => {
      if (weight === 0) return [];
      const subset = deciding.subsets.find(({ name }) => name === version);
      if (subset === undefined)
        return [
          {
            title: `${deciding.rules.map(nameOf).join(' and ')} has no subset ${version} in ${cluster}`,
            detail: `The route gives ${version} ${String(weight)}%, but requests to a subset that does not exist are answered with 503. Run the operation rollout: it creates the subset again, or names the rule that hides it.`,
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
          title: `No pod of ${version} is ready`,
          detail: `The route gives ${version} ${String(weight)}%. Its subset in ${holderOf(held, version)} selects ${formatLabels(labels)}, and no ready pod in ${[...fleet.keys()].join(', ')} has these labels. Check the pods of ${version}, or correct these labels.`,
        },
      ];
    });
  });
}
