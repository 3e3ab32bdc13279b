import { CanaryError, OpenChoiceError } from '../core/errors.ts';
import { REVISION_HEADER } from '../core/headers.ts';
import { movedRemedy } from '../core/route-target.ts';
import type { RouteChoice } from '../core/route-target.ts';
import { nameOf } from '../kubernetes/objects.ts';
import { backendsTo, markOf } from './backends.ts';
import type { HTTPRoute, HTTPRouteRule } from './objects.ts';
import { ruleKey, rulesTo } from './rules.ts';
import { inputPlace, inputSetting, theInput } from '../core/wording.ts';

/**
 * The rules that the action manages in an HTTPRoute: those named; else the only one that leads to the service, or of several the only one
 * that a release has marked. Empty where none leads there and none is named.
 *
 * @throws CanaryError for a name that no rule has, or a choice that is not clear
 */
export function managedRules(route: HTTPRoute, choice: RouteChoice): readonly HTTPRouteRule[] {
  const { service, routes: names } = choice;
  const candidates = rulesTo(route, choice);
  const keys = candidates.map((rule) => ruleKey(route, rule));
  const marked = candidates.filter((rule) => isMarked(route, rule, choice));
  if (names === undefined) {
    if (candidates.length <= 1) return candidates;
    if (marked.length === 1) return marked;
    const likely = marked.length > 1 ? marked : candidates.slice(-1);
    throw new OpenChoiceError(
      `${nameOf(route)} has ${String(candidates.length)} rules that lead to ${service.app}: ${keys.join(', ')}. Set ${theInput('routes')} to those to split, for example ${inputSetting('routes', likely.map((rule) => ruleKey(route, rule)).join(', '))}.`,
    );
  }
  const managed = names.map((name) => {
    const found = candidates.find((rule) => ruleKey(route, rule) === name);
    if (found !== undefined) return found;
    throw new CanaryError(
      `${inputPlace('routes')} names "${name}", but ${nameOf(route)} has no rule with that name or position that leads to ${service.app} (rules that do: ${keys.join(', ') || 'none'}).`,
    );
  });
  // A position says which rule is meant only as long as nobody puts another rule ahead of it.
  const isUnnamed = (rule: HTTPRouteRule): boolean => ruleKey(route, rule) !== rule.name;
  const stranger = managed.find((rule) => isUnnamed(rule) && !marked.includes(rule));
  const moved = marked.find((rule) => isUnnamed(rule) && !managed.includes(rule));
  if (stranger !== undefined && moved !== undefined) {
    throw new CanaryError(
      `${inputPlace('routes')} names ${ruleKey(route, stranger)} of ${nameOf(route)}, but the rule that the release has split so far is now ${ruleKey(route, moved)}: rules were added or removed since. ${movedRemedy('rule', marked.length)}`,
    );
  }
  return [...new Set(managed)];
}

/** Whether the action has written a rule: its backends say so. */
export function isMarked(route: HTTPRoute, rule: HTTPRouteRule, choice: RouteChoice): boolean {
  return backendsTo(route, rule, choice).some((backend) => markOf(backend, REVISION_HEADER) !== undefined);
}
