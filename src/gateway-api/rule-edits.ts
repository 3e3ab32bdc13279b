import { CanaryError } from '../core/errors.ts';
import { PREVIEW_HEADER } from '../core/headers.ts';
import { PREVIEW_NAME } from '../core/route-target.ts';
import type { RouteTarget } from '../core/route-target.ts';
import { apportion, formatWeights, unserved } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import { nameOf } from '../kubernetes/objects.ts';
import {
  asService,
  backendsTo,
  kindOfBackend,
  markedFilters,
  sumOfBackends,
  versionOfBackend,
  versionServiceName,
} from './backends.ts';
import { managedRules } from './managed-rules.ts';
import type { HTTPBackendRef, HTTPRoute, HTTPRouteMatch, HTTPRouteRule } from './objects.ts';
import { previewRulesOf, ruleInSentence, rulesOf } from './rules.ts';

/**
 * An HTTPRoute with preview rules for every version of the target, each right ahead of the managed rule it previews; nothing else
 * changes. The input is not modified.
 */
export function withPreviewRules(route: HTTPRoute, target: RouteTarget): HTTPRoute {
  const managed = managedRules(route, target);
  const held = previewRulesOf(route, target);
  // Where the API server has dropped the names of those that are there, it would drop them again.
  const areNamed = held.length === 0 || held.some(({ name }) => name !== undefined);
  const others = rulesOf(route).filter((rule) => !held.includes(rule));
  const previews = (rule: HTTPRouteRule, suffix: string): readonly HTTPRouteRule[] =>
    previewsOfRule(route, rule, target, areNamed ? suffix : undefined);
  const rules =
    managed.length === 0
      ? [...others, ...previews(newRule(target), '')]
      : others.flatMap((rule) => {
          const index = managed.indexOf(rule);
          return index < 0 ? [rule] : [...previews(rule, index === 0 ? '' : `.${String(index + 1)}`), rule];
        });
  if (rules.length > Math.max(MAX_RULES, rulesOf(route).length)) {
    throw new CanaryError(
      `${nameOf(route)} would have ${String(rules.length)} rules, with a preview rule for each version ahead of each rule that is split; the Gateway API allows ${String(MAX_RULES)}. Move rules that lead elsewhere to an HTTPRoute of their own, or retire a version.`,
    );
  }
  return { ...route, spec: { ...route.spec, rules } };
}

/** As many rules as an HTTPRoute may have. */
const MAX_RULES = 16;

/**
 * An HTTPRoute whose managed rules hold the weights of the target, with preview rules ahead of them. Only the backends of the service
 * change: others keep their share, and the versions split the rest. A rule is made where none leads to the service yet. The input is
 * not modified.
 *
 * @throws CanaryError where other backends take all of a managed rule, or so much that what is left cannot express the weights
 */
export function withRuleWeights(route: HTTPRoute, target: RouteTarget): HTTPRoute {
  const managed = managedRules(route, target);
  const weighed = rulesOf(route).map((rule) =>
    managed.includes(rule) ? weighRule(route, rule, target) : rule,
  );
  const rules = managed.length === 0 ? [...rulesOf(route), newRule(target)] : weighed;
  const changed = { ...route, spec: { ...route.spec, rules } };
  return withPreviewRules(changed, target);
}

/** What a rule without matches means; API servers write it out. */
const EVERY_PATH: readonly HTTPRouteMatch[] = [{ path: { type: 'PathPrefix', value: '/' } }];

function newRule(target: RouteTarget): HTTPRouteRule {
  const { service, port, weights } = target;
  const pattern = {
    group: '',
    kind: 'Service',
    name: service.app,
    ...(port === undefined ? {} : { port }),
  };
  return {
    matches: EVERY_PATH,
    backendRefs: [...weights].map(([version, weight]) => markedBackend(pattern, version, weight, target)),
  };
}

function weighRule(route: HTTPRoute, rule: HTTPRouteRule, target: RouteTarget): HTTPRouteRule {
  const ours = backendsTo(route, rule, target);
  const [pattern] = ours;
  if (pattern === undefined) return rule;
  const all = rule.backendRefs ?? [];
  const elsewhere = all.filter((backend) => !ours.includes(backend));
  const shares = pointsByVersion(route, rule, pointsFor(route, ours, elsewhere), target.weights);
  const placed = new Set<VersionName>();
  const kept = all.flatMap((backend) => {
    if (!ours.includes(backend)) return [backend];
    const version = versionOfBackend(route, backend, target);
    // A backend that reaches every version cannot be there beside weights.
    if (version === undefined || version === target.retired || placed.has(version)) return [];
    placed.add(version);
    return [markedBackend(backend, version, shares.get(version) ?? 0, target, backend.name)];
  });
  const template = templateOf(route, ours, pattern, target);
  const added = [...shares].filter(([version]) => !placed.has(version));
  return {
    ...rule,
    backendRefs: [
      ...kept,
      ...added.map(([version, weight]) => markedBackend(template, version, weight, target)),
    ],
  };
}

