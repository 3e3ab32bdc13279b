import type { KubeObject } from '../api/objects.ts';
import { isObject, numberAt, objectAt, objectsAt, textAt, type JsonObject } from '../json.ts';
import { backendOf, weightedBackends } from './backends.ts';
import type { GatewayApiState } from './state.ts';

/**
 * A route's rules as istiod writes them for a VirtualService: one for each match, so that those of all routes can be sorted.
 * `separatedPrefix` is the only field that a VirtualService does not have: it ends at a slash.
 */
export function httpRules(route: KubeObject, state: GatewayApiState): JsonObject[] {
  const { namespace = '', name } = route.metadata;
  return objectsAt(route, 'spec', 'rules').flatMap((rule, index) => {
    const converted = {
      name: textAt(rule, 'name') ?? `${namespace}.${name}.${String(index)}`,
      ...filtersOf(rule),
      ...timeoutOf(rule),
      ...actionOf(rule, route, state),
    };
    const matches = objectsAt(rule, 'matches');
    return matches.length === 0
      ? [converted]
      : matches.map((match) => ({ ...converted, match: [matchOf(match)] }));
  });
}

/** The order of the rules of all routes of a host: by path, method, headers and query; equals keep their order. */
export function bySpecificity(left: JsonObject, right: JsonObject): number {
  const ranks = [left, right].map(rankOf);
  const [a = [], b = []] = ranks;
  const at = a.findIndex((rank, index) => rank !== b[index]);
  return at < 0 ? 0 : (b[at] ?? 0) - (a[at] ?? 0);
}

function rankOf(rule: JsonObject): number[] {
  const [match] = objectsAt(rule, 'match');
  if (match === undefined) return [-1, 0, 0, 0, 0];
  const uri = objectAt(match, 'uri');
  const kinds = ['regex', 'prefix', 'separatedPrefix', 'exact'];
  const kind = kinds.find((each) => uri[each] !== undefined) ?? '';
  const rank = kind === 'exact' ? 3 : kind === 'regex' ? 1 : 2;
  const size = (field: string): number => Object.keys(objectAt(match, field)).length;
  const method = match['method'] === undefined ? 0 : 1;
  return [rank, textAt(uri, kind)?.length ?? 0, method, size('headers'), size('queryParams')];
}

function matchOf(match: JsonObject): JsonObject {
  const method = textAt(match, 'method');
  return {
    uri: uriOf(objectAt(match, 'path')),
    ...(method === undefined ? {} : { method: { exact: method } }),
    headers: comparisons(objectsAt(match, 'headers')),
    queryParams: comparisons(objectsAt(match, 'queryParams')),
  };
}

function uriOf(path: JsonObject): JsonObject {
  const value = textAt(path, 'value') ?? '/';
  switch (path['type']) {
    case 'Exact':
      return { exact: value };
    case 'RegularExpression':
      return { regex: value };
    default:
      return value === '/' ? { prefix: '/' } : { separatedPrefix: value.replace(/\/$/, '') };
  }
}

function comparisons(items: readonly JsonObject[]): JsonObject {
  return Object.fromEntries(
    items.map((item) => [
      textAt(item, 'name') ?? '',
      { [item['type'] === 'RegularExpression' ? 'regex' : 'exact']: item['value'] },
    ]),
  );
}

function filtersOf(rule: JsonObject): JsonObject {
  const filters = objectsAt(rule, 'filters');
  const find = (type: string, field: string): JsonObject | undefined => {
    const found = filters.find((filter) => filter['type'] === type);
    return found === undefined ? undefined : objectAt(found, field);
  };
  const redirect = find('RequestRedirect', 'requestRedirect');
  const rewrite = find('URLRewrite', 'urlRewrite');
  return {
    ...headersOf(rule),
    ...(redirect === undefined ? {} : { redirect: redirectOf(redirect) }),
    ...(rewrite === undefined ? {} : { rewrite: rewriteOf(rewrite) }),
  };
}

/** The header filters of a rule or a backend. */
function headersOf(holder: JsonObject): JsonObject {
  const [found] = objectsAt(holder, 'filters').filter(({ type }) => type === 'ResponseHeaderModifier');
  if (found === undefined) return {};
  const modifier = objectAt(found, 'responseHeaderModifier');
  const { remove } = modifier;
  return {
    headers: {
      response: {
        set: headerMap(objectsAt(modifier, 'set')),
        add: headerMap(objectsAt(modifier, 'add')),
        ...(Array.isArray(remove) ? { remove } : {}),
      },
    },
  };
}

/** Of headers with the same name the first counts. */
function headerMap(headers: readonly JsonObject[]): JsonObject {
  const entries = headers.map((header): [string, string] => [
    (textAt(header, 'name') ?? '').toLowerCase(),
    textAt(header, 'value') ?? '',
  ]);
  return Object.fromEntries(entries.toReversed());
}

function redirectOf(redirect: JsonObject): JsonObject {
  const { scheme, hostname, port, statusCode } = redirect;
  const derived = scheme === undefined ? 'FROM_REQUEST_PORT' : 'FROM_PROTOCOL_DEFAULT';
  return {
    redirectCode: statusCode,
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostname === undefined ? {} : { authority: hostname }),
    ...(port === undefined ? { derivePort: derived } : { port }),
    ...(isObject(redirect['path'])
      ? {
          uri: textAt(redirect, 'path', 'replaceFullPath'),
          prefixRewrite: textAt(redirect, 'path', 'replacePrefixMatch'),
        }
      : {}),
  };
}

function rewriteOf(rewrite: JsonObject): JsonObject {
  const full = textAt(rewrite, 'path', 'replaceFullPath');
  if (full !== undefined) return { uriRegexRewrite: { match: '/.*', rewrite: full } };
  const prefix = textAt(rewrite, 'path', 'replacePrefixMatch')?.replace(/\/$/, '');
  // A slash alone means that the prefix is removed.
  return prefix === undefined ? {} : { uri: prefix === '' ? '/' : prefix };
}

function timeoutOf(rule: JsonObject): JsonObject {
  const timeout = textAt(rule, 'timeouts', 'backendRequest') ?? textAt(rule, 'timeouts', 'request');
  return timeout === undefined ? {} : { timeout };
}

function actionOf(rule: JsonObject, route: KubeObject, state: GatewayApiState): JsonObject {
  const isRedirect = objectsAt(rule, 'filters').some(({ type }) => type === 'RequestRedirect');
  if (isRedirect) return {};
  const weighted = weightedBackends(rule);
  if (weighted.length === 0) return { directResponse: { status: 500 } };
  return {
    route: weighted.map((reference) => ({
      destination: backendOf(reference, route, state).destination,
      ...(weighted.length === 1 ? {} : { weight: numberAt(reference, 'weight') ?? 1 }),
      ...headersOf(reference),
    })),
  };
}
