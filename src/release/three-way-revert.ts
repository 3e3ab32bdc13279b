import { isDeepStrictEqual } from 'node:util';
import type { HTTPBackendRef, HTTPRouteFilter, HeaderValue } from '../gateway-api/objects.ts';
import type { KubeObject, RouteDestination } from '../kubernetes/objects.ts';
import {
  ROUTES,
  annotationsOf,
  counterpart,
  destinationKey,
  isPlain,
  backendKey,
  plainsIn,
  routesIn,
  ruleCounterpart,
  rulesIn,
  specOf,
} from './edited-parts.ts';
import type { AnyRoute, AnyRule, Edit, Plain } from './edited-parts.ts';
import { RECORD_ANNOTATION, revertedRecords } from './history.ts';

/**
 * Undoes a change on an object as it is now: a three-way merge, in which only what the change itself altered returns to its
 * earlier content. Routes, hosts, timeouts, subsets and annotations that others have added or edited since stay.
 */
export function revert<T extends KubeObject>(live: T, { before, after }: Edit & { before: KubeObject }): T {
  const spec = specOf(live);
  const [earlier, changed] = [specOf(before), specOf(after)];
  const lists: Record<string, unknown> = {};
  for (const key of ROUTES) {
    if (spec[key] === undefined && earlier[key] === undefined) continue;
    lists[key] = revertList(routesIn(spec, key), routesIn(earlier, key), routesIn(changed, key), {
      find: counterpart,
      revertOne: revertRoute,
    });
  }
  if (spec['rules'] !== undefined || earlier['rules'] !== undefined) {
    lists['rules'] = revertList(rulesIn(spec), rulesIn(earlier), rulesIn(changed), {
      find: ruleCounterpart,
      revertOne: revertRule,
    });
  }
  if (spec['subsets'] !== undefined || earlier['subsets'] !== undefined) {
    lists['subsets'] = revertList(
      plainsIn(spec, 'subsets'),
      plainsIn(earlier, 'subsets'),
      plainsIn(changed, 'subsets'),
      {
        find: (subset, among) => among.find(({ name }) => name === subset['name']),
        revertOne: merge,
      },
    );
  }
  // A list that the change has made goes with its last entry.
  const gone = (key: string): boolean => earlier[key] === undefined && isEmptyList(lists[key]);
  const content = Object.entries({ ...spec, ...lists }).filter(([key]) => !gone(key));
  const { annotations: _, ...metadata } = live.metadata;
  const annotations = revertAnnotations(live, before, after);
  return {
    ...live,
    spec: Object.fromEntries(content),
    metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations },
  };
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function revertRoute(live: AnyRoute, before: AnyRoute, after: AnyRoute): AnyRoute {
  const { route: now = [], ...rest } = live;
  const { route: earlier = [], ...restBefore } = before;
  const { route: changed = [], ...restAfter } = after;
  const find = (one: RouteDestination, among: readonly RouteDestination[]): RouteDestination | undefined =>
    among.find((other) => destinationKey(other) === destinationKey(one));
  const route = revertList(now, earlier, changed, { find, revertOne: merge });
  return { ...merge(rest, restBefore, restAfter), ...(route.length === 0 ? {} : { route }) };
}

function revertRule(live: AnyRule, before: AnyRule, after: AnyRule): AnyRule {
  const { backendRefs: now = [], ...rest } = live;
  const { backendRefs: earlier = [], ...restBefore } = before;
  const { backendRefs: changed = [], ...restAfter } = after;
  const find = (one: HTTPBackendRef, among: readonly HTTPBackendRef[]): HTTPBackendRef | undefined =>
    among.find((other) => backendKey(other) === backendKey(one));
  const backendRefs = revertList(now, earlier, changed, { find, revertOne: revertBackend });
  return {
    ...merge(rest, restBefore, restAfter),
    ...(before.backendRefs === undefined && backendRefs.length === 0 ? {} : { backendRefs }),
  };
}

/** The filters of a backend are one field: each kind of filter is there once, and only its marks are ours. */
function revertBackend(live: HTTPBackendRef, before: HTTPBackendRef, after: HTTPBackendRef): HTTPBackendRef {
  const { filters: now = [], ...rest } = live;
  const { filters: earlier = [], ...restBefore } = before;
  const { filters: changed = [], ...restAfter } = after;
  const find = (one: HTTPRouteFilter, among: readonly HTTPRouteFilter[]): HTTPRouteFilter | undefined =>
    among.find(({ type }) => type === one.type);
  const filters = revertList(now, earlier, changed, { find, revertOne: revertFilter });
  return {
    ...merge(rest, restBefore, restAfter),
    ...(before.filters === undefined && filters.length === 0 ? {} : { filters }),
  };
}

