import { CanaryError } from '../core/errors.ts';
import type { ClusterName } from '../core/names.ts';
import { rerun, theInput } from '../core/wording.ts';
import { isForService, isForAll, byAge } from '../istio/destination-rules.ts';
import { isPartialHostOf, fullHost } from '../istio/hosts.ts';
import type { TrafficState } from '../istio/traffic-state.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { DestinationRule } from '../kubernetes/objects.ts';
import { namedVersions } from './release.ts';
import type { Release } from './release.ts';

/** Of the rules of the service the one that holds its versions already, else the one of the input's name. */
export function releaseDestinationRule(
  release: Release,
  traffic: TrafficState,
  cluster: ClusterName,
): DestinationRule | undefined {
  const name = release.traffic.destinationRule;
  const ofHost = traffic.destinationRules
    .filter((rule) => isForService(release, rule) && isForAll(rule))
    .toSorted(byAge);
  const versions = namedVersions(release);
  const holder = ofHost.find(({ spec }) => spec.subsets?.some((subset) => versions.includes(subset.name)));
  if (holder !== undefined) return holder;
  const found = traffic.destinationRules.find(({ metadata }) => metadata.name === name);
  if (found !== undefined && !ofHost.includes(found)) {
    if (isPartialHostOf(release, found.spec.host)) {
      throw new CanaryError(
        `${nameOf(found)} in ${cluster} is for host ${found.spec.host}, which names no service: Istio completes only names without a dot, so its subsets apply to nothing. Write the full name, ${fullHost(release)}, then ${rerun()}.`,
      );
    }
    throw new CanaryError(
      isForService(release, found)
        ? `${nameOf(found)} in ${cluster} has a workloadSelector, so it does not apply to every client of ${release.app}. Set ${theInput('destination-rule')} to another name.`
        : `${nameOf(found)} in ${cluster} is for host ${found.spec.host}, not for ${release.app}. Set ${theInput('destination-rule')} to another name.`,
    );
  }
  const [other] = ofHost;
  if (found === undefined && other !== undefined) {
    throw new CanaryError(
      `There is no DestinationRule ${release.namespace}/${name} in ${cluster}, but ${nameOf(other)} is for ${release.app}. Set ${theInput('destination-rule')} to ${other.metadata.name}.`,
    );
  }
  return found;
}
