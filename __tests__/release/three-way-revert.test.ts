import { describe, expect, test } from '@jest/globals';
import type { HTTPRoute } from '../../src/gateway-api/objects.ts';
import { withRuleWeights } from '../../src/gateway-api/rule-edits.ts';
import type { HttpRoute, KubeObject, VirtualService } from '../../src/kubernetes/objects.ts';
import { recordOf, withRecord } from '../../src/release/history.ts';
import { holdsEdit } from '../../src/release/holds-edit.ts';
import { revert } from '../../src/release/three-way-revert.ts';
import { withWeights } from '../../src/istio/route-edits.ts';
import { APP, NAMESPACE, destinationRule, to, toOther, virtualService } from '../support/objects.ts';
import { attachedRoute } from '../support/gateways.ts';
import { weights } from '../support/release.ts';

const service = { app: APP, namespace: NAMESPACE };
const other: HttpRoute = { name: 'other', match: [{ uri: { prefix: '/other' } }], route: [toOther(100)] };

/** What a step makes of a VirtualService: weights, marks, preview routes and the record. */
function stepped(
  before: VirtualService,
  revision: number,
  given: Readonly<Record<string, number>>,
): VirtualService {
  const asked = weights(given);
  const target = { service, routes: undefined, weights: asked, revision, port: 5000 };
  return withRecord(withWeights(before, target), { app: APP, revision, weights: asked, history: [] });
}

type Edit = (vs: VirtualService) => VirtualService;
const spec =
  (fields: Readonly<Record<string, unknown>>): Edit =>
  (vs) => ({ ...vs, spec: { ...vs.spec, ...fields } });
const http =
  (edit: (routes: readonly HttpRoute[]) => readonly HttpRoute[]): Edit =>
  (vs) => ({ ...vs, spec: { ...vs.spec, http: edit(vs.spec.http ?? []) } });
const managed = (route: HttpRoute): boolean => (route.route?.length ?? 0) > 1 && route.name !== 'other';
const note =
  (key: string, value: string): Edit =>
  (vs) => ({
    ...vs,
    metadata: { ...vs.metadata, annotations: { ...vs.metadata.annotations, [key]: value } },
  });

const FORMS: readonly (readonly [string, VirtualService])[] = [
  ['without marks', virtualService([{ route: [to('v1', 90), to('v2', 10)] }])],
  ['to all versions at once', virtualService([{ name: 'main', route: [to(undefined)] }, other])],
  ['that a step wrote', stepped(virtualService([other, { route: [to('v1', 100)] }]), 1, { v1: 100, v2: 0 })],
  [
    'with TCP beside HTTP',
    virtualService([{ route: [to('v1', 100)] }], {}, { tcp: [{ route: [to('v1')] }] }),
  ],
];

describe.each(FORMS)('a step of a VirtualService %s is reverted', (_form, before) => {
  const after = stepped(before, 2, { v1: 80, v2: 20 });

  test('to exactly its earlier content where nobody else wrote', () => {
    expect(revert(after, { before, after })).toEqual(before);
  });

  test.each<[string, Edit]>([
    ['a host', spec({ hosts: ['*', 'new.example.com'] })],
    ['a route at the end', http((routes) => [...routes, { ...other, name: 'theirs' }])],
    ['a route ahead of all', http((routes) => [{ ...other, name: 'theirs' }, ...routes])],
    [
      'a timeout of the managed route',
      http((routes) => routes.map((one) => (managed(one) ? { ...one, timeout: '7s' } : one))),
    ],
    ['an annotation', note('example.com/owner', 'team-b')],
    [
      'the record of another app',
      (vs) => withRecord(vs, { app: 'other', revision: 4, weights: undefined, history: [] }),
    ],
  ])('and %s that someone added since stays', (_what, edit) => {
    const live = edit(after);
    expect(holdsEdit(live, { before, after })).toBe(true);
    expect(revert(live, { before, after })).toEqual(expectedOf(edit));
  });

  /** The same edit of the earlier content, the managed route of which may have one destination. */
  function expectedOf(edit: Edit): VirtualService {
    const marked = edit(after);
    const timed = (marked.spec.http ?? []).some(({ timeout }) => timeout === '7s');
    if (!timed) return edit(before);
    const routes = before.spec.http ?? [];
    const index = routes.findIndex(({ name, match }) => name !== 'other' && match === undefined);
    return http(() => routes.map((one, i) => (i === index ? { ...one, timeout: '7s' } : one)))(before);
  }
});

describe('a route that someone has named since', () => {
  test('returns to its earlier weights, in a VirtualService', () => {
    const before = virtualService([other, { route: [to('v1', 90), to('v2', 10)] }]);
    const after = stepped(before, 2, { v1: 80, v2: 20 });
    const name = http((routes) =>
      routes.map((one) => (one.name === undefined ? { ...one, name: 'main' } : one)),
    );
    expect(holdsEdit(name(after), { before, after })).toBe(true);
    expect(revert(name(after), { before, after })).toEqual(name(before));
  });

  test('returns to its earlier weights, in an HTTPRoute', () => {
    const choice = { service, routes: undefined };
    const backends = ['v1', 'v2'].map((version, i) => ({
      name: `${APP}-${version}`,
      port: 5000,
      weight: i === 0 ? 90 : 10,
    }));
    const theirs = { name: 'theirs', backendRefs: [{ name: 'other', port: 80 }] };
    const route = attachedRoute([]);
    const before = { ...route, spec: { ...route.spec, rules: [theirs, { backendRefs: backends }] } };
    const versionServices = new Map(['v1', 'v2'].map((version) => [`${APP}-${version}`, version]));
    const target = { ...choice, versionServices, weights: weights({ v1: 80, v2: 20 }), revision: 2 };
    const after = withRuleWeights(before, { ...target, port: 5000 });
    const name = (one: HTTPRoute): HTTPRoute => ({
      ...one,
      spec: {
        ...one.spec,
        rules: (one.spec.rules ?? []).map((rule) => ({ name: 'main', ...rule })),
      },
    });
    expect(holdsEdit(name(after), { before, after })).toBe(true);
    expect(revert(name(after), { before, after })).toEqual(name(before));
  });
});

