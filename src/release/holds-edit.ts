import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../kubernetes/objects.ts';
import {
  ROUTES,
  annotationsOf,
  backendKey,
  counterpart,
  plainsIn,
  routesIn,
  ruleCounterpart,
  rulesIn,
  specOf,
} from './edited-parts.ts';
import type { AnyRoute, AnyRule, Edit, Plain } from './edited-parts.ts';
import { RECORD_ANNOTATION, holdsRecords } from './history.ts';

/**
 * Whether an object as it is now still holds what a change wrote: the weights of the routes that it altered, its subsets and its
 * annotations. What others have written beside them does not matter.
 */
export function holdsEdit(live: KubeObject, { before, after }: Edit): boolean {
  return holdsAnnotations(live, before, after) && holdsSpec(live, before, after);
}

function holdsSpec(live: KubeObject, before: KubeObject | undefined, after: KubeObject): boolean {
  const [now, changed] = [specOf(live), specOf(after)];
  const earlier = before === undefined ? {} : specOf(before);
  switch (after.kind) {
    case 'VirtualService':
      return ROUTES.every((key) =>
        holdsRoutes(routesIn(now, key), routesIn(earlier, key), routesIn(changed, key)),
      );
    case 'HTTPRoute':
      return holdsRules(rulesIn(now), rulesIn(earlier), rulesIn(changed));
    case 'DestinationRule': {
      const [held, old, written] = [now, earlier, changed].map((spec) => plainsIn(spec, 'subsets'));
      const named = (list: readonly Plain[] = [], name: unknown): Plain | undefined =>
        list.find((one) => one['name'] === name);
      const names = new Set([...(old ?? []), ...(written ?? [])].map(({ name }) => name));
      return [...names].every(
        (name) =>
          isDeepStrictEqual(named(old, name), named(written, name)) ||
          (named(held, name) === undefined) === (named(written, name) === undefined),
      );
    }
    default:
      return isDeepStrictEqual(live['spec'], after['spec']);
  }
}

function holdsRoutes(
  live: readonly AnyRoute[],
  before: readonly AnyRoute[],
  after: readonly AnyRoute[],
): boolean {
  if (isDeepStrictEqual(live, after)) return true;
  const written = after.every((route) => {
    if (isDeepStrictEqual(counterpart(route, before), route)) return true;
    const held = counterpart(route, live);
    return held !== undefined && isDeepStrictEqual(sharesOf(held), sharesOf(route));
  });
  return (
    written &&
    before.every((route) => counterpart(route, after) !== undefined || counterpart(route, live) === undefined)
  );
}

function holdsRules(
  live: readonly AnyRule[],
  before: readonly AnyRule[],
  after: readonly AnyRule[],
): boolean {
  if (isDeepStrictEqual(live, after)) return true;
  const written = after.every((rule) => {
    if (isDeepStrictEqual(ruleCounterpart(rule, before), rule)) return true;
    const held = ruleCounterpart(rule, live);
    return held !== undefined && isDeepStrictEqual(backendShares(held), backendShares(rule));
  });
  return (
    written &&
    before.every(
      (rule) => ruleCounterpart(rule, after) !== undefined || ruleCounterpart(rule, live) === undefined,
    )
  );
}

function backendShares({ backendRefs = [] }: AnyRule): readonly unknown[] {
  return backendRefs.map((backend) => [backendKey(backend), backend.weight ?? 1]);
}

function sharesOf({ route = [] }: AnyRoute): readonly unknown[] {
  return route.map(({ destination: { host, subset }, weight }) => [
    host,
    subset ?? null,
    // Istio sends everything to a single destination.
    route.length === 1 ? 100 : (weight ?? 0),
  ]);
}

function holdsAnnotations(live: KubeObject, before: KubeObject | undefined, after: KubeObject): boolean {
  const [now, earlier, changed] = [live, before, after].map(annotationsOf);
  const keys = new Set([...Object.keys(earlier ?? {}), ...Object.keys(changed ?? {})]);
  return [...keys].every((key) =>
    key === RECORD_ANNOTATION
      ? holdsRecords(now?.[key], earlier?.[key], changed?.[key])
      : earlier?.[key] === changed?.[key] || now?.[key] === changed?.[key],
  );
}
