import { PREVIEW_HEADER, VERSION_HEADER } from '../core/headers.ts';
import type { RoutePart } from '../texts/catalogue/routes.ts';
import { textsIn } from '../texts/texts.ts';
import { PREVIEW_NAME } from '../core/route-target.ts';
import type { RouteChoice } from '../core/route-target.ts';
import type { VersionName } from '../core/weights.ts';
import { backendsTo, kindOfBackend, markOf, versionOfBackend, weightOf } from './backends.ts';
import type { HTTPRoute, HTTPRouteRule } from './objects.ts';

export function rulesOf({ spec }: HTTPRoute): readonly HTTPRouteRule[] {
  return spec.rules ?? [];
}

/**
 * Whether a rule is one of the preview rules that the action puts ahead of the managed ones, of whichever service. API servers with
 * older CRDs drop the names of rules, so one without a name is known by what it matches, and by the mark of its backend.
 */
export function isPreviewRule(rule: HTTPRouteRule): boolean {
  const { name, matches = [], backendRefs = [] } = rule;
  if (name !== undefined) return name.startsWith(PREVIEW_NAME);
  const [backend] = backendRefs;
  const version = backend && markOf(backend, VERSION_HEADER);
  return (
    backendRefs.length === 1 &&
    version !== undefined &&
    matches.length > 0 &&
    matches.every(({ headers = [] }) =>
      headers.some((header) => header.name.toLowerCase() === PREVIEW_HEADER && header.value === version),
    )
  );
}

/** The rules that lead to the service or to one of its versions, without preview rules. */
export function rulesTo(route: HTTPRoute, choice: RouteChoice): readonly HTTPRouteRule[] {
  return rulesOf(route).filter((rule) => !isPreviewRule(rule) && backendsTo(route, rule, choice).length > 0);
}

/** The preview rules of the service; another one in the same HTTPRoute has its own. */
export function previewRulesOf(route: HTTPRoute, choice: RouteChoice): readonly HTTPRouteRule[] {
  return rulesOf(route).filter((rule) => isPreviewRule(rule) && backendsTo(route, rule, choice).length > 0);
}

/** The versions of the service that have a preview rule. */
export function previewedByRules(route: HTTPRoute, choice: RouteChoice): readonly VersionName[] {
  return previewRulesOf(route, choice).flatMap(({ backendRefs = [] }) =>
    backendRefs.slice(0, 1).flatMap((backend) => versionOfBackend(route, backend, choice) ?? []),
  );
}

/** Whether requests reach the service as a whole by a rule, whatever their version. */
export function isOpenRule(route: HTTPRoute, rule: HTTPRouteRule, choice: RouteChoice): boolean {
  return (rule.backendRefs ?? []).some(
    (backend) => weightOf(backend) > 0 && kindOfBackend(route, backend, choice) === 'open',
  );
}

/**
 * What the input `routes` takes for a rule: its name, or its place where it has none: `rules[1]`. Preview rules do not count, so that a
 * place stays what it is when they come and go.
 */
export function ruleKey(route: HTTPRoute, rule: HTTPRouteRule): string {
  if (rule.name !== undefined && rule.name !== '') return rule.name;
  const place = rulesOf(route)
    .filter((one) => !isPreviewRule(one))
    .indexOf(rule);
  return `rules[${String(place)}]`;
}

/** `rule main`, or `the unnamed rules[0]`. */
export function ruleInSentence(route: HTTPRoute, rule: HTTPRouteRule): string {
  return textsIn('en').routes.part(rulePart(route, rule));
}

/** How messages name a rule. */
export function rulePart(route: HTTPRoute, rule: HTTPRouteRule): RoutePart {
  const key = ruleKey(route, rule);
  return { part: 'rule', key, isNamed: key === rule.name };
}
