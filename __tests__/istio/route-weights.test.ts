import { describe, expect, test } from '@jest/globals';
import type { HttpRoute } from '../../src/kubernetes/objects.ts';
import { withWeights } from '../../src/istio/route-edits.ts';
import { describeSubsetSplit, managedWeights } from '../../src/istio/route-weights.ts';
import { APP, NAMESPACE, to, toOther, virtualService } from '../support/objects.ts';
import { weights } from '../support/release.ts';

const split: HttpRoute = { route: [to('v1', 80), to('v2', 20)] };

describe('what a VirtualService splits is told', () => {
  test.each<[string, readonly HttpRoute[], string]>([
    ['by weights', [split], 'v1=80,v2=20'],
    ['of a version that stands alone', [{ route: [to('v1')] }], 'v1=100'],
    ['once where routes agree', [split, split], 'v1=80,v2=20'],
    ['of each route where they do not', [split, { route: [to('v1')] }], 'v1=80,v2=20 and v1=100'],
    ['without previews', [{ name: 'canary-preview-v2', route: [to('v2')] }, split], 'v1=80,v2=20'],
    ['as none where there is none', [{ route: [to(undefined)] }], 'no weights'],
  ])('%s', (_what, http, text) => {
    expect(describeSubsetSplit(virtualService(http))).toBe(text);
  });
});

describe('the weights last written are read back', () => {
  const service = { app: APP, namespace: NAMESPACE };
  const written = (http: readonly HttpRoute[], asked: ReadonlyMap<string, number>): unknown => {
    const routes = http.map((_, i) => `http[${String(i)}]`);
    const target = { service, routes, weights: asked, revision: 1, port: 5000 };
    return managedWeights(withWeights(virtualService(http), target), service, routes, asked).weights;
  };

  test('from routes of which one rounds them beside another host', () => {
    const asked = weights({ v1: 25, v2: 75 });
    const beside = { route: [to('v1', 2), toOther(50)] };
    expect(written([{ route: [to('v1', 100)] }, beside], asked)).toEqual(asked);
  });

  test('from a route with a subset that is none of theirs and gets nothing', () => {
    const asked = weights({ v2: 9, v3: 91 });
    expect(written([{ route: [to('v1', 6), toOther(1)] }], asked)).toEqual(asked);
  });
});
