import { CanaryError } from '../core/errors.ts';
import type { VersionName } from '../core/weights.ts';
import { theInput } from '../core/wording.ts';
import { newDestinationRule, withSubsets } from '../istio/destination-rule-edits.ts';
import { gatewayKey, newGateway } from '../istio/gateways.ts';
import type { Change } from '../kubernetes/change.ts';
import type { Observation } from './observation.ts';
import type { RouteState } from './route-state.ts';
import { trafficOf } from './state.ts';
import { missingSubsets, versionLabels } from './subsets.ts';

/** The changes of the Gateway and the DestinationRule that the VirtualServices of a config cluster refer to. */
export function virtualServiceReferences(
  observed: Observation,
  one: RouteState,
  versions: readonly VersionName[],
): readonly Change[] {
  return [...gatewayChange(observed, one), ...subsetChange(observed, one, versions)];
}

function subsetChange(
  { release, fleet, routes }: Observation,
  one: RouteState,
  versions: readonly VersionName[],
): readonly Change[] {
  const { cluster, destinationRule, deciding } = one;
  const missing = missingSubsets(one, versions);
  if (missing.length === 0) return [];
  if (destinationRule === undefined) {
    const key = { name: release.traffic.destinationRule, namespace: release.namespace, host: release.app };
    const object = newDestinationRule(
      trafficOf(fleet, cluster).apiVersion,
      key,
      versionLabels(routes, versions),
      deciding,
      release.workload.pods,
    );
    return [
      {
        cluster,
        verb: 'create',
        object,
        before: undefined,
        reason: { kind: 'subsets', versions, mutualTls: release.workload.pods === 'sidecar' },
      },
    ];
  }
  return [
    {
      cluster,
      verb: 'update',
      object: withSubsets(destinationRule, versionLabels(routes, missing), release.workload.pods),
      before: destinationRule,
      reason: { kind: 'subsetMissing', versions: missing },
    },
  ];
}

function gatewayChange(
  { release, fleet }: Observation,
  { cluster, object: route }: RouteState,
): readonly Change[] {
  if (route !== undefined) return [];
  const key = gatewayKey(release.traffic.gateway ?? release.app, release.namespace);
  const { apiVersion, gateways } = trafficOf(fleet, cluster);
  if (gateways.some(({ metadata }) => metadata.name === key.name && metadata.namespace === key.namespace))
    return [];
  if (key.namespace !== release.namespace) {
    throw new CanaryError(
      `There is no Gateway ${key.namespace}/${key.name} in ${cluster}. The action creates Gateways only in the release's namespace (${release.namespace}). Correct ${theInput('gateway')}, or create it there first.`,
    );
  }
  const object = newGateway(apiVersion, key, release.traffic.gatewaySelector, release.traffic.hosts ?? ['*']);
  return [{ cluster, verb: 'create', object, before: undefined, reason: { kind: 'entryPoint' } }];
}
