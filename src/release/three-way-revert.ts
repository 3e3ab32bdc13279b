import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, RouteDestination } from '../kubernetes/objects.ts';
import { RECORD_ANNOTATION, holdsRecords, revertedRecords } from './history.ts';

/** An object before and after one of our changes to it. */
export interface Edit {
  /** undefined where the change created the object */
  readonly before: KubeObject | undefined;
  readonly after: KubeObject;
}

interface AnyRoute {
  readonly name?: unknown;
  readonly match?: unknown;
  readonly route?: readonly RouteDestination[];
}

/** The lists of a traffic object that the action edits, entry by entry. */
const ROUTES = ['http', 'tcp', 'tls'] as const;

type Plain = Readonly<Record<string, unknown>>;

/**
 * Undoes a change on an object as it is now: a three-way merge, in which only what the change itself altered returns to its
 * earlier content. Routes, hosts, timeouts, subsets and annotations that others added or edited since stay.
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
  const { annotations: _, ...metadata } = live.metadata;
  const annotations = revertAnnotations(live, before, after);
  return {
    ...live,
    spec: { ...spec, ...lists },
    metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations },
  };
}

/**
 * Whether an object as it is now still holds what a change wrote: the weights of the routes that it altered, its subsets and
 * its annotations. What others did beside them does not count.
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

function sharesOf({ route = [] }: AnyRoute): readonly unknown[] {
  return route.map(({ destination: { host, subset }, weight }) => [
    host,
    subset ?? null,
    // Istio sends everything to a destination that stands alone.
    route.length === 1 ? 100 : (weight ?? 0),
  ]);
}

/**
 * The route that is the same one in another form of the list: by name, or for one without a name by all but its destinations,
 * then by its match, then by where it leads. undefined where none is, or several could be.
 */
function counterpart(route: AnyRoute, among: readonly AnyRoute[]): AnyRoute | undefined {
  if (route.name !== undefined) return only(among.filter(({ name }) => name === route.name));
  const unnamed = among.filter(({ name }) => name === undefined);
  const ways: readonly ((one: AnyRoute) => unknown)[] = [
    ({ route: _, ...rest }) => rest,
    ({ match }) => match,
    ({ route: destinations = [] }) => destinations.map(keyOf),
  ];
  for (const way of ways) {
    const found = only(unnamed.filter((one) => isDeepStrictEqual(way(one), way(route))));
    if (found !== undefined) return found;
  }
  return undefined;
}

function only<T>(found: readonly T[]): T | undefined {
  return found.length === 1 ? found[0] : undefined;
}

/** What tells the destinations of a route apart. */
function keyOf({ destination: { host, subset, port } }: RouteDestination): string {
  return JSON.stringify([host, subset, port?.number]);
}

function revertRoute(live: AnyRoute, before: AnyRoute, after: AnyRoute): AnyRoute {
  const { route: now = [], ...rest } = live;
  const { route: earlier = [], ...restBefore } = before;
  const { route: changed = [], ...restAfter } = after;
  const find = (one: RouteDestination, among: readonly RouteDestination[]): RouteDestination | undefined =>
    among.find((other) => keyOf(other) === keyOf(one));
  const route = revertList(now, earlier, changed, { find, revertOne: merge });
  return { ...merge(rest, restBefore, restAfter), ...(route.length === 0 ? {} : { route }) };
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
  const ours = new Map(
    after.flatMap((one) => {
      const held = find(one, live);
      return held === undefined ? [] : [[held, { earlier: find(one, before), one }] as const];
    }),
  );
  /** What an entry of the earlier list has become. */
  const results = new Map<T, T>();
  const kept = live.flatMap((held) => {
    const change = ours.get(held);
    if (change === undefined) return [held];
    if (change.earlier === undefined) return [];
    const result = revertOne(held, change.earlier, change.one);
    results.set(change.earlier, result);
    return [result];
  });
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

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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

function holdsAnnotations(live: KubeObject, before: KubeObject | undefined, after: KubeObject): boolean {
  const [now, earlier, changed] = [live, before, after].map(annotationsOf);
  const keys = new Set([...Object.keys(earlier ?? {}), ...Object.keys(changed ?? {})]);
  return [...keys].every((key) =>
    key === RECORD_ANNOTATION
      ? holdsRecords(now?.[key], earlier?.[key], changed?.[key])
      : earlier?.[key] === changed?.[key] || now?.[key] === changed?.[key],
  );
}

export function annotationsOf(object: KubeObject | undefined): Readonly<Record<string, string>> {
  return object?.metadata.annotations ?? {};
}

function specOf(object: KubeObject): Plain {
  return isPlain(object['spec']) ? object['spec'] : {};
}

function routesIn(spec: Plain, key: string): readonly AnyRoute[] {
  return (spec[key] ?? []) as readonly AnyRoute[];
}

function plainsIn(spec: Plain, key: string): readonly Plain[] {
  return (spec[key] ?? []) as readonly Plain[];
}
