import { isHttpRoute } from '../gateway-api/objects.ts';
import type { HTTPRoute } from '../gateway-api/objects.ts';
import { CanaryError } from '../core/errors.ts';
import type { ClusterName } from '../core/names.ts';
import { isOurs } from '../kubernetes/field-managers.ts';
import { assertHttpRouteReleasable } from './guards/http-route-releasable.ts';
import { assertNoOtherRule } from './guards/no-other-rule.ts';
import { assertPoliciesKept } from './guards/policies-kept.ts';
import { assertReferencesResolved } from './guards/references-resolved.ts';
import { assertServiceUnreferenced } from './guards/service-unreferenced.ts';
import type { Observation } from './observation.ts';
import { pinnedWeights } from './pinned-weights.ts';
import { hostsOfNew, httpRouteName, parentOf } from './release-http-route.ts';
import { allClusters } from './release.ts';
import { asRival } from './rival-routes.ts';
import { asRuleRival, rulesAhead } from './rival-rules.ts';
import { virtualServicesAhead } from './rival-virtual-services.ts';
import { stateOf } from './state.ts';
import type { Left, TrafficPlanner } from './traffic-planner.ts';
import type { Change } from '../kubernetes/change.ts';
import type { VersionName } from '../core/weights.ts';
import { theInput } from '../core/wording.ts';
import { versionServiceObjects } from './version-service-objects.ts';
import { serviceOfVersion } from './version-services.ts';

/** An HTTPRoute refers to the Services of the versions, in every cluster: the endpoints behind them are those of all clusters. */
export const HTTP_ROUTE_PLANNER: TrafficPlanner = {
  newObject: newHttpRoute,
  references: () => [],
  versionObjects: ({ release, fleet }, state, labels) => versionServiceObjects(release, fleet, state, labels),
  rivals: ({ release, fleet }, one) => [
    ...rulesAhead(release, fleet, one).map((rule) => asRuleRival(one, rule)),
    ...virtualServicesAhead(release, fleet, one).map((rival) => asRival(release, rival)),
  ],
  assertRoutes: assertHttpRouteReleasable,
  assertReferences: (observed, versions, workloads) => {
    assertReferencesResolved(observed, workloads);
    assertPoliciesKept(observed, versions);
  },
  assertAlone: assertNoOtherRule,
  assertEntrance: () => undefined,
  pinned: pinnedWeights,
  assertReached: () => undefined,
  assertUnreferenced: assertServiceUnreferenced,
  removals: (observed, version) => ({ subsets: [], ...serviceRemovals(observed, version) }),
};

function newHttpRoute({ release, fleet, routes }: Observation, cluster: ClusterName): HTTPRoute {
  const { namespace, traffic } = release;
  const apiVersion = stateOf(fleet, cluster).gatewayApi?.served.HTTPRoute;
  if (apiVersion === undefined) throw new CanaryError(`${cluster} serves no HTTPRoutes.`);
  const metadata = { name: httpRouteName(release), namespace };
  if (traffic.gateway === undefined) {
    const [other] = routes.flatMap(({ object }) =>
      object !== undefined && isHttpRoute(object) ? [object] : [],
    );
    if (other === undefined) {
      throw new CanaryError(
        `There is no HTTPRoute ${namespace}/${metadata.name} in ${cluster}. To have it made, set ${theInput('gateway')} to the Gateway that users enter by.`,
      );
    }
    const { parentRefs, hostnames } = other.spec;
    const attached = parentRefs === undefined ? {} : { parentRefs };
    const named = hostnames === undefined ? {} : { hostnames };
    return { apiVersion, kind: 'HTTPRoute', metadata, spec: { ...attached, ...named, rules: [] } };
  }
  const parent = parentOf(traffic.gateway, namespace);
  const hostnames = hostsOfNew(release);
  return {
    apiVersion,
    kind: 'HTTPRoute',
    metadata,
    spec: { parentRefs: [parent], ...(hostnames.length === 0 ? {} : { hostnames }), rules: [] },
  };
}

/** The Services that led to a version: those that the action made go, in every cluster. */
function serviceRemovals(
  { release, fleet }: Observation,
  version: VersionName,
): { readonly services: readonly Change[]; readonly left: readonly Left[] } {
  const found = allClusters(release).flatMap((cluster) => {
    const state = fleet.get(cluster);
    const held = state && serviceOfVersion(release, state, version);
    return held === undefined || held.metadata.deletionTimestamp !== undefined
      ? []
      : [{ cluster, object: { ...held, apiVersion: 'v1', kind: 'Service' } }];
  });
  return {
    services: found
      .filter(({ object }) => isOurs(object))
      .map(({ cluster, object }) => ({
        cluster,
        verb: 'delete',
        object,
        before: undefined,
        reason: { kind: 'serviceOf', version },
      })),
    left: found
      .filter(({ object }) => !isOurs(object))
      .map((one) => ({ ...one, reason: 'the action has not made it' })),
  };
}
