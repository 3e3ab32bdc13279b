import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CanaryError } from '../../src/core/errors.ts';
import { withSubsets, withoutSubset } from '../../src/istio/destination-rule-edits.ts';
import { withWeights } from '../../src/istio/route-edits.ts';
import { routeKey, routesTo } from '../../src/istio/routes.ts';
import type { HttpRoute, KubeObject, VirtualService } from '../../src/kubernetes/objects.ts';
import { withRecord } from '../../src/release/history.ts';
import { holdsEdit } from '../../src/release/holds-edit.ts';
import { revert } from '../../src/release/three-way-revert.ts';
import {
  anyWeights,
  foreignRoute,
  legalDestinationRule,
  legalVirtualService,
} from '../support/istio-arbitraries.ts';
import { APP, NAMESPACE } from '../support/objects.ts';
import { canonical, expectHolds, readBack } from '../support/properties.ts';

/** Another person's edit, which means the same before our change and after it. */
type Edit = <T extends KubeObject>(object: T) => T;

const onMeta =
  (fields: Readonly<Record<string, unknown>>): Edit =>
  (object) => ({ ...object, metadata: { ...object.metadata, ...fields } });
const onSpec =
  (change: (spec: Readonly<Record<string, unknown>>) => object): Edit =>
  (object) => ({ ...object, spec: change(object['spec'] as Readonly<Record<string, unknown>>) });
const onHttp = (change: (http: readonly HttpRoute[]) => readonly HttpRoute[]): Edit =>
  onSpec((spec) => ({ ...spec, http: change((spec['http'] ?? []) as readonly HttpRoute[]) }));

const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.oneof(
    fc.constantFrom('a', 'b').map(
      (value): Edit =>
        (object) =>
          onMeta({ annotations: { ...object.metadata.annotations, [`example.com/${value}`]: value } })(
            object,
          ),
    ),
    fc.constantFrom('a', 'b').map((team) => onMeta({ labels: { team } })),
    fc
      .constantFrom(['new.example.com'], ['*.example.com'])
      .map((hosts) => onSpec((spec) => ({ ...spec, hosts }))),
    fc.tuple(foreignRoute, fc.boolean(), fc.nat()).map(([route, isFirst, id]) => {
      const added = { ...route, name: `added-${String(id)}` };
      return onHttp((http) => (isFirst ? [added, ...http] : [...http, added]));
    }),
    fc
      .constantFrom('7s', '9s')
      .map((timeout) =>
        onHttp((http) => http.map((route) => (route.name === 'main' ? { ...route, timeout } : route))),
      ),
    fc.constant(onHttp((http) => http.filter(({ name }) => name !== 'theirs'))),
  ),
  { minLength: 1, maxLength: 3 },
);

const apply = <T extends KubeObject>(object: T, list: readonly Edit[]): T =>
  readBack(list.reduce((one, edit) => edit(one), object));

/** A VirtualService with a route `main` that the release manages, and one of somebody else that may go. */
const managed = fc.tuple(legalVirtualService, foreignRoute, fc.nat(3)).map(([vs, theirs, place]) => {
  const main = { name: 'main', route: [{ destination: { host: APP, subset: 'v1' }, weight: 100 }] };
  const others = (vs.spec.http ?? []).filter(
    (route) =>
      routesTo({ ...vs, spec: { http: [route] } }, { app: APP, namespace: NAMESPACE }).length === 0 &&
      route.name !== 'main' &&
      route.name?.startsWith('canary') !== true,
  );
  const { http: _http, tcp: _tcp, tls: _tls, ...spec } = vs.spec;
  return {
    ...vs,
    spec: {
      ...spec,
      http: [...others.slice(0, place), { ...theirs, name: 'theirs' }, main, ...others.slice(place)],
    },
  };
});

function stepped(
  before: VirtualService,
  weights: ReadonlyMap<string, number>,
  revision: number,
): VirtualService {
  const service = { app: APP, namespace: NAMESPACE };
  const routes = routesTo(before, service).map((route) => routeKey(before, route));
  const target = { service, routes, weights, revision, port: undefined };
  return readBack(withRecord(withWeights(before, target), { app: APP, revision, weights, history: [] }));
}

describe('undoing our change under the edits of others', () => {
  test('leaves a VirtualService as if we had never been there', () =>
    expectHolds(
      500,
      fc.property(managed, anyWeights, edits, fc.boolean(), (first, weights, theirs, isSecond) => {
        const before = isSecond ? stepped(first, new Map([['v1', 100]]), 1) : first;
        const after = stepped(before, weights, 2);
        const live = apply(after, theirs);
        expect(holdsEdit(live, { before, after })).toBe(true);
        expect(canonical(revert(live, { before, after }))).toBe(canonical(apply(before, theirs)));
      }),
    ));

  test('leaves a DestinationRule as if we had never been there', () =>
    expectHolds(
      300,
      fc.property(legalDestinationRule, edits, (before, theirs) => {
        const names = new Set((before.spec.subsets ?? []).map(({ name }) => name));
        const versions = new Map(
          ['v1', 'v2'].filter((name) => !names.has(name)).map((name) => [name, { version: name }]),
        );
        const added = withSubsets(before, versions);
        const plain = theirs.filter((edit) => apply(before, [edit]).spec['http'] === undefined);
        const live = apply(added, plain);
        expect(holdsEdit(live, { before, after: added })).toBe(true);
        expect(canonical(revert(live, { before, after: added }))).toBe(canonical(apply(before, plain)));
      }),
    ));
});

describe('subsets', () => {
  test('are added at the end, and nothing else changes', () =>
    expectHolds(
      300,
      fc.property(legalDestinationRule, fc.constantFrom('new-1', 'new-2'), (rule, name) => {
        const after = withSubsets(rule, new Map([[name, { version: name }]]));
        const { subsets = [], ...rest } = after.spec;
        const { subsets: earlier = [], ...restBefore } = rule.spec;
        expect(JSON.stringify([rest, subsets.slice(0, -1)])).toBe(JSON.stringify([restBefore, earlier]));
        expect(subsets.at(-1)).toMatchObject({ name, labels: { version: name } });
        expect(canonical(withoutSubset(after, name).spec.subsets)).toBe(canonical(earlier));
      }),
    ));
});

test('a refusal of an edit is an error for people', () =>
  expectHolds(
    500,
    fc.property(legalVirtualService, anyWeights, (vs, weights) => {
      const target = {
        service: { app: APP, namespace: NAMESPACE },
        routes: undefined,
        weights,
        revision: 1,
        port: 1,
      };
      const attempt = (): unknown => {
        try {
          return withWeights(vs, target);
        } catch (error) {
          return error;
        }
      };
      const outcome = attempt();
      expect(!(outcome instanceof Error) || outcome instanceof CanaryError).toBe(true);
    }),
  ));
