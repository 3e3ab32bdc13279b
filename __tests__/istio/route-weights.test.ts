import { describe, expect, test } from '@jest/globals';
import type { HttpRoute } from '../../src/kubernetes/objects.ts';
import { describeSplit } from '../../src/istio/route-weights.ts';
import { to, virtualService } from '../support/objects.ts';

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
    expect(describeSplit(virtualService(http))).toBe(text);
  });
});