function revertFilter(
  live: HTTPRouteFilter,
  before: HTTPRouteFilter,
  after: HTTPRouteFilter,
): HTTPRouteFilter {
  const [now, earlier, changed] = [live, before, after].map((one) => one.responseHeaderModifier?.set ?? []);
  const find = (one: HeaderValue, among: readonly HeaderValue[]): HeaderValue | undefined =>
    among.find(({ name }) => name.toLowerCase() === one.name.toLowerCase());
  const set = revertList(now ?? [], earlier ?? [], changed ?? [], { find, revertOne: merge });
  const { set: _, ...modifier } = live.responseHeaderModifier ?? {};
  const { responseHeaderModifier: _modifier, ...rest } = live;
  if (live.responseHeaderModifier === undefined) return rest;
  return {
    ...live,
    responseHeaderModifier: set.length === 0 ? modifier : { ...live.responseHeaderModifier, set },
  };
}

/** Undoes a change of a list: entries that it added go, those that it removed return to their places. */
function revertList<T extends object>(
  live: readonly T[],
  before: readonly T[],
  after: readonly T[],
  {
    find,
    revertOne,
  }: {
    readonly find: (one: T, among: readonly T[]) => T | undefined;
    readonly revertOne: (live: T, before: T, after: T) => T;
  },
): readonly T[] {
  if (isDeepStrictEqual(live, after)) return before;
  const ours = new Map(
    after.flatMap((one) => {
      const held = find(one, live);
      return held === undefined ? [] : [[held, { earlier: find(one, before), one }] as const];
    }),
  );
  /** What each entry of the earlier list has become. */
  const results = new Map<T, T>();
  const kept = live.flatMap((held) => {
    const change = ours.get(held);
    if (change === undefined) return [held];
    if (change.earlier === undefined) return [];
    const result = revertOne(held, change.earlier, change.one);
    results.set(change.earlier, result);
    return [result];
  });
  // Nobody has added, removed or moved an entry since.
  if (live.length === after.length && live.every((held, i) => ours.get(held)?.one === after[i]))
    return before.map((one) => results.get(one) ?? one);
  const all = [...kept];
  for (const [i, one] of before.entries()) {
    if (find(one, after) !== undefined || find(one, live) !== undefined) continue;
    const next = before.slice(i + 1).flatMap((later) => results.get(later) ?? []);
    const place = all.findIndex((entry) => entry === next[0]);
    all.splice(place < 0 ? all.length : place, 0, one);
  }
  return all;
}

/** Undoes a change of an object field by field: a field that someone has written since stays as it is. */
function merge<T extends object>(live: T, before: T, after: T): T {
  const [now, earlier, changed] = [live, before, after] as readonly object[] as readonly Plain[];
  const keys = new Set([now, earlier, changed].flatMap((one = {}) => Object.keys(one)));
  const entries = [...keys].flatMap((key) => {
    const value = mergeValue(now?.[key], earlier?.[key], changed?.[key]);
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries) as T;
}

function mergeValue(live: unknown, before: unknown, after: unknown): unknown {
  if (isDeepStrictEqual(before, after)) return live;
  if (isDeepStrictEqual(live, after)) return before;
  if (!isPlain(live) || !isPlain(after)) return live;
  const merged = merge(live, isPlain(before) ? before : {}, after);
  return before === undefined && Object.keys(merged).length === 0 ? undefined : merged;
}

function revertAnnotations(
  live: KubeObject,
  before: KubeObject,
  after: KubeObject,
): Readonly<Record<string, string>> {
  const [now, earlier, changed] = [live, before, after].map(annotationsOf);
  const { [RECORD_ANNOTATION]: record, ...others } = merge(now ?? {}, earlier ?? {}, changed ?? {});
  const reverted =
    now?.[RECORD_ANNOTATION] === undefined
      ? record
      : revertedRecords(now[RECORD_ANNOTATION], earlier?.[RECORD_ANNOTATION], changed?.[RECORD_ANNOTATION]);
  return reverted === undefined ? others : { ...others, [RECORD_ANNOTATION]: reverted };
}
