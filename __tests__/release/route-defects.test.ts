import { describe, expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import { readRouteStates } from '../../src/release/route-state.ts';
import { routeDefects } from '../../src/release/route-defects.ts';
import type { GatewayListener } from '../../src/gateway-api/objects.ts';
import { EDGE, attachedRoute, gatewayApiState, kubeGateway, listener } from '../support/gateways.ts';
import type { Pod, Subset } from '../../src/kubernetes/objects.ts';
import type { Weights } from '../../src/core/weights.ts';
import {
  APP,
  NAMESPACE,
  clusterState,
  destinationRule,
  fleetOf,
  gateway,
  service,
  to,
  versionPod,
  virtualService,
} from '../support/objects.ts';
import { EAST, WEST, release, weights } from '../support/release.ts';

const RULE = `DestinationRule ${NAMESPACE}/${APP}`;

/** The titles and details for a VirtualService in both clusters, with v1 in east and v2 in west unless other pods are given. */
function found(
  split: Weights,
  {
    subsets = ['v1', 'v2'],
    pods = [versionPod('v2')],
  }: { readonly subsets?: readonly (string | Subset)[]; readonly pods?: readonly Pod[] } = {},
): readonly string[] {
  const route = [...split].map(([version, weight]) => to(version, weight));
  const traffic = {
    virtualServices: [virtualService([{ route }])],
    destinationRules: [destinationRule(subsets)],
    gateways: [gateway()],
  };
  const shared = { traffic, service: service() };
  const fleet = fleetOf(
    clusterState(EAST, { ...shared, pods: [versionPod('v1')] }),
    clusterState(WEST, { ...shared, pods }),
  );
  const given = release();
  return routeDefects({ release: given, fleet, routes: readRouteStates(given, fleet) }).map(
    ({ title, detail }) => inEnglish({ kind: 'findingLine', title, detail }),
  );
}

describe('an HTTPRoute', () => {
  const FALSE = { type: 'ResolvedRefs', status: 'False', reason: 'RefNotPermitted', message: 'not granted' };
  const TRUE = ['Accepted', 'ResolvedRefs', 'Programmed'].map((type) => ({ type, status: 'True' }));
  const tls = (hostname?: string): GatewayListener =>
    listener('tls', 443, { protocol: 'HTTPS', ...(hostname === undefined ? {} : { hostname }) });

  /** The titles where the controller does not serve listener `tls`, and all else is well. */
  const titles = (listeners: readonly GatewayListener[], sectionName?: string): readonly string[] => {
    const parent = { name: 'public', namespace: EDGE, ...(sectionName === undefined ? {} : { sectionName }) };
    const route = attachedRoute(['shop.example.com'], [parent]);
    const backendRefs = [{ name: `${APP}-v1`, port: 5000 }];
    const gateway = kubeGateway(listeners);
    const given = release({ configClusters: [EAST], clusters: [EAST], placement: new Map([['v1', [EAST]]]) });
    const fleet = fleetOf({
      ...clusterState(EAST, {
        service: service(),
        otherServices: [service({ selector: { app: APP, version: 'v1' } }, { name: `${APP}-v1` })],
        pods: [versionPod('v1')],
      }),
      gatewayApi: gatewayApiState(
        [{ ...gateway, status: { conditions: TRUE, listeners: [{ name: 'tls', conditions: [FALSE] }] } }],
        {
          httpRoutes: [
            {
              ...route,
              spec: { ...route.spec, rules: [{ backendRefs }] },
              status: { parents: [{ parentRef: parent, conditions: TRUE }] },
            },
          ],
        },
      ),
    });
    return routeDefects({ release: given, fleet, routes: readRouteStates(given, fleet) }).map(({ title }) =>
      inEnglish(title),
    );
  };

  test('has the defect of a listener that its users come through', () => {
    const told = ['ResolvedRefs is not true of listener tls of Gateway edge/public in east'];
    expect(titles([listener('web', 80), tls()])).toEqual(told);
    expect(titles([listener('web', 80), tls('*.example.com')])).toEqual(told);
  });

  test('has not that of a listener for other hosts, or that it is not attached to', () => {
    expect(titles([listener('web', 80), tls('cart.example.org')])).toEqual([]);
    expect(titles([listener('web', 80), tls()], 'web')).toEqual([]);
  });
});

describe('a VirtualService', () => {
  test('whose versions have ready pods has no defect, whatever has no weight', () => {
    expect(found(weights({ v1: 80, v2: 20 }))).toEqual([]);
    expect(found(weights({ v1: 100, v2: 0 }), { pods: [], subsets: ['v1'] })).toEqual([]);
  });

  test('without any DestinationRule answers 503, unless one may be where it cannot be listed', () => {
    const given = release({ configClusters: [EAST] });
    const holding = (unlisted: readonly 'DestinationRule'[]): readonly string[] => {
      const virtualServices = [virtualService([{ route: [to('v1')] }])];
      const everywhere = { virtualServices, destinationRules: [], gateways: [], unlisted };
      const fleet = fleetOf(clusterState(EAST, { traffic: { virtualServices, everywhere } }));
      const routes = readRouteStates(given, fleet);
      return routeDefects({ release: given, fleet, routes }).map(({ title }) => inEnglish(title));
    };
    expect(holding([])).toEqual(['There is no DestinationRule with the subset v1 in east']);
    expect(holding(['DestinationRule'])).toEqual([]);
  });

  test('that names a subset which does not exist answers 503', () => {
    expect(found(weights({ v1: 80, v2: 20 }), { subsets: ['v1'] })).toEqual([
      expect.stringContaining(`${RULE} has no subset v2 in east. The route gives v2 20%`),
      expect.stringContaining(`${RULE} has no subset v2 in west`),
    ]);
  });

  test('whose version has no ready pod in any cluster is reported once', () => {
    const unready = { ...versionPod('v2'), status: { conditions: [{ type: 'Ready', status: 'False' }] } };
    expect(found(weights({ v1: 80, v2: 20 }), { pods: [unready] })).toEqual([
      expect.stringContaining(
        `No pod of v2 is ready. The route gives v2 20%. Its subset in ${RULE} selects version=v2, and no ready pod in east, west has these labels.`,
      ),
    ]);
  });
});
