import type { JsonObject } from '../json.ts';
import { groupVersion, KINDS, type Kind, type Served } from './kinds.ts';

/**
 * Answers the discovery paths (`/api`, `/apis` and below).
 *
 * @returns `undefined` for a path that is none of them, or a group or version that is not served
 */
export function discover(path: string, isServed: Served): JsonObject | undefined {
  const kinds = servedOf(isServed);
  const parts = path.split('/').filter((part) => part !== '');
  const [root, group, version] = parts;
  if (parts.length === 1 && root === 'api') return { kind: 'APIVersions', versions: ['v1'] };
  if (parts.length === 1 && root === 'apis') {
    const groups = new Set(kinds.map((kind) => kind.group).filter((name) => name !== ''));
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: [...groups].map((name) => apiGroup(kinds, name)),
    };
  }
  if (root === 'api' && parts.length === 2 && group === 'v1') return resources(kinds, '', 'v1');
  if (root !== 'apis' || group === undefined || !kinds.some((kind) => kind.group === group)) return undefined;
  if (parts.length === 2) return { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(kinds, group) };
  if (parts.length === 3 && version !== undefined) return resources(kinds, group, version);
  return undefined;
}

/** The kinds of a server, with the versions that it offers. */
function servedOf(isServed: Served): Kind[] {
  return KINDS.flatMap((kind) => {
    const [first, ...rest] = kind.versions.filter((version) => isServed(kind, version));
    return first === undefined ? [] : [{ ...kind, versions: [first, ...rest] }];
  });
}

function apiGroup(kinds: readonly Kind[], name: string): JsonObject {
  const versions = [
    ...new Set(kinds.filter((kind) => kind.group === name).flatMap((kind) => kind.versions)),
  ].map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] };
}

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update'];

function resources(kinds: readonly Kind[], group: string, version: string): JsonObject | undefined {
  const served = kinds.filter((kind) => kind.group === group && kind.versions.includes(version));
  const [first] = served;
  if (first === undefined) return undefined;
  const list = served.flatMap((kind) => {
    const main: JsonObject = {
      name: kind.plural,
      singularName: kind.kind.toLowerCase(),
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: kind.virtual ? ['create'] : VERBS,
      ...(kind.shortNames.length > 0 ? { shortNames: [...kind.shortNames] } : {}),
    };
    const status: JsonObject = {
      name: `${kind.plural}/status`,
      singularName: '',
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: ['get', 'patch', 'update'],
    };
    return kind.status ? [main, status] : [main];
  });
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(first, version),
    resources: list,
  };
}
