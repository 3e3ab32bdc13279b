import { commonWeights } from '../core/common-weights.ts';
import type { CommonWeights, WeighedRoute } from '../core/common-weights.ts';
import type { RoutePart } from '../texts/catalogue/routes.ts';
import type { RouteChoice } from '../core/route-target.ts';
import { apportion, formatWeights, unserved } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import { backendsTo, sumOfBackends, versionOfBackend, weightOf } from './backends.ts';
import { isMarked, managedRules } from './managed-rules.ts';
import type { HTTPBackendRef, HTTPRoute, HTTPRouteRule } from './objects.ts';
import { isPreviewRule, rulePart, rulesOf, rulesTo } from './rules.ts';

/**
 * The weights that the managed rules of an HTTPRoute give to the versions of the service, in whole percent of what the service gets.
 *
 * @param recorded see `commonWeights`
 * @throws CanaryError where the choice of rules is not clear
 */
export function managedRuleWeights(route: HTTPRoute, choice: RouteChoice, recorded?: Weights): CommonWeights {
  const rules = managedRules(route, choice).map((rule): WeighedRoute => ({
    weights: weightsOfRule(route, rule, choice),
    isNew: !namesVersions(route, rule, choice) && !isMarked(route, rule, choice),
    holdsExactly: (weights) => holdsExactly(route, rule, choice, weights),
  }));
  return commonWeights(rules, recorded);
}

function namesVersions(route: HTTPRoute, rule: HTTPRouteRule, choice: RouteChoice): boolean {
  return (rule.backendRefs ?? []).some((backend) => versionOfBackend(route, backend, choice) !== undefined);
}

/** The versions that the managed rules name, in their order. */
export function managedRuleVersions(route: HTTPRoute, choice: RouteChoice): readonly VersionName[] {
  const named = managedRules(route, choice).flatMap(({ backendRefs = [] }) =>
    backendRefs.flatMap((backend) => versionOfBackend(route, backend, choice) ?? []),
  );
  return [...new Set(named)];
}

/** What each rule to the service holds, without preview rules; for reports where it is not clear which are managed. */
export function weightsByRule(
  route: HTTPRoute,
  choice: RouteChoice,
): readonly { readonly route: RoutePart; readonly weights: Weights | undefined }[] {
  return rulesTo(route, choice).map((rule) => ({
    route: rulePart(route, rule),
    weights: weightsOfRule(route, rule, choice),
  }));
}

/** What one rule gives to the versions of the service, in whole percent; undefined where it does not tell versions apart. */
function weightsOfRule(route: HTTPRoute, rule: HTTPRouteRule, choice: RouteChoice): Weights | undefined {
  const points = new Map<VersionName, number>();
  for (const backend of versionBackends(route, rule, choice)) {
    const version = versionOfBackend(route, backend, choice);
    if (version === undefined) return undefined;
    points.set(version, (points.get(version) ?? 0) + weightOf(backend));
  }
  return points.size === 0 ? undefined : apportion(100, points);
}

/** The backends of the service; one that leads to it as a whole and gets nothing says nothing about any version. */
function versionBackends(
  route: HTTPRoute,
  rule: HTTPRouteRule,
  choice: RouteChoice,
): readonly HTTPBackendRef[] {
  return backendsTo(route, rule, choice).filter(
    (backend) => versionOfBackend(route, backend, choice) !== undefined || weightOf(backend) > 0,
  );
}

/** Whether a rule holds exactly what these weights come to there, beside other backends. */
function holdsExactly(route: HTTPRoute, rule: HTTPRouteRule, choice: RouteChoice, weights: Weights): boolean {
  const ours = versionBackends(route, rule, choice);
  const versions = ours.map((backend) => versionOfBackend(route, backend, choice));
  const points = sumOfBackends(ours);
  const wanted = apportion(points, weights);
  return (
    points > 0 &&
    unserved(wanted, weights).length === 0 &&
    ours.length === new Set(versions).size &&
    ours.every((backend, i) => weightOf(backend) === (wanted.get(versions[i] ?? '') ?? 0)) &&
    [...wanted].every(([version, share]) => share === 0 || versions.includes(version))
  );
}

/** `shop-v1=80,shop-v2=20` of each rule that splits users' traffic between backends, each split once. */
export function describeRuleSplit(route: HTTPRoute): string {
  const texts = rulesOf(route)
    .filter((rule) => !isPreviewRule(rule) && (rule.backendRefs ?? []).length > 0)
    .map(({ backendRefs = [] }) =>
      formatWeights(new Map(backendRefs.map((backend) => [backend.name, weightOf(backend)]))),
    );
  return [...new Set(texts)].join(' and ') || 'no weights';
}
