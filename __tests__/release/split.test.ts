import { describe, expect, test } from '@jest/globals';
import type { HttpRoute } from '../../src/release/objects.ts';
import { describeSplit, sameSplit } from '../../src/release/split.ts';
import { to, toOther, virtualService } from '../support/objects.ts';

const split: HttpRoute = { route: [to('v1', 80), to('v2', 20)] };
const vs = virtualService([split]);

describe('two VirtualServices split traffic', () => {
  test.each<[string, readonly HttpRoute[], boolean]>([
    ['in the same way', [split], true],
    ['in the same way, whatever else a route does', [{ ...split, timeout: '3s' }], true],
    ['in the same way, whatever stands beside', [{ match: [{}], route: [toOther()] }, split], true],
    ['in another way by weight', [{ route: [to('v1', 70), to('v2', 30)] }], false],
    ['in another way by subset', [{ route: [to('v1', 80), to('v3', 20)] }], false],
    ['in another way by a route more', [split, split], false],
  ])('%s', (_what, http, same) => {
    expect(sameSplit(virtualService(http), vs)).toBe(same);
  });
});

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
