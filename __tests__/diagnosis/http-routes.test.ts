import { describe, expect, test } from '@jest/globals';
import { toldFinding } from '../support/english.ts';
import { quoted } from '../../src/texts/message.ts';
import { atOnce } from '../../src/core/pieces.ts';
import { diagnose } from '../../src/diagnosis/diagnosis.ts';
import type { GRPCRoute, HTTPRoute, HTTPRouteRule } from '../../src/gateway-api/objects.ts';
import type { Labels, Service, VirtualService } from '../../src/kubernetes/objects.ts';
import { readRouteStates } from '../../src/release/route-state.ts';
import type { IngressEvidence } from '../../src/verify/evidence.ts';
import { evidence } from '../support/evidence.ts';
import { EDGE, attachedRoute, gatewayApiState, kubeGateway, listener } from '../support/gateways.ts';
import {
  APP,
  NAMESPACE,
  clusterState,
  fleetOf,
  gateway as istioGateway,
  service,
  versionPod,
  virtualService,
} from '../support/objects.ts';
import { EAST, release } from '../support/release.ts';

const given = release({ clusters: [EAST], configClusters: [EAST], placement: new Map() });
const versionService = (version: string, selector: Labels = { app: APP, version }): Service =>
  service({ selector }, { name: `${APP}-${version}` });
const BOTH = [versionService('v1'), versionService('v2')];
const split = (v1: number, v2: number, rest: HTTPRouteRule = {}): HTTPRouteRule => ({
  ...rest,
  backendRefs: [
    { name: `${APP}-v1`, port: 5000, weight: v1 },
    { name: `${APP}-v2`, port: 5000, weight: v2 },
  ],
});
const parentRef = { name: 'public', namespace: EDGE };
const FINE = [
  { type: 'Accepted', status: 'True' },
  { type: 'ResolvedRefs', status: 'True' },
] as const;

function routeOf(rules: readonly HTTPRouteRule[], rest: Partial<HTTPRoute> = {}): HTTPRoute {
  const route = attachedRoute(['shop.example.com']);
  const status = { parents: [{ parentRef, conditions: FINE }] };
  return { ...route, status, ...rest, spec: { ...route.spec, rules } };
}

interface Held {
  readonly routes: readonly HTTPRoute[];
  readonly services?: readonly Service[];
  /** Of the Gateway's condition Programmed. */
  readonly programmed?: 'True' | 'False';
  readonly grpcRoutes?: readonly GRPCRoute[];
  /** Bound to a Gateway of Istio's API. */
  readonly virtualServices?: readonly VirtualService[];
  /** Of the Gateway; undefined: not known. */
  readonly pods?: readonly Labels[] | undefined;
  /** The host that is sampled. */
  readonly host?: string;
}

/** Title and detail of each finding where the ingress of east failed. */
function found(held: Held, seen: Partial<IngressEvidence> = {}) {
  const {
    routes,
    services = BOTH,
    programmed = 'True',
    grpcRoutes = [],
    virtualServices = [],
    pods,
    host,
  } = held;
  const conditions = [
    { type: 'Programmed', status: programmed, reason: 'AddressNotUsable', message: 'none' },
  ];
  const gateway = { ...kubeGateway([listener('http', 80)]), status: { conditions } };
  const gateways = virtualServices.length === 0 ? [] : [istioGateway()];
  const state = fleetOf({
    ...clusterState(EAST, {
      traffic: {
        virtualServices,
        gateways,
        everywhere: { virtualServices, destinationRules: [], gateways, unlisted: [] },
      },
      service: service(),
      otherServices: services,
      pods: [versionPod('v1'), versionPod('v2')],
    }),
    gatewayApi: gatewayApiState([gateway], {
      httpRoutes: routes,
      grpcRoutes,
      ...(pods === undefined
        ? {}
        : { gatewayPods: new Map([['edge/public', { labels: pods, targets: new Map() }]]) }),
    }),
  });
  const failed = evidence({ verdict: 'fail', reason: quoted('the shares are not the weights'), ...seen });
  const asked = { ...given, check: { ...given.check, host } };
  const told = atOnce(
    diagnose({ release: asked, routes: readRouteStates(asked, state), evidence: [failed], state }),
  );
  return told.map(toldFinding).map(({ title, detail }) => `${title}. ${detail}`);
}

