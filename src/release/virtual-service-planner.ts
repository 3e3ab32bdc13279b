import { assertNoOtherSplit } from './guards/no-other-split.ts';
import { assertNoSecondEntrance } from './guards/no-second-entrance.ts';
import { assertRouteToService } from './guards/route-to-service.ts';
import { assertRoutesNameSubsets } from './guards/routes-name-subsets.ts';
import { assertSubsetUnreferenced } from './guards/subset-unreferenced.ts';
import { assertSubsetsVisible } from './guards/subsets-visible.ts';
import { mergedRulesAhead } from './rival-merged-rules.ts';
import { asRival, rivalsOf } from './rival-routes.ts';
import { asRuleRival } from './rival-rules.ts';
import { trafficOf } from './state.ts';
import { foreignSubsets, subsetRemovals } from './subset-removals.ts';
import type { TrafficPlanner } from './traffic-planner.ts';
import { virtualServiceReferences } from './virtual-service-references.ts';

/** A VirtualService refers to subsets of a DestinationRule, and to a Gateway of Istio. */
export const VIRTUAL_SERVICE_PLANNER: TrafficPlanner = {
  newObject: ({ release, fleet }, cluster) => ({
    apiVersion: trafficOf(fleet, cluster).apiVersion,
    kind: 'VirtualService',
    metadata: { name: release.traffic.virtualService, namespace: release.namespace },
    spec: {
      hosts: release.traffic.hosts ?? ['*'],
      gateways: [release.traffic.gateway ?? release.app],
      http: [],
    },
  }),
  references: virtualServiceReferences,
  versionObjects: () => [],
  rivals: ({ release, fleet }, one) => [
    ...rivalsOf(release, fleet, one).map((rival) => asRival(release, rival)),
    ...mergedRulesAhead(release, fleet, one).map((rule) => asRuleRival(one, rule)),
  ],
  assertRoutes: assertRouteToService,
  assertAlone: assertNoOtherSplit,
  assertEntrance: assertNoSecondEntrance,
  pinned: (observed, versions, workloads) => {
    assertRoutesNameSubsets(observed, versions, workloads);
    return undefined;
  },
  assertReferences: () => undefined,
  assertReached: assertSubsetsVisible,
  assertUnreferenced: assertSubsetUnreferenced,
  removals: ({ release, fleet, clusters }, version) => ({
    subsets: clusters.flatMap((cluster) => subsetRemovals(release, fleet, cluster, version)),
    services: [],
    left: clusters.flatMap((cluster) => foreignSubsets(release, fleet, cluster, version)),
  }),
};
