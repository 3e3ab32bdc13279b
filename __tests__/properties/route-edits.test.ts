import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CanaryError } from '../../src/core/errors.ts';
import type { RouteTarget } from '../../src/core/route-target.ts';
import { sameWeights } from '../../src/core/weights.ts';
import { managedRoutes } from '../../src/istio/managed-routes.ts';
import { withPreviews, withWeights } from '../../src/istio/route-edits.ts';
import { managedWeights } from '../../src/istio/route-weights.ts';
import { routeKey, routesTo, streamsTo } from '../../src/istio/routes.ts';
import type { VirtualService } from '../../src/kubernetes/objects.ts';
import { recordOf, withRecord } from '../../src/release/history.ts';
import { holdsEdit } from '../../src/release/holds-edit.ts';
import { revert } from '../../src/release/three-way-revert.ts';
import { anyWeights, isLegal, legalVirtualService } from '../support/istio-arbitraries.ts';
import { APP, NAMESPACE } from '../support/objects.ts';
import { weights } from '../support/release.ts';
import { canonical, expectHolds, readBack } from '../support/properties.ts';
import { isOurs, isOwnPreview, unmanaged, unset } from './support/managed-parts.ts';

const SERVICE = { app: APP, namespace: NAMESPACE };

interface Case {
  readonly before: VirtualService;
  readonly target: RouteTarget;
}

/** A VirtualService and weights that the action can bring to it; where several routes lead to the service, some are chosen. */
const edit: fc.Arbitrary<Case> = fc
  .record({ before: legalVirtualService, asked: anyWeights, revision: fc.nat(1000), chosen: fc.nat() })
  .map(({ before, asked, revision, chosen }) => {
    const routes = routesTo(before, SERVICE);
    const names = routes
      .map((route) => routeKey(before, route))
      .filter((_, i) => ((chosen >> i) & 1) === 0 || routes.length === 1);
    const isNamed = routes.length > 1 || chosen % 2 === 1;
    return {
      before,
      target: {
        service: SERVICE,
        routes: isNamed && names.length > 0 ? names : undefined,
        weights: asked,
        revision,
        port: 5000,
      },
    };
  });

/** The edit; undefined where the action refuses it, which is for other tests. */
function edited({ before, target }: Case): VirtualService | undefined {
  try {
    return readBack(withWeights(before, target));
  } catch (error) {
    if (error instanceof CanaryError) return undefined;
    throw error;
  }
}

const holdsForEdits = (
  check: (one: Case & { readonly after: VirtualService }) => void,
  runs = 600,
): Promise<void> =>
  expectHolds(
    runs,
    fc.property(edit, (one) => {
      const after = edited(one);
      fc.pre(after !== undefined);
      check({ ...one, after });
    }),
  );

/** The managed routes, by their places among those that are not previews of the service. */
function managedPlaces({ before, target }: Case): ReadonlySet<number> {
  const managed = managedRoutes(before, SERVICE, target.routes);
  const others = (before.spec.http ?? []).filter((route) => !isOwnPreview(route));
  return new Set(managed.map((route) => others.indexOf(route)));
}

/** Without the route that the action has made where none led to the service. */
function withoutNewRoute(after: VirtualService, { before, target }: Case): VirtualService {
  if (managedRoutes(before, SERVICE, target.routes).length > 0 || streamsTo(before, SERVICE).length > 0)
    return after;
  const http = (after.spec.http ?? []).slice(0, -1);
  const { http: _, ...rest } = after.spec;
  return before.spec.http === undefined && http.every(isOwnPreview)
    ? { ...after, spec: rest }
    : { ...after, spec: { ...after.spec, http } };
}

describe('an edit of routes', () => {
  test('changes nothing outside of what the release manages, to the byte and in order', () =>
    holdsForEdits((one) => {
      const places = managedPlaces(one);
      expect(unmanaged(withoutNewRoute(one.after, one), places)).toBe(unmanaged(one.before, places));
    }));

  test('keeps what others have set on the destinations of the service', () =>
    holdsForEdits(({ before, after, target }) => {
      const kept = (vs: VirtualService): readonly (readonly [string | undefined, string])[] =>
        managedRoutes(vs, SERVICE, target.routes).flatMap(({ route = [] }) => {
          const ours = route.filter(isOurs);
          const first = new Map(ours.toReversed().map((one) => [one.destination.subset, one]));
          return [...first].map(([subset, one]) => [subset, unset(one)] as const);
        });
      const named = kept(before).filter(([subset]) => subset !== undefined);
      expect(kept(after)).toEqual(expect.arrayContaining([...named]));
    }));

  test('brings exactly the weights asked for, 100 in all', () =>
    holdsForEdits(({ after, target }) => {
      const read = managedWeights(after, SERVICE, target.routes, target.weights).weights ?? weights({});
      expect(sameWeights(read, target.weights)).toBe(true);
      expect([...read.values()].reduce((a, b) => a + b, 0)).toBe(100);
    }));

  test('gives the service as many points as it had beside other hosts', () =>
    holdsForEdits((one) => {
      const points = (vs: VirtualService, ours: boolean): readonly number[] =>
        managedRoutes(vs, SERVICE, one.target.routes).map(({ route = [] }) =>
          route.filter((entry) => isOurs(entry) === ours).reduce((sum, { weight = 0 }) => sum + weight, 0),
        );
      const [others, before, after] = [
        points(one.after, false),
        points(one.before, true),
        points(one.after, true),
      ];
      expect(after).toEqual(others.map((other, i) => (other === 0 ? 100 : before[i])));
    }));

  test('is idempotent', () =>
    holdsForEdits(({ after, target }) => {
      expect(JSON.stringify(withWeights(after, target))).toBe(JSON.stringify(after));
      expect(JSON.stringify(withPreviews(after, target))).toBe(JSON.stringify(after));
    }));

  test('leaves a legal object legal', () =>
    holdsForEdits(({ after }) => {
      expect(isLegal(after)).toBe(true);
    }));

  test('puts the preview of each version right ahead of each managed route, and nowhere else', () =>
    holdsForEdits(({ after, target }) => {
      const http = after.spec.http ?? [];
      const managed = managedRoutes(after, SERVICE, target.routes);
      // Where only TCP and TLS routes lead to the service, there is nothing to preview.
      fc.pre(managed.length > 0);
      const versions = [...target.weights.keys()];
      const ahead = managed.flatMap((route) => {
        const place = http.indexOf(route);
        return http.slice(place - versions.length, place);
      });
      expect(http.filter(isOwnPreview)).toEqual(ahead);
      expect(ahead.map(({ route }) => route?.map(({ destination }) => destination.subset))).toEqual(
        managed.flatMap(() => versions.map((version) => [version])),
      );
      for (const { match = [], route = [] } of ahead) {
        const version = route[0]?.destination.subset;
        expect(match.map(({ headers }) => headers?.['x-canary-version'])).toEqual(
          match.map(() => ({ exact: version })),
        );
        expect(match.length).toBeGreaterThan(0);
      }
    }));

  test('can be written, read back and undone: then all bytes are as before', () =>
    holdsForEdits(({ before, target }) => {
      const record = {
        app: APP,
        revision: target.revision,
        weights: target.weights,
        history: [target.weights],
      };
      const after = readBack(withRecord(withWeights(before, target), record));
      expect(recordOf(after, APP)).toEqual(record);
      expect(holdsEdit(after, { before, after })).toBe(true);
      expect(canonical(revert(after, { before, after }))).toBe(canonical(before));
    }));
});
