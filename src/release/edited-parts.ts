import { isDeepStrictEqual } from 'node:util';
import type { HTTPBackendRef } from '../gateway-api/objects.ts';
import type { KubeObject, RouteDestination } from '../kubernetes/objects.ts';

// The parts of a traffic object that a change of it touches, and how an entry is found again in another form of its list.

/** An object before and after one of our changes to it. */
export interface Edit {
  /** undefined where the change created the object */
  readonly before: KubeObject | undefined;
  readonly after: KubeObject;
}

export interface AnyRoute {
  readonly name?: unknown;
  readonly match?: unknown;
  readonly route?: readonly RouteDestination[];
}

/** The lists of a traffic object that the action edits, entry by entry. */
export const ROUTES = ['http', 'tcp', 'tls'] as const;

export type Plain = Readonly<Record<string, unknown>>;

/** A rule of an HTTPRoute, as far as changes of it are compared. */
export interface AnyRule {
  readonly name?: unknown;
  readonly matches?: unknown;
  readonly backendRefs?: readonly HTTPBackendRef[];
}

/** The rule that is the same one in another form of the list: by name, or for one without a name by all but its backends, then by its matches. */
export function ruleCounterpart(rule: AnyRule, among: readonly AnyRule[]): AnyRule | undefined {
  const candidates = among.filter((one) => one.name === rule.name);
  const ways: readonly ((one: AnyRule) => unknown)[] = [
    ...(rule.name === undefined ? [] : [({ name }: AnyRule) => name]),
    ({ backendRefs: _, ...rest }) => rest,
    ({ matches }) => matches,
    ({ backendRefs = [] }) => backendRefs.map(backendKey),
  ];
  for (const way of ways) {
    const found = only(candidates.filter((one) => isDeepStrictEqual(way(one), way(rule))));
    if (found !== undefined) return found;
  }
  // Someone has named it since.
  const keys = new Set(rule.backendRefs?.map(backendKey));
  return only(
    among.filter(
      (one) =>
        one.name !== rule.name &&
        isDeepStrictEqual(one.matches, rule.matches) &&
        (one.backendRefs ?? []).some((backend) => keys.has(backendKey(backend))),
    ),
  );
}

/** What tells the backends of a rule apart. */
export function backendKey({ group = '', kind = 'Service', namespace, name, port }: HTTPBackendRef): string {
  return JSON.stringify([group, kind, namespace, name, port]);
}

export function rulesIn(spec: Plain): readonly AnyRule[] {
  return (spec['rules'] ?? []) as readonly AnyRule[];
}

/**
 * The route that is the same one in another form of the list: by name and where it leads, or for one without a name by all but its
 * destinations, then by its match, then by where it leads. undefined where none is, or several could be.
 */
export function counterpart(route: AnyRoute, among: readonly AnyRoute[]): AnyRoute | undefined {
  // Apps that share a VirtualService have preview routes of the same names.
  const candidates = among.filter(
    (one) => one.name === route.name && (route.name === undefined || leadsAlike(one, route)),
  );
  const ways: readonly ((one: AnyRoute) => unknown)[] = [
    ...(route.name === undefined ? [] : [({ name }: AnyRoute) => name]),
    ({ route: _, ...rest }) => rest,
    ({ match }) => match,
    ({ route: destinations = [] }) => destinations.map(destinationKey),
  ];
  for (const way of ways) {
    const found = only(candidates.filter((one) => isDeepStrictEqual(way(one), way(route))));
    if (found !== undefined) return found;
  }
  // Someone has named it since.
  return only(
    among.filter(
      (one) =>
        one.name !== route.name &&
        isDeepStrictEqual(one.match, route.match) &&
        (one.route ?? []).length > 0 &&
        leadsAlike(one, route),
    ),
  );
}

function leadsAlike({ route: a = [] }: AnyRoute, { route: b = [] }: AnyRoute): boolean {
  const hosts = new Set(a.map(({ destination }) => destination.host));
  return (a.length === 0 && b.length === 0) || b.some(({ destination }) => hosts.has(destination.host));
}

function only<T>(found: readonly T[]): T | undefined {
  return found.length === 1 ? found[0] : undefined;
}

/** What tells the destinations of a route apart. */
export function destinationKey({ destination: { host, subset, port } }: RouteDestination): string {
  return JSON.stringify([host, subset, port?.number]);
}

export function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function annotationsOf(object: KubeObject | undefined): Readonly<Record<string, string>> {
  return object?.metadata.annotations ?? {};
}

export function specOf(object: KubeObject): Plain {
  return isPlain(object['spec']) ? object['spec'] : {};
}

export function routesIn(spec: Plain, key: string): readonly AnyRoute[] {
  return (spec[key] ?? []) as readonly AnyRoute[];
}

export function plainsIn(spec: Plain, key: string): readonly Plain[] {
  return (spec[key] ?? []) as readonly Plain[];
}