const UNANSWERED: Partial<IngressEvidence> = { errors: new Map([['status 500', 400]]) };
const NAME = `HTTPRoute ${NAMESPACE}/${APP}`;

describe('a failure behind an HTTPRoute', () => {
  test.each(['Accepted', 'ResolvedRefs'])('is explained by %s that is not true', (type) => {
    const bad = { type, status: 'False', reason: 'Broken', message: 'why' };
    const conditions = FINE.map((one) => (one.type === type ? bad : one));
    const route = routeOf([split(80, 20)], { status: { parents: [{ parentRef, conditions }] } });
    expect(found({ routes: [route] }).join('\n')).toContain(
      `${type} is not true of ${NAME} in east. ${NAME} at Gateway edge/public is not ${type === 'Accepted' ? 'accepted' : 'resolved'}: Broken (why).`,
    );
  });

  test('is explained by a Gateway that is not programmed', () => {
    expect(found({ routes: [routeOf([split(80, 20)])], programmed: 'False' }).join('\n')).toContain(
      'Programmed is not true of the Gateway in east. Gateway edge/public is not programmed: AddressNotUsable (none).',
    );
  });

  test('is explained by a missing Service of a version', () => {
    const held = { routes: [routeOf([split(80, 20)])], services: [versionService('v1')] };
    expect(found(held).join('\n')).toContain(
      `Service ${NAMESPACE}/${APP}-v2 is missing in east. The HTTPRoute gives v2 20%: these requests get status 500 from the gateway, which still marks them with v2.`,
    );
  });

  test('is explained by a rule whose backends all have weight 0', () => {
    expect(found({ routes: [routeOf([split(0, 0)])] }, UNANSWERED).join('\n')).toContain(
      `All backends of the unnamed rules[0] in east have weight 0. ${NAME} sends its requests nowhere`,
    );
  });

  test('is explained by a rule of another HTTPRoute that takes the requests first', () => {
    const rest = {
      metadata: { name: 'cart', namespace: 'other', creationTimestamp: '2026-11-27T10:00:00Z' },
    };
    const rules = [
      { matches: [{ path: { type: 'Exact', value: '/' } }], backendRefs: [{ name: 'cart', port: 80 }] },
    ];
    const told = found({ routes: [routeOf([split(80, 20)]), routeOf(rules, rest)] }, { withoutRevision: 90 });
    expect(told.join('\n')).toContain(
      `HTTPRoute other/cart takes requests in east. Its unnamed rules[0] (created at 2026-11-27T10:00:00Z) takes the path / before ${NAME} does, and does not lead to ${APP}: 90 of 1,000 requests were not answered by the managed rule.`,
    );
  });

  test('is explained by a GRPCRoute of a narrower hostname, whether or not it takes the path', () => {
    const { spec, ...route } = attachedRoute(['shop.example.com']);
    const metadata = { name: 'stream', namespace: 'other' };
    const own = routeOf([split(80, 20)]);
    const wide = { ...own, spec: { ...own.spec, hostnames: ['*.example.com'] } };
    const toldOf = (matches: NonNullable<GRPCRoute['spec']['rules']>[number]['matches'] = []): string => {
      const rules = [{ matches, backendRefs: [{ name: 'cart', port: 80 }] }];
      const grpcRoutes = [{ ...route, metadata, spec: { ...spec, rules } }];
      return found({ routes: [wide], grpcRoutes, host: 'shop.example.com' }, UNANSWERED).join('\n');
    };
    expect(toldOf()).toContain(
      `GRPCRoute other/stream takes requests in east. Its unnamed rules[0] takes the path / before ${NAME} does, and does not lead to ${APP}: 400 of 1,000 requests failed. Istio gives a GRPCRoute every HTTP request that it matches.`,
    );
    expect(toldOf([{ method: { service: 'shop.Cart' } }])).toContain(
      `GRPCRoute other/stream takes requests in east. Its hostnames shop.example.com are narrower than those of ${NAME}, and no rule for them takes the path /: the gateway answers such requests with status 404, and 400 of 1,000 requests failed.`,
    );
  });

  test('is explained by a VirtualService of the same gateway pods', () => {
    const vs = virtualService(
      [{ route: [{ destination: { host: 'cart' } }] }],
      { name: 'cart' },
      { hosts: ['shop.example.com'] },
    );
    const own = routeOf([split(80, 20)]);
    const wide = { ...own, spec: { ...own.spec, hostnames: ['*.example.com'] } };
    const held = { routes: [wide], virtualServices: [vs], host: 'shop.example.com' };
    const told = (pods: readonly Labels[] | undefined): string =>
      found({ ...held, pods }, { withoutRevision: 90 }).join('\n');
    expect(told([{ istio: 'ingressgateway' }])).toContain(
      `VirtualService ${NAMESPACE}/cart takes requests in east. It binds shop.example.com and Gateway ${NAMESPACE}/${APP}, which Istio merges with listener http of Gateway edge/public, and its route http[0] matches the path /: 90 of 1,000 requests were not answered by the managed rule. Istio prefers the narrower host. Narrow`,
    );
    expect(told(undefined)).toContain(`VirtualService ${NAMESPACE}/cart may take requests in east.`);
    expect(told([{ istio: 'other' }])).toBe('');
  });

  test('is explained by a Service that selects pods of another version', () => {
    const told = found(
      { routes: [routeOf([split(80, 20)])] },
      { contradictions: new Map([['v2 → v1', 12]]) },
    );
    expect(told.join('\n')).toContain(
      `Service ${APP}-v2 selects pods of v1. 12 responses through east were routed to v2, but their body names v1. Compare the selector of Service ${APP}-v2 (app=${APP},version=v2) with the labels of the pods`,
    );
  });

  test.each([
    ['the pods of v1', { app: APP, version: 'v1' }],
    ['the pods of all versions', { app: APP }],
  ])('is explained once by a Service that selects %s, with its selector', (_, selector) => {
    const services = [versionService('v1'), versionService('v2', selector)];
    const text = Object.entries(selector)
      .map((pair) => pair.join('='))
      .join(',');
    const seen = { contradictions: new Map([['v2 → v1', 12]]) };
    const rule = split(80, 20);
    const backendRefs = (rule.backendRefs ?? []).map((one, i) => {
      const set = [{ name: 'x-canary-version', value: i === 0 ? 'v1' : 'v2' }];
      return { ...one, filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set } }] };
    });
    const routes = [routeOf([{ ...rule, backendRefs }])];
    const shown = found({ routes, services }, seen).filter((one) => one.includes('selects pods of v1'));
    expect(shown).toHaveLength(1);
    expect(shown.join()).toContain(`Service ${APP}-v2 selects pods of v1. 12 responses`);
    expect(shown.join()).toContain(`Compare the selector of Service ${APP}-v2 (${text})`);
    const silent = found({ routes, services }).join('\n');
    expect(silent).toContain(`In east its selector is ${text}, so pods with the label version=v1`);
    expect(`${shown.join()} ${silent}`).not.toMatch(/subset/);
  });

  test('is explained by a Service that selects no pod, or none that is ready', () => {
    const services = [versionService('v1'), versionService('v2', { app: APP, version: 'v9' })];
    expect(found({ routes: [routeOf([split(80, 20)])], services }).join('\n')).toContain(
      `No pod of v2 is ready. The HTTPRoute gives v2 20%. Service ${NAMESPACE}/${APP}-v2 selects app=${APP},version=v9 in east: no pod there has these labels.`,
    );
  });
});
