import { CanaryError } from '../../core/errors.ts';
import type { VersionName } from '../../core/weights.ts';
import { namesSubset } from '../../istio/routes.ts';
import type { Change } from '../../kubernetes/change.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { VirtualService } from '../../kubernetes/objects.ts';
import type { Observation } from '../observation.ts';
import { trafficOf } from '../state.ts';

export function assertSubsetUnreferenced(
  { release, fleet, clusters }: Observation,
  routes: readonly Change[],
  version: VersionName,
): void {
  const references = clusters.flatMap((cluster) => {
    const { everywhere } = trafficOf(fleet, cluster);
    if (everywhere.unlisted.includes('VirtualService')) {
      throw new CanaryError(
        `Whether a VirtualService of another namespace in ${cluster} names the subset ${version} cannot be seen: the user of the kubeconfig may not list VirtualServices of all namespaces. Grant that permission, then run retire again; nothing has been written.`,
      );
    }
    const planned = routes.filter((change) => change.cluster === cluster).map(({ object }) => object);
    const left = everywhere.virtualServices.map((vs): VirtualService => ({
      ...vs,
      ...planned.find((object) => nameOf(object) === nameOf(vs)),
    }));
    return left.filter((vs) => namesSubset(vs, release, version)).map((vs) => `${nameOf(vs)} in ${cluster}`);
  });
  if (references.length === 0) return;
  throw new CanaryError(
    `The subset ${version} is still named by ${references.join(', ')}. Remove it there first: requests to a missing subset fail.`,
  );
}
