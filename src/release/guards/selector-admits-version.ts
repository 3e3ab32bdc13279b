import { CanaryError } from '../../core/errors.ts';
import type { VersionName } from '../../core/weights.ts';
import type { Labels } from '../../kubernetes/objects.ts';
import type { Release } from '../release.ts';
import { selectorOfService } from '../service-port.ts';
import type { ClusterState } from '../state.ts';

/** @returns the labels by which the Service picks pods; they must leave the choice of version to the subsets */
export function assertSelectorAdmits(
  release: Release,
  state: ClusterState,
  version: VersionName,
  labels: Labels,
): Labels {
  const selector = selectorOfService(release, state);
  const key = Object.keys(labels).find(
    (name) => selector[name] !== undefined && selector[name] !== labels[name],
  );
  if (key === undefined) return selector;
  throw new CanaryError(
    `Service ${release.namespace}/${release.app} in ${state.name} selects only ${key}: ${selector[key] ?? ''}, so ${version} would get no traffic there. Remove the label ${key} from its selector.`,
  );
}
