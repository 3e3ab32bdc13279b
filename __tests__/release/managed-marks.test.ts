import { describe, expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import type { HTTPBackendRef, HTTPRouteRule } from '../../src/gateway-api/objects.ts';
import type { HttpRoute, RouteDestination, Service } from '../../src/kubernetes/objects.ts';
import { unclearMarksIn } from '../../src/release/guards/own-marks.ts';
import { observe } from '../../src/release/observation.ts';
import { readRouteStates } from '../../src/release/route-state.ts';
import type { FleetState } from '../../src/release/state.ts';
import { attachedRoute, gatewayApiState } from '../support/gateways.ts';
import {
  APP,
  clusterState,
  destinationRule,
  fleetOf,
  service,
  to,
  toOther,
  versionPod,
  virtualService,
} from '../support/objects.ts';
import { EAST, release } from '../support/release.ts';

/** What the marks in several routes of one object mean, with either API. */
const given = (routes?: readonly string[]) => release({ configClusters: [EAST], traffic: { routes } });

/** A share of a route: of a version, or of another service. */
interface Share {
  readonly of: string;
  readonly weight: number;
  /** The revision in its response header. */
  readonly mark?: string;
}
interface Given {
  readonly name?: string;
  readonly shares: readonly Share[];
  /** What the route does with a response header of any share. */
  readonly changes?: Changes;
}
interface Changes {
  readonly set?: string;
  readonly add?: string;
  readonly remove?: string;
}

const marked = (rest: object, mark: string | undefined): RouteDestination & object => ({
  ...(rest as RouteDestination),
  ...(mark === undefined ? {} : { headers: { response: { set: { 'X-Canary-Revision': mark } } } }),
});

/** Changes of a response header, as an API writes those to a value. */
const changed = <T>(
  { set, add, remove }: Changes,
  to: (header: string) => T,
): { readonly set?: T; readonly add?: T; readonly remove?: readonly string[] } => ({
  ...(set === undefined ? {} : { set: to(set) }),
  ...(add === undefined ? {} : { add: to(add) }),
  ...(remove === undefined ? {} : { remove: [remove] }),
});

function byVirtualService(routes: readonly Given[]): FleetState {
  const http = routes.map(({ name, shares, changes }): HttpRoute => {
    const route = shares.map(({ of, weight, mark }) =>
      marked(of === 'other' ? toOther(weight) : to(of, weight), mark),
    );
    return {
      ...(name === undefined ? {} : { name }),
      ...(changes === undefined
        ? {}
        : { headers: { response: changed(changes, (header) => ({ [header]: '9' })) } }),
      route,
    };
  });
  const traffic = {
    virtualServices: [virtualService(http)],
    destinationRules: [destinationRule(['v1', 'v2'])],
  };
  return fleetOf(clusterState(EAST, { traffic, service: service() }));
}

function byHttpRoute(routes: readonly Given[]): FleetState {
  const rules = routes.map(({ name, shares, changes }): HTTPRouteRule => {
    const backendRefs = shares.map(({ of, weight, mark }): HTTPBackendRef => {
      const set = [{ name: 'X-Canary-Revision', value: mark ?? '' }];
      const filters = [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set } }];
      return {
        name: of === 'other' ? 'other' : `${APP}-${of}`,
        port: 5000,
        weight,
        ...(mark === undefined ? {} : { filters }),
      };
    });
    const responseHeaderModifier = changes && changed(changes, (header) => [{ name: header, value: '9' }]);
    return {
      ...(name === undefined ? {} : { name }),
      ...(responseHeaderModifier && {
        filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier }],
      }),
      backendRefs,
    };
  });
  const versionService = (version: string): Service =>
    service({ selector: { app: APP, version } }, { name: `${APP}-${version}` });
  const route = attachedRoute();
  return fleetOf({
    ...clusterState(EAST, {
      service: service(),
      otherServices: [versionService('v1'), versionService('v2')],
      pods: [versionPod('v1'), versionPod('v2')],
    }),
    gatewayApi: gatewayApiState([], { httpRoutes: [{ ...route, spec: { ...route.spec, rules } }] }),
  });
}

const split = (mark?: string): readonly Share[] => [
  { of: 'v1', weight: 80, ...(mark === undefined ? {} : { mark }) },
  { of: 'v2', weight: 20, ...(mark === undefined ? {} : { mark }) },
];

describe.each([
  ['a VirtualService', byVirtualService, 'http'],
  ['an HTTPRoute', byHttpRoute, 'rules'],
])('the revision of %s', (_, hold, places) => {
  const told = (routes: readonly Given[]): readonly string[] =>
    unclearMarksIn(observe(given(), hold(routes))).map(({ detail }) => inEnglish(detail));
  const revision = (routes: readonly Given[], names?: readonly string[]): unknown =>
    readRouteStates(given(names), hold(routes))[0]?.revision;

  test('is the newest of all managed routes, by number', () => {
    const routes = [
      { name: 'a', shares: split('9') },
      { name: 'b', shares: split('10') },
      { name: 'c', shares: split('11') },
    ];
    expect(revision(routes, ['a', 'b'])).toBe('10');
    expect(revision([{ shares: split() }])).toBeUndefined();
  });

  test('is not that of another service in the same route, which is refused', () => {
    const routes = [{ shares: [{ of: 'other', weight: 50, mark: '7' }, ...split('3')] }];
    expect(revision(routes)).toBe('3');
    expect(told(routes)).toEqual([
      expect.stringMatching(
        /^In east, the unnamed .*\[0\] of .* also sends to other.*, whose responses another/,
      ),
    ]);
  });

  test.each<[keyof Changes, string]>([
    ['set', 'X-Canary-Revision'],
    ['add', 'x-canary-version'],
    ['remove', 'x-canary-version'],
  ])('is refused where the route would %s the header for all its destinations', (change, header) => {
    expect(told([{ shares: split('3'), changes: { [change]: header } }])).toEqual([
      expect.stringMatching(
        new RegExp(`^In east, the unnamed .*\\[0\\] of .* changes the response header ${header} for`),
      ),
    ]);
    expect(told([{ shares: split('3'), changes: { [change]: 'x-team' } }])).toEqual([]);
  });

  test('says which of several routes is managed where none is named', () => {
    const routes = [{ shares: split() }, { shares: split('4') }, { shares: split() }];
    expect(revision(routes)).toBe('4');
    const several = [{ shares: split('4') }, { shares: split('5') }, { shares: split() }];
    expect(() => revision(several)).toThrow(`for example routes: ${places}[0], ${places}[1].`);
  });

  test('leads to the route whose position has changed, or to its name', () => {
    const moved = [{ shares: split() }, { shares: split('4') }];
    expect(() => revision(moved, [`${places}[0]`])).toThrow(
      `has split so far is now ${places}[1]: ${places === 'http' ? 'routes' : 'rules'} were added or removed since. Omit the input routes:`,
    );
    const several = [...moved, { shares: split('4') }];
    expect(() => revision(several, [`${places}[0]`])).toThrow(
      /since\. To go on, give the (route|rule) a name/,
    );
  });
});
