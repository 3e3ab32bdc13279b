import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CanaryError } from '../../src/core/errors.ts';
import { formatWeights } from '../../src/core/weights.ts';
import type { Weights } from '../../src/core/weights.ts';
import { routeKey, routesTo } from '../../src/istio/routes.ts';
import type { Change } from '../../src/kubernetes/change.ts';
import type { DestinationRule, VirtualService } from '../../src/kubernetes/objects.ts';
import { observe } from '../../src/release/observation.ts';
import type { Observation } from '../../src/release/observation.ts';
import { planTraffic } from '../../src/release/plan-traffic.ts';
import type { TrafficPlan } from '../../src/release/plan-traffic.ts';
import { rollbackWeights, targetWeights } from '../../src/release/target-weights.ts';
import { stepBack, stepForward } from '../../src/release/traffic-target.ts';
import {
  anyWeights,
  foreignRoute,
  legalDestinationRule,
  legalVirtualService,
} from '../support/istio-arbitraries.ts';
import { APP, NAMESPACE, clusterState, fleetOf, gateway, service, versionPod } from '../support/objects.ts';
import { expectHolds, readBack } from '../support/properties.ts';
import { EAST, WEST, release } from '../support/release.ts';

/** All of them run, so that none is left out of a plan. */
const VERSIONS = ['v1', 'v2', 'v3', 'Blue'];

/** The traffic objects of one cluster. */
interface Traffic {
  readonly virtualServices: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
}
type Clusters = ReadonlyMap<string, Traffic>;

interface Case {
  readonly clusters: Clusters;
  readonly routes: readonly string[] | undefined;
  readonly asked: Weights;
}

const start: fc.Arbitrary<Case> = fc
  .record({
    vs: fc.option(legalVirtualService, { nil: undefined, freq: 8 }),
    theirs: foreignRoute,
    rule: fc.option(legalDestinationRule, { nil: undefined }),
    another: legalVirtualService,
    asked: anyWeights,
    chosen: fc.nat(),
  })
  .map(({ vs, theirs, rule, another, asked, chosen }) => {
    const found = vs === undefined ? [] : routesTo(vs, { app: APP, namespace: NAMESPACE });
    const names = vs === undefined ? [] : found.map((route) => routeKey(vs, route));
    const some = names.filter((_, i) => i === 0 || ((chosen >> i) & 1) === 1);
    // Another person's VirtualService, which leads elsewhere.
    const other: VirtualService = {
      ...another,
      metadata: { name: 'another', namespace: NAMESPACE },
      spec: { hosts: ['another.example.com'], gateways: [APP], http: [theirs] },
    };
    const west = vs && {
      ...vs,
      spec: { ...vs.spec, http: [...(vs.spec.http ?? []), { ...theirs, name: 'west-only' }] },
    };
    const destinationRules = rule === undefined ? [] : [rule];
    const traffic = (one: VirtualService | undefined): Traffic => ({
      virtualServices: [other, ...(one === undefined ? [] : [one])],
      destinationRules,
    });
    return {
      clusters: new Map([
        [EAST, traffic(vs)],
        [WEST, traffic(west)],
      ]),
      routes: some.length === 0 ? undefined : some,
      asked,
    };
  });

function observed(clusters: Clusters, routes: Case['routes']): Observation {
  const fleet = fleetOf(
    ...[...clusters].map(([name, traffic]) =>
      clusterState(name, {
        service: service(),
        pods: VERSIONS.map(versionPod),
        traffic: { ...traffic, gateways: [gateway()] },
      }),
    ),
  );
  return observe(release({ traffic: { routes } }), fleet);
}

/** What API servers hold once changes were written. */
function applied(clusters: Clusters, changes: readonly Change[]): Clusters {
  return new Map(
    [...clusters].map(([name, traffic]) => {
      const own = changes.filter(({ cluster }) => cluster === name).map(({ object }) => readBack(object));
      const merged = <T extends VirtualService | DestinationRule>(
        list: readonly T[],
        kind: string,
      ): readonly T[] => {
        const written = new Map(
          own.filter((one) => one.kind === kind).map((one) => [one.metadata.name, one as T]),
        );
        const kept = list.filter(({ metadata }) => !written.has(metadata.name));
        return [...kept, ...written.values()];
      };
      return [
        name,
        {
          virtualServices: merged(traffic.virtualServices, 'VirtualService'),
          destinationRules: merged(traffic.destinationRules, 'DestinationRule'),
        },
      ];
    }),
  );
}

const changesOf = ({ subsets, previews, routes }: TrafficPlan): readonly Change[] => [
  ...subsets,
  ...previews,
  ...routes,
];

/** The plan of a step; undefined where the action refuses it. */
function planned(
  clusters: Clusters,
  { routes, asked }: Case,
): { readonly plan: TrafficPlan; readonly seen: Observation } | undefined {
  try {
    const seen = observed(clusters, routes);
    return {
      seen,
      plan: planTraffic(seen, stepForward(seen, targetWeights(seen, asked, VERSIONS))),
    };
  } catch (error) {
    if (error instanceof CanaryError) return undefined;
    throw error;
  }
}

const holdsForPlans = (
  runs: number,
  check: (one: Case, first: { readonly plan: TrafficPlan; readonly seen: Observation }) => void,
): Promise<void> =>
  expectHolds(
    runs,
    fc.property(start, (one) => {
      const first = planned(one.clusters, one);
      fc.pre(first !== undefined);
      check(one, first);
    }),
  );

describe('a plan of traffic, from any legal state', () => {
  test('leaves nothing to plan once it is written', () =>
    holdsForPlans(500, (one, { plan }) => {
      const again = planned(applied(one.clusters, changesOf(plan)), one);
      expect(again && changesOf(again.plan)).toEqual([]);
    }));

  test('comes to the same when it is cut off after any stage and made again', () =>
    holdsForPlans(300, (one, { plan }) => {
      for (const done of [plan.subsets, [...plan.subsets, ...plan.previews]]) {
        const partly = applied(one.clusters, done);
        const rest = planned(partly, one);
        const whole = rest && applied(partly, changesOf(rest.plan));
        const again = whole && planned(whole, one);
        expect(again && changesOf(again.plan)).toEqual([]);
        expect(again?.seen.weights && formatWeights(again.seen.weights)).toBe(formatWeights(plan.weights));
      }
    }));

  test("writes only what is the release's own", () =>
    holdsForPlans(300, (_one, { plan }) => {
      const names = new Set(changesOf(plan).map(({ object }) => `${object.kind} ${object.metadata.name}`));
      expect([...names].filter((name) => !name.endsWith(` ${APP}`))).toEqual([]);
    }));

  test('can be taken back: the clusters hold the weights before', () =>
    holdsForPlans(300, (one, { plan, seen }) => {
      const { weights: before } = seen;
      fc.pre(before !== undefined);
      const forward = applied(one.clusters, changesOf(plan));
      const there = observed(forward, one.routes);
      const back = planTraffic(there, stepBack(there, rollbackWeights(there, before)));
      const now = observed(applied(forward, changesOf(back)), one.routes);
      const held = now.routes.map(({ weights }) => [...(weights ?? [])].filter(([, weight]) => weight > 0));
      expect(held).toEqual(
        held.map(() => expect.arrayContaining([...before].filter(([, weight]) => weight > 0))),
      );
    }));
});
