import { CanaryError, OpenChoiceError } from '../core/errors.ts';
import { REVISION_HEADER } from '../core/headers.ts';
import type { RouteChoice } from '../core/route-target.ts';
import { nameOf } from '../kubernetes/objects.ts';
import { backendsTo, markOf } from './backends.ts';
import type { HTTPRoute, HTTPRouteRule } from './objects.ts';
import { ruleKey, rulesTo } from './rules.ts';

/**
 * The rules that the action manages in an HTTPRoute: those named, or the only one that leads to the service. Empty where none leads
 * there and none is named.
 *
 * @throws CanaryError for a name that no rule has, or a choice that is not clear
 */
export function managedRules(route: HTTPRoute, choice: RouteChoice): readonly HTTPRouteRule[] {
  const { service, routes: names } = choice;
  const candidates = rulesTo(route, choice);
  const keys = candidates.map((rule) => ruleKey(route, rule));
  if (names === undefined) {
    if (candidates.length <= 1) return candidates;
    throw new OpenChoiceError(
      `${nameOf(route)} has ${String(candidates.length)} rules that lead to ${service.app}: ${keys.join(', ')}. Set the input routes to those to split, for example routes: ${keys.at(-1) ?? ''}.`,
    );
  }
  const managed = names.map((name) => {
    const found = candidates.find((rule) => ruleKey(route, rule) === name);
    if (found !== undefined) return found;
    throw new CanaryError(
      `Input routes names "${name}", but ${nameOf(route)} has no rule with that name or position that leads to ${service.app} (rules that do: ${keys.join(', ') || 'none'}).`,
    );
  });
  assertSameRules(route, choice, candidates, managed);
  return [...new Set(managed)];
}

/** A place says which rule is meant only as long as nobody puts another rule ahead of it. */
function assertSameRules(
  route: HTTPRoute,
  choice: RouteChoice,
  candidates: readonly HTTPRouteRule[],
  managed: readonly HTTPRouteRule[],
): void {
  const isUnnamed = (rule: HTTPRouteRule): boolean => ruleKey(route, rule) !== rule.name;
  const isMarked = (rule: HTTPRouteRule): boolean =>
    backendsTo(route, rule, choice).some((backend) => markOf(backend, REVISION_HEADER) !== undefined);
  const stranger = managed.find((rule) => isUnnamed(rule) && !isMarked(rule));
  const moved = candidates.find((rule) => isUnnamed(rule) && !managed.includes(rule) && isMarked(rule));
  if (stranger === undefined || moved === undefined) return;
  throw new CanaryError(
    `Input routes names ${ruleKey(route, stranger)} of ${nameOf(route)}, but the rule that the release has split so far is now ${ruleKey(route, moved)}: rules were added or removed since. Set the input routes to ${ruleKey(route, moved)}, or give the rule a name and use that.`,
  );
}