/** The points that the versions split: beside other backends those that they have, so that theirs keep their share. */
function pointsFor(
  route: HTTPRoute,
  ours: readonly HTTPBackendRef[],
  elsewhere: readonly HTTPBackendRef[],
): number {
  if (sumOfBackends(elsewhere) === 0) return 100;
  const points = sumOfBackends(ours);
  if (points > 0) return points;
  const names = elsewhere.map(({ name }) => name).join(', ');
  throw new CanaryError(
    `A managed rule of ${nameOf(route)} gives everything to ${names}: there is nothing for the versions to split. Give their backends a weight above 0, or remove the others.`,
  );
}

/** The greatest weight that the Gateway API takes. */
const MAX_WEIGHT = 1_000_000;

/** What each version gets of the points; each that has a weight gets some, or its users would silently be others'. */
function pointsByVersion(route: HTTPRoute, rule: HTTPRouteRule, points: number, weights: Weights): Weights {
  const shares = apportion(points, weights);
  if ([...shares.values()].some((share) => share > MAX_WEIGHT)) {
    throw new CanaryError(
      `The service has ${String(points)} of the weights of ${ruleInSentence(route, rule)} in ${nameOf(route)}, next to other backends, and one backend takes at most ${String(MAX_WEIGHT)}. First divide every weight of the rule by the same number, which keeps all shares.`,
    );
  }
  const lost = unserved(shares, weights);
  if (lost.length === 0) return shares;
  const factor = 100 / commonDivisor(points, 100);
  throw new CanaryError(
    `Of the weights of ${ruleInSentence(route, rule)} in ${nameOf(route)}, ${String(points)} are for the service next to other backends: that is too coarse for ${formatWeights(weights)}, of which ${lost.join(', ')} would get nothing. It can split the service only in steps of ${String(Number((100 / points).toFixed(1)))}%. First multiply every weight of the rule by ${String(factor)}, which keeps all shares (a backend without a weight counts 1), or set coarser weights.`,
  );
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** What a backend made anew starts from: all of the one that leads to every version, whose place it takes, else where `pattern` leads. */
function templateOf(
  route: HTTPRoute,
  ours: readonly HTTPBackendRef[],
  pattern: HTTPBackendRef,
  target: RouteTarget,
): HTTPBackendRef {
  const open = ours.find((backend) => kindOfBackend(route, backend, target) === 'open');
  if (open !== undefined) return open;
  const { filters: _filters, weight: _weight, ...reference } = pattern;
  return reference;
}

/** A backend that stands for a version, with the response headers for version and revision; its other fields stay. */
function markedBackend(
  backend: HTTPBackendRef,
  version: VersionName,
  weight: number,
  target: RouteTarget,
  name?: string,
): HTTPBackendRef {
  const reference =
    name === undefined ? asService(backend, serviceFor(version, target)) : { ...backend, name };
  return { ...reference, weight, filters: markedFilters(backend.filters, version, target.revision) };
}

/** The Service of a version: the one that leads to it already, or the one that the action makes. */
function serviceFor(version: VersionName, { service, versionServices }: RouteTarget): string {
  const known = [...(versionServices ?? [])].filter(([, one]) => one === version).map(([name]) => name);
  return known[0] ?? versionServiceName(service.app, version);
}

/**
 * The preview rules of a managed rule: all that it does to a request, but one version alone, asked for by header.
 *
 * @param suffix that tells the previews of further managed rules apart; undefined: they get no names
 */
function previewsOfRule(
  route: HTTPRoute,
  rule: HTTPRouteRule,
  target: RouteTarget,
  suffix: string | undefined,
): readonly HTTPRouteRule[] {
  const ours = backendsTo(route, rule, target);
  const [pattern] = ours;
  if (pattern === undefined) return [];
  const { name: _name, matches, filters, backendRefs: _backends, ...rest } = rule;
  // A mirrored preview would send people's tries to production twice.
  const kept = filters?.filter(({ type }) => type !== 'RequestMirror');
  return [...target.weights.keys()].map((version) => {
    const own = ours.find((backend) => versionOfBackend(route, backend, target) === version);
    const backend = own ?? templateOf(route, ours, pattern, target);
    const header = { type: 'Exact', name: PREVIEW_HEADER, value: version };
    const conditions: readonly HTTPRouteMatch[] =
      matches === undefined || matches.length === 0 ? EVERY_PATH : matches;
    return {
      ...(suffix === undefined ? {} : { name: `${PREVIEW_NAME}${target.service.app}-${version}${suffix}` }),
      matches: conditions.map((match) => ({ ...match, headers: [...(match.headers ?? []), header] })),
      ...(kept === undefined || kept.length === 0 ? {} : { filters: kept }),
      ...rest,
      backendRefs: [markedBackend(backend, version, 1, target, own?.name)],
    };
  });
}
