import {
  arrayAt,
  isObject,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
  textsAt,
  type Json,
  type JsonObject,
} from '../json.ts';
import { matchesLabels, type Labels } from '../api/selectors.ts';
import { toRegExp } from '../regexp.ts';
import type { RoutedRequest } from './config.ts';

type Condition = (request: RoutedRequest) => boolean;

/** One entry of a route's `match`, or the absence of any. */
export interface Match {
  readonly matches: Condition;
  readonly catchAll: boolean;
  /** The prefix of the path that a rewrite replaces. */
  readonly prefix: string | undefined;
}

/** A gateway, for the conditions of routes that apply to certain gateways. */
export interface GatewayIdentity {
  /** `namespace/name` of the Gateway object. */
  readonly gateway: string;
  readonly labels: Labels;
  readonly namespace: string;
  /** Number of the Gateway server's port. */
  readonly port: number;
}

/**
 * The matches of a route that apply to requests at a gateway.
 *
 * @param resolve makes `namespace/name` of a gateway's name in the VirtualService
 */
export function matchesOf(
  route: JsonObject,
  identity: GatewayIdentity,
  resolve: (gateway: string) => string,
): Match[] {
  const entries = objectsAt(route, 'match');
  if (entries.length === 0) return [{ matches: () => true, catchAll: true, prefix: undefined }];
  return entries
    .filter((entry) => {
      const gateways = arrayAt(entry, 'gateways').filter((gateway) => typeof gateway === 'string');
      if (gateways.length > 0 && !gateways.some((gateway) => resolve(gateway) === identity.gateway))
        return false;
      if (!matchesLabels(textsAt(entry, 'sourceLabels'), identity.labels)) return false;
      const namespace = textAt(entry, 'sourceNamespace') ?? '';
      if (namespace !== '' && namespace !== identity.namespace) return false;
      return (numberAt(entry, 'port') ?? identity.port) === identity.port;
    })
    .map(compile);
}

function compile(entry: JsonObject): Match {
  const conditions: Condition[] = [];
  const uri = entry['uri'];
  if (isObject(uri)) {
    const test = stringMatch(uri, entry['ignoreUriCase'] === true);
    conditions.push(({ path }) => test(path));
  }
  const method = entry['method'];
  if (isObject(method)) {
    const test = stringMatch(method);
    conditions.push((request) => test(request.method));
  }
  const authority = entry['authority'];
  if (isObject(authority)) {
    const test = stringMatch(authority);
    conditions.push((request) => test(request.authority));
  }
  const scheme = entry['scheme'];
  if (isObject(scheme)) {
    const test = stringMatch(scheme);
    conditions.push((request) => test(request.scheme));
  }
  for (const [name, match] of Object.entries(objectAt(entry, 'headers')))
    conditions.push(headerMatch(name, match, true));
  for (const [name, match] of Object.entries(objectAt(entry, 'withoutHeaders'))) {
    conditions.push(headerMatch(name, match, false));
  }
  for (const [name, match] of Object.entries(objectAt(entry, 'queryParams'))) {
    const test = isObject(match) && Object.keys(match).length > 0 ? stringMatch(match) : undefined;
    conditions.push(({ query }) => {
      const value = query.get(name);
      return value !== null && (test?.(value) ?? true);
    });
  }
  const prefix = textAt(entry, 'uri', 'prefix') ?? textAt(entry, 'uri', 'separatedPrefix');
  const anyPath = prefix === '/' || textAt(entry, 'uri', 'regex') === '.*';
  const [first, ...others] = conditions;
  return {
    matches:
      first === undefined
        ? () => true
        : others.length === 0
          ? first
          : (request) => conditions.every((condition) => condition(request)),
    catchAll: first === undefined || (anyPath && others.length === 0),
    prefix,
  };
}

/** Istio's `StringMatch`, and the prefix of the Gateway API, which ends at a slash; a regular expression must match the whole text, as in Envoy. */
function stringMatch(match: JsonObject, ignoreCase = false): (text: string) => boolean {
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const exact = textAt(match, 'exact');
  if (exact !== undefined) return (text) => fold(text) === fold(exact);
  const prefix = textAt(match, 'prefix');
  if (prefix !== undefined) return (text) => fold(text).startsWith(fold(prefix));
  const separated = textAt(match, 'separatedPrefix');
  if (separated !== undefined) return (text) => text === separated || text.startsWith(`${separated}/`);
  const regex = textAt(match, 'regex');
  if (regex !== undefined) {
    const expression = toRegExp(regex);
    return (text) => expression.test(text);
  }
  return () => true;
}

function headerMatch(name: string, match: Json | undefined, wanted: boolean): Condition {
  const key = name.toLowerCase();
  const test = isObject(match) && Object.keys(match).length > 0 ? stringMatch(match) : undefined;
  return ({ headers }) => {
    const value = headers[key];
    const found = value !== undefined && (test?.(Array.isArray(value) ? value.join(',') : value) ?? true);
    return found === wanted;
  };
}
