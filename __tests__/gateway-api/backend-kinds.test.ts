import { describe, expect, test } from '@jest/globals';
import type { RouteTarget } from '../../src/core/route-target.ts';
import { kindOfBackend } from '../../src/gateway-api/backends.ts';
import type { HTTPBackendRef, HTTPRoute, HTTPRouteRule } from '../../src/gateway-api/objects.ts';
import { withRuleWeights } from '../../src/gateway-api/rule-edits.ts';
import { isPreviewRule, rulesOf } from '../../src/gateway-api/rules.ts';
import { attachedRoute } from '../support/gateways.ts';
import { APP, HOST, NAMESPACE } from '../support/objects.ts';
import { weights } from '../support/release.ts';

const HOSTNAME = { group: 'networking.istio.io', kind: 'Hostname' } as const;
const versionHost = (version: string): string => HOST.replace(APP, `${APP}-${version}`);
const target: RouteTarget = {
  service: { app: APP, namespace: NAMESPACE },
  routes: undefined,
  versionServices: new Map([
    [`${APP}-v1`, 'v1'],
    [`${APP}-v2`, 'v2'],
  ]),
  weights: weights({ v1: 80, v2: 20 }),
  revision: 5,
  port: undefined,
};

const routeOf = (...rules: readonly HTTPRouteRule[]): HTTPRoute => {
  const route = attachedRoute();
  return { ...route, spec: { ...route.spec, rules } };
};

describe('a backend', () => {
  test.each<[string, HTTPBackendRef, ReturnType<typeof kindOfBackend>]>([
    ['is the service by its name', { name: APP, port: 5000 }, 'open'],
    ['is the service by its host', { ...HOSTNAME, name: HOST, port: 5000 }, 'open'],
    [
      'is the service by its host in a cluster of another domain',
      { ...HOSTNAME, name: `${APP}.${NAMESPACE}.svc.corp.example`, port: 5000 },
      'open',
    ],
    ['is a version by its host', { ...HOSTNAME, name: versionHost('v2'), port: 5000 }, { version: 'v2' }],
    ['is another service by its host', { ...HOSTNAME, name: 'api.example.com', port: 443 }, 'other'],
    ['is another service of another namespace', { name: APP, namespace: 'other', port: 5000 }, 'other'],
    [
      'is another service by a host of another namespace',
      { ...HOSTNAME, name: HOST.replace(NAMESPACE, 'other'), port: 5000 },
      'other',
    ],
    [
      'of another kind is not the service',
      { group: 'multicluster.x-k8s.io', kind: 'ServiceImport', name: APP, port: 5000 },
      'other',
    ],
    [
      'of a kind nobody knows is not the service',
      { group: 'example.com', kind: 'Bucket', name: APP },
      'other',
    ],
  ])('%s', (_, backend, kind) => {
    expect(kindOfBackend(routeOf(), backend, target)).toEqual(kind);
  });
});

describe('the weights of a rule', () => {
  const marks = (version: string) => [
    {
      type: 'ResponseHeaderModifier',
      responseHeaderModifier: {
        set: [
          { name: 'x-canary-version', value: version },
          { name: 'x-canary-revision', value: '5' },
        ],
      },
    },
  ];
  const managedIn = (route: HTTPRoute): readonly HTTPBackendRef[] | undefined =>
    rulesOf(withRuleWeights(route, target)).find((rule) => !isPreviewRule(rule))?.backendRefs;

  test('move from the host of the service to the Services of its versions', () => {
    const open = { ...HOSTNAME, name: HOST, port: 5000, weight: 3 };
    expect(managedIn(routeOf({ backendRefs: [open] }))).toEqual([
      { group: '', kind: 'Service', name: `${APP}-v1`, port: 5000, weight: 80, filters: marks('v1') },
      { group: '', kind: 'Service', name: `${APP}-v2`, port: 5000, weight: 20, filters: marks('v2') },
    ]);
  });

  test('stay on a version that is named by its host, and the new one gets its Service', () => {
    const one = { ...HOSTNAME, name: versionHost('v1'), port: 5000, weight: 1 };
    expect(managedIn(routeOf({ backendRefs: [one] }))).toEqual([
      { ...one, weight: 80, filters: marks('v1') },
      { group: '', kind: 'Service', name: `${APP}-v2`, port: 5000, weight: 20, filters: marks('v2') },
    ]);
  });

  test('leave backends of other kinds and namespaces, filters and fields that nobody knows as they are', () => {
    const others: readonly HTTPBackendRef[] = [
      { group: 'example.com', kind: 'Bucket', name: 'static', weight: 10, 'x-new': { deep: [1, null] } },
      { name: APP, namespace: 'other', port: 80, weight: 10 },
    ];
    const filter = {
      type: 'ExtensionRef',
      extensionRef: { group: 'example.com', kind: 'Limit', name: 'slow' },
    };
    const ours = {
      name: `${APP}-v1`,
      port: 5000,
      weight: 80,
      'x-new': 'field',
      filters: [
        filter,
        {
          type: 'ResponseHeaderModifier',
          responseHeaderModifier: { remove: ['server'], set: [{ name: 'x-team', value: 'a' }], 'x-new': 1 },
        },
      ],
    };
    const found = managedIn(routeOf({ backendRefs: [...others, ours], retry: { attempts: 2 } })) ?? [];
    expect(found.slice(0, 2)).toEqual(others);
    expect(found[2]).toEqual({
      ...ours,
      weight: 64,
      filters: [
        filter,
        {
          type: 'ResponseHeaderModifier',
          responseHeaderModifier: {
            remove: ['server'],
            set: [{ name: 'x-team', value: 'a' }, ...(marks('v1')[0]?.responseHeaderModifier.set ?? [])],
            'x-new': 1,
          },
        },
      ],
    });
  });
});
