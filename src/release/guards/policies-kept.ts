import { isDeepStrictEqual } from 'node:util';
import { CanaryError } from '../../core/errors.ts';
import type { VersionName } from '../../core/weights.ts';
import { versionServiceName } from '../../gateway-api/backends.ts';
import { managedRules } from '../../gateway-api/managed-rules.ts';
import { isHttpRoute } from '../../gateway-api/objects.ts';
import { isOpenRule } from '../../gateway-api/rules.ts';
import { clientsOf, decidingRules, isForService } from '../../istio/destination-rules.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { Observation } from '../observation.ts';
import { trafficOf } from '../state.ts';

/**
 * Refuses to move a route off the app's Service where a DestinationRule for that host has a policy: the gateways would no longer follow it,
 * since requests then go to the hosts of the versions' Services.
 *
 * @throws CanaryError that names the rule, and the hosts that need one
 */
export function assertPoliciesKept(
  { release, fleet, routes }: Observation,
  versions: readonly VersionName[],
): void {
  const { app, namespace } = release;
  for (const { cluster, object, choice } of routes) {
    if (object === undefined || !isHttpRoute(object)) continue;
    if (!managedRules(object, choice).some((rule) => isOpenRule(object, rule, choice))) continue;
    const traffic = trafficOf(fleet, cluster);
    const rules = traffic.everywhere.destinationRules;
    for (const client of clientsOf(release, traffic, [])) {
      const { policy, rules: holders } = decidingRules(release, rules, client, traffic.mesh);
      const holder = holders.find(({ spec }) => spec.trafficPolicy !== undefined);
      if (holder === undefined) continue;
      const losing = versions
        .map((version) => versionServiceName(app, version))
        .filter((name) => {
          const service = { app: name, namespace };
          const own = decidingRules(service, rules, client, traffic.mesh);
          const isDecided = own.rules.some((rule) => isForService(service, rule));
          return !isDecided && !isDeepStrictEqual(own.policy, policy);
        });
      if (losing.length === 0) continue;
      throw new CanaryError(
        `${nameOf(holder)} in ${cluster} has a trafficPolicy for ${app}. The release moves ${nameOf(object)} from Service ${app} to the Services of the versions, which that policy does not cover. First create a DestinationRule with the trafficPolicy that you want for each of these hosts: ${losing.join(', ')} (namespace ${namespace}); then run again.`,
      );
    }
  }
}
