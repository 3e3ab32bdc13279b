import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CanaryError } from '../../src/core/errors.ts';
import type { RouteChoice, RouteTarget } from '../../src/core/route-target.ts';
import { sameWeights } from '../../src/core/weights.ts';
import { kindOfBackend, markOf, versionOfBackend, weightOf } from '../../src/gateway-api/backends.ts';
import { managedRules } from '../../src/gateway-api/managed-rules.ts';
import type { HTTPRoute, HTTPRouteRule } from '../../src/gateway-api/objects.ts';
import { withPreviewRules, withRuleWeights } from '../../src/gateway-api/rule-edits.ts';
import { managedRuleWeights } from '../../src/gateway-api/rule-weights.ts';
import { isPreviewRule, ruleKey, rulesOf, rulesTo } from '../../src/gateway-api/rules.ts';
import { recordOf, withRecord } from '../../src/release/history.ts';
import { holdsEdit } from '../../src/release/holds-edit.ts';
import { revert } from '../../src/release/three-way-revert.ts';
import { anyHttpRoute } from '../support/http-route-arbitraries.ts';
import { VERSIONS, anyWeights } from '../support/istio-arbitraries.ts';
import { APP, NAMESPACE } from '../support/objects.ts';
import { canonical, expectHolds, readBack } from '../support/properties.ts';

const CHOICE: RouteChoice = {
  service: { app: APP, namespace: NAMESPACE },
  routes: undefined,
  versionServices: new Map(VERSIONS.map((version) => [`${APP}-${version}`, version])),
};

interface Case {
  readonly before: HTTPRoute;
  readonly target: RouteTarget;
}

/** An HTTPRoute and weights that the action can bring to it; where several rules lead to the service, some are chosen. */
const edit: fc.Arbitrary<Case> = fc
  .record({ before: anyHttpRoute, asked: anyWeights, revision: fc.nat(1000), chosen: fc.nat() })
  .map(({ before, asked, revision, chosen }) => {
    const leading = rulesTo(before, CHOICE);
    const names = leading
      .map((rule) => ruleKey(before, rule))
      .filter((_, i) => ((chosen >> i) & 1) === 0 || leading.length === 1);
    const isNamed = leading.length > 1 || chosen % 2 === 1;
    const routes = isNamed && names.length > 0 ? names : undefined;
    return { before, target: { ...CHOICE, routes, weights: asked, revision, port: 5000 } };
  });

function edited({ before, target }: Case): HTTPRoute | undefined {
  try {
    return readBack(withRuleWeights(before, target));
  } catch (error) {
    if (error instanceof CanaryError) return undefined;
    throw error;
  }
}

const holdsForEdits = (check: (one: Case & { readonly after: HTTPRoute }) => void): Promise<void> =>
  expectHolds(
    400,
    fc.property(edit, (one) => {
      const after = edited(one);
      fc.pre(after !== undefined);
      check({ ...one, after });
    }),
  );

/** Everything but the backends of the service in managed rules, and preview rules. */
function unmanagedText(route: HTTPRoute, target: RouteTarget, isNew: boolean): string {
  const managed = isNew ? [] : managedRules(route, target);
  const rules = rulesOf(route)
    .filter((rule) => !isPreviewRule(rule))
    .map((rule) => (managed.includes(rule) ? withoutOurs(route, rule, target) : rule));
  return JSON.stringify({ ...route, spec: { ...route.spec, rules: isNew ? rules.slice(0, -1) : rules } });
}

function withoutOurs(route: HTTPRoute, rule: HTTPRouteRule, target: RouteTarget): HTTPRouteRule {
  const { backendRefs = [], ...rest } = rule;
  return { ...rest, backendRefs: backendRefs.filter((one) => kindOfBackend(route, one, target) === 'other') };
}

