import { describe, expect, test } from '@jest/globals';
import type { HttpRoute } from '../../../src/kubernetes/objects.ts';
import { observe } from '../../../src/release/observation.ts';
import { planRollout } from '../../../src/release/plan.ts';
import type { FleetState } from '../../../src/release/state.ts';
import {
  clusterState,
  destinationRule,
  fleetOf,
  service,
  to,
  toOther,
  versionPod,
  virtualService,
} from '../../support/objects.ts';
import { EAST, WEST, release, weights } from '../../support/release.ts';

const given = release({ traffic: { weights: weights({ v1: 80, v2: 20 }) } });

function holding(
  http: readonly HttpRoute[] | undefined,
  spec: Readonly<Record<string, unknown>> = {},
): FleetState {
  const traffic = {
    virtualServices: [virtualService(http, {}, spec)],
    destinationRules: [destinationRule(['v1', 'v2'])],
  };
  return fleetOf(
    clusterState(EAST, { service: service(), pods: [versionPod('v1')], traffic }),
    clusterState(WEST, { service: service(), pods: [versionPod('v2')], traffic }),
  );
}

describe('a VirtualService none of whose routes leads to the service', () => {
  test.each<[string, readonly HttpRoute[] | undefined, Readonly<Record<string, unknown>>, string]>([
    [
      'splits by Services',
      [{ route: [toOther(100, 'helloworld-primary'), toOther(0, 'helloworld-canary')] }],
      {},
      'its routes lead to helloworld-primary, helloworld-canary.',
    ],
    ['redirects', [{ redirect: { uri: '/new' } }], {}, 'its routes lead to no service.'],
    ['answers by itself', [{ directResponse: { status: 200 } }], {}, 'its routes lead to no service.'],
    [
      'delegates to another namespace',
      [{ delegate: { name: 'team', namespace: 'front' } }],
      {},
      'its routes lead to the delegate front/team.',
    ],
    [
      'has TCP routes of others',
      undefined,
      { tcp: [{ route: [toOther(100, 'db')] }] },
      'its routes lead to db.',
    ],
  ])('is refused where it %s', (_what, http, spec, where) => {
    expect(() => planRollout(observe(given, holding(http, spec)))).toThrow(
      `No route of VirtualService gray-demo/helloworld in east, west leads to helloworld: ${where}`,
    );
  });

  test.each<[string, readonly HttpRoute[] | undefined]>([
    ['it has no routes at all', []],
    ['it has no list of routes', undefined],
    [
      'it holds the preview routes of a first install that was cut off',
      [{ name: 'canary-preview-v1', route: [to('v1')] }],
    ],
  ])('gets one where %s', (_what, http) => {
    expect(planRollout(observe(given, holding(http))).routes).toHaveLength(2);
  });

  test('is refused before the weights are asked for', () => {
    const unset = release({ version: 'v1' });
    expect(() => planRollout(observe(unset, holding([{ route: [toOther()] }])))).toThrow(
      'No route of VirtualService',
    );
  });
});