describe('a change counts as held', () => {
  const shared = {
    ...other,
    route: [toOther(60), { destination: { host: 'other', subset: 'v9' }, weight: 40 }],
  };
  const before = virtualService([{ name: 'main', route: [to('v1', 100)] }, shared]);
  const after = stepped(before, 1, { v1: 80, v2: 20 });

  test.each<[string, Edit, boolean]>([
    ['as it was written', (vs) => vs, true],
    [
      "although a route that is not the release's has other weights",
      http((routes) => routes.map((one) => (one.name === 'other' ? { ...one, route: [toOther(100)] } : one))),
      true,
    ],
    [
      'not where the managed route has other weights',
      http((routes) =>
        routes.map((one) => (one.name === 'main' ? { ...one, route: [to('v1', 50), to('v2', 50)] } : one)),
      ),
      false,
    ],
    [
      'not where the managed route is gone',
      http((routes) => routes.filter(({ name }) => name !== 'main')),
      false,
    ],
    [
      'not where the record is another',
      (vs) => withRecord(vs, { app: APP, revision: 7, weights: undefined, history: [] }),
      false,
    ],
  ])('%s', (_what, edit, held) => {
    expect(holdsEdit(edit(after), { before, after })).toBe(held);
  });
});

describe('a retirement is reverted', () => {
  const before = stepped(virtualService([{ route: [to('v1', 0), to('v2', 100)] }]), 1, { v1: 0, v2: 100 });
  const asked = weights({ v2: 100 });
  const after = withWeights(before, {
    service,
    routes: undefined,
    weights: asked,
    revision: 2,
    port: 5000,
    retired: 'v1',
  });

  test('with its destination and its preview route at their places', () => {
    expect(revert(after, { before, after })).toEqual(before);
  });

  test('in the DestinationRule, and a subset that someone added since stays', () => {
    const rule = destinationRule(['v1', 'v2']);
    const without = destinationRule(['v2']);
    const live = destinationRule(['v2', 'v3'], {}, { trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } });
    expect(holdsEdit(live, { before: rule, after: without })).toBe(true);
    const reverted: KubeObject = revert(live, { before: rule, after: without });
    expect(reverted['spec']).toEqual({
      ...live.spec,
      subsets: ['v1', 'v2', 'v3'].map((name) => ({ name, labels: { version: name } })),
    });
  });
});

test("the record of the app returns to its earlier content, beside another app's later one", () => {
  const first = stepped(virtualService([{ route: [to('v1', 100)] }]), 1, { v1: 100 });
  const next = stepped(first, 2, { v1: 80, v2: 20 });
  const theirs = { app: 'other', revision: 4, weights: undefined, history: [] };
  const reverted = revert(withRecord(next, theirs), { before: first, after: next });
  expect([recordOf(reverted, APP)?.revision, recordOf(reverted, 'other')]).toEqual([1, theirs]);
});

describe('apps that share a VirtualService', () => {
  const shared = virtualService([
    { name: 'canary-preview-v1', match: [{}], route: [toOther(), toOther()] },
    { name: 'theirs', route: [toOther(100)] },
    { name: 'ours', route: [to('v1', 100)] },
  ]);
  const after = stepped(shared, 2, { v1: 80, v2: 20 });
  const live = http((routes) => [...routes, { ...other, name: 'new' }])(after);

  test('have preview routes of the same names, which are told apart', () => {
    expect(holdsEdit(live, { before: shared, after })).toBe(true);
    expect(revert(live, { before: shared, after })).toEqual(
      http((routes) => [...routes, { ...other, name: 'new' }])(shared),
    );
  });
});

describe('a revert to exactly the earlier content', () => {
  test('takes out a list of routes that the change has made', () => {
    const before = virtualService(undefined, {}, { tls: [{ match: [], route: [to(undefined)] }] });
    const after = stepped(before, 1, { v1: 100 });
    expect(revert(after, { before, after })).toEqual(before);
  });

  test('brings a preview route back to where somebody had put it', () => {
    const [preview, main] =
      stepped(virtualService([{ route: [to('v1', 100)] }]), 1, { v1: 100 }).spec.http ?? [];
    const before = virtualService([preview ?? {}, other, main ?? {}]);
    const after = stepped(before, 2, { v1: 100 });
    expect(after.spec.http?.[0]).toEqual(other);
    expect(revert(after, { before, after })).toEqual(before);
  });

  test('tells two routes that differ in nothing apart by their places', () => {
    const before = virtualService([{ route: [to(undefined)] }, { route: [to(undefined)] }]);
    const target = {
      service,
      routes: ['http[0]', 'http[1]'],
      weights: weights({ v1: 100 }),
      revision: 1,
      port: 5000,
    };
    const after = withWeights(before, target);
    expect(holdsEdit(after, { before, after })).toBe(true);
    expect(revert(after, { before, after })).toEqual(before);
  });
});
