import type { Rule } from '../api/crd-shape.ts';
import { arrayAt, isObject, objectsAt, textAt, type Json, type JsonObject } from '../json.ts';

// The rules that the definitions of the Gateway API write in CEL, with their messages.

export const hasPort: Rule<JsonObject> = ({ group, kind, port }) =>
  group === '' && kind === 'Service' && port === undefined
    ? 'Must have port for Service reference'
    : undefined;

export const redirectsAlone: Rule<JsonObject> = (rule) =>
  arrayAt(rule, 'backendRefs').length > 0 && objectsAt(rule, 'filters').some(isRedirect)
    ? 'RequestRedirect filter must not be used together with backendRefs'
    : undefined;

function isRedirect({ type }: JsonObject): boolean {
  return type === 'RequestRedirect';
}

const MATCHES = 128;

export const matchesAreFew: Rule<Json[]> = (rules) =>
  rules.filter(isObject).reduce((sum, rule) => sum + arrayAt(rule, 'matches').length, 0) > MATCHES
    ? 'While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route must be less than 128'
    : undefined;

export const isAbsolutePath: Rule<JsonObject> = ({ type, value }) => {
  if (type === 'RegularExpression' || typeof value !== 'string') return undefined;
  if (!value.startsWith('/'))
    return "value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']";
  const wrong = ['//', '/./', '/../', '%2f', '%2F', '#'].find((part) => value.includes(part));
  return wrong === undefined
    ? undefined
    : `must not contain '${wrong}' when type one of ['Exact', 'PathPrefix']`;
};

/** The field of each type of filter. */
const FIELDS: Readonly<Record<string, string>> = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  ExtensionRef: 'extensionRef',
  CORS: 'cors',
};

export const filterMatchesType: Rule<JsonObject> = (filter) => {
  const type = textAt(filter, 'type') ?? '';
  const own = FIELDS[type];
  if (own !== undefined && filter[own] === undefined)
    return `filter.${own} must be specified for ${type} filter.type`;
  const foreign = Object.entries(FIELDS).find(([, field]) => field !== own && filter[field] !== undefined);
  return foreign === undefined
    ? undefined
    : `filter.${foreign[1]} must be nil if the filter.type is not ${foreign[0]}`;
};

const REPEATABLE = new Set(['RequestMirror', 'ExtensionRef']);

export const filtersAreUnique: Rule<Json[]> = (filters) => {
  const types = filters.map((filter) => textAt(filter, 'type') ?? '');
  const twice = types.find((type, index) => !REPEATABLE.has(type) && types.indexOf(type) !== index);
  return twice === undefined ? undefined : `${twice} filter cannot be repeated`;
};

export const hasSections: Rule<Json[]> = (parents) => {
  const keys = parents.map((parent) =>
    ['group', 'kind', 'namespace', 'name'].map((field) => textAt(parent, field) ?? '').join('/'),
  );
  const repeated = parents.filter((_, index) => keys.filter((key) => key === keys[index]).length > 1);
  return repeated.some((parent) => textAt(parent, 'sectionName') === undefined)
    ? 'sectionName must be specified when parentRefs includes 2 or more references to the same parent'
    : undefined;
};