describe('an edit of rules', () => {
  test('changes nothing outside of what the release manages, to the byte and in order', () =>
    holdsForEdits(({ before, after, target }) => {
      const isNew = managedRules(before, target).length === 0;
      const untouched = isNew ? JSON.stringify(before) : unmanagedText(before, target, false);
      expect(unmanagedText(after, target, isNew)).toBe(untouched);
    }));

  test('brings exactly the weights asked for, and marks each version', () =>
    holdsForEdits(({ after, target }) => {
      const read = managedRuleWeights(after, target, target.weights).weights ?? new Map<string, number>();
      expect(sameWeights(read, target.weights)).toBe(true);
      for (const { backendRefs = [] } of managedRules(after, target)) {
        for (const one of backendRefs) {
          const kind = kindOfBackend(after, one, target);
          expect(kind).not.toBe('open');
          if (kind === 'other') continue;
          expect(markOf(one, 'x-canary-version')).toBe(versionOfBackend(after, one, target));
          expect(markOf(one, 'x-canary-revision')).toBe(String(target.revision));
          expect(weightOf(one)).toBeLessThanOrEqual(1_000_000);
          const types = (one.filters ?? []).map(({ type }) => type);
          expect(new Set(types).size).toBe(types.length);
        }
      }
    }));

  test('is idempotent', () =>
    holdsForEdits(({ after, target }) => {
      expect(JSON.stringify(withRuleWeights(after, target))).toBe(JSON.stringify(after));
      expect(JSON.stringify(withPreviewRules(after, target))).toBe(JSON.stringify(after));
    }));

  test('puts the preview of each version right ahead of each managed rule, where nothing mirrors it', () =>
    holdsForEdits(({ after, target }) => {
      const rules = rulesOf(after);
      const versions = [...target.weights.keys()];
      const ahead = managedRules(after, target).flatMap((rule) => {
        const place = rules.indexOf(rule);
        return rules.slice(place - versions.length, place);
      });
      expect(rules.filter(isPreviewRule)).toEqual(ahead);
      for (const { matches = [], filters = [], backendRefs = [] } of ahead) {
        const [only] = backendRefs;
        const version = only && versionOfBackend(after, only, target);
        expect(matches.length).toBeGreaterThan(0);
        expect(matches.map(({ headers }) => headers?.at(-1))).toEqual(
          matches.map(() => ({ type: 'Exact', name: 'x-canary-version', value: version })),
        );
        expect(filters.some(({ type }) => type === 'RequestMirror')).toBe(false);
      }
      const names = rules.flatMap(({ name }) => name ?? []);
      expect(new Set(names).size).toBe(names.length);
    }));

  test('stays as it is where the API server drops the names of preview rules', () =>
    holdsForEdits(({ after, target }) => {
      const rules = rulesOf(after).map(({ name, ...rest }) =>
        name === undefined || isPreviewRule({ name }) ? rest : { name, ...rest },
      );
      const dropped = { ...after, spec: { ...after.spec, rules } };
      expect(canonical(withRuleWeights(dropped, target))).toBe(canonical(dropped));
    }));

  test('can be written, read back and undone: then all bytes are as before', () =>
    holdsForEdits(({ before, target }) => {
      const { revision, weights } = target;
      const record = { app: APP, revision, weights, history: [weights] };
      const after = readBack(withRecord(withRuleWeights(before, target), record));
      expect(recordOf(after, APP)).toEqual(record);
      expect(holdsEdit(after, { before, after })).toBe(true);
      expect(canonical(revert(after, { before, after }))).toBe(canonical(before));
      // Someone has added a rule since, and a timeout to each: both stay.
      const theirs = {
        matches: [{ path: { type: 'Exact', value: '/theirs' } }],
        backendRefs: [{ name: 'theirs' }],
      };
      const live = { ...after, spec: { ...after.spec, rules: [theirs, ...rulesOf(after)] } };
      expect(rulesOf(revert(live, { before, after }))).toContainEqual(theirs);
    }));
});
