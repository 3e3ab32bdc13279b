import { expect, test } from '@jest/globals';
import { managedRoutes } from '../../src/istio/managed-routes.ts';
import { withWeights } from '../../src/istio/route-edits.ts';
import type { HttpRoute } from '../../src/kubernetes/objects.ts';
import { APP, NAMESPACE, to, virtualService } from '../support/objects.ts';
import { weights } from '../support/release.ts';

const SERVICE = { app: APP, namespace: NAMESPACE };

/** How often the names of routes were looked at, for a number of routes that are all managed. */
function looksAtNames(number: number, hasName: boolean): number {
  let looks = 0;
  const http = Array.from({ length: number }, (_, i): HttpRoute => {
    const route = { route: [to('v1', 80), to('v2', 20)] };
    return Object.defineProperty(route, 'name', {
      enumerable: true,
      get: () => {
        looks += 1;
        return hasName ? `route-${String(i)}` : undefined;
      },
    });
  });
  const vs = virtualService(http);
  const routes = http.map((_, i) => (hasName ? `route-${String(i)}` : `http[${String(i)}]`));
  expect(managedRoutes(vs, SERVICE, routes)).toHaveLength(number);
  withWeights(vs, {
    service: SERVICE,
    routes,
    weights: weights({ v1: 50, v2: 50 }),
    revision: 1,
    port: undefined,
  });
  return looks;
}

test.each([
  ['names', true],
  ['places', false],
])('managing routes by their %s looks at each a fixed number of times', (_what, hasName) => {
  const few = looksAtNames(20, hasName);
  expect(looksAtNames(500, hasName)).toBeLessThanOrEqual((500 / 20) * few);
});
