import type { JsonObject } from '../json.ts';
import { groupVersion, KINDS, type Kind } from './kinds.ts';

/**
 * Answers `/openapi/v3` and below with the little that `kubectl edit` needs, on the fleet that the demo keeps up: that objects
 * can be patched and that the server validates their fields.
 *
 * @returns `undefined` for any other path
 */
export function describeApi(path: string): JsonObject | undefined {
  if (path !== '/openapi/v3' && !path.startsWith('/openapi/v3/')) return undefined;
  const root = path.slice('/openapi/v3'.length + 1);
  const kinds = KINDS.flatMap((kind) => kind.versions.map((version) => ({ kind, version })));
  if (root === '') {
    const roots = new Set(kinds.map(({ kind, version }) => rootOf(kind, version)));
    return {
      paths: Object.fromEntries(
        [...roots].map((each) => [each, { serverRelativeURL: `/openapi/v3/${each}` }]),
      ),
    };
  }
  const described = kinds.filter(({ kind, version }) => rootOf(kind, version) === root);
  if (described.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.1' },
    paths: Object.fromEntries(
      described.map(({ kind, version }) => [
        `/${root}/${kind.plural}/{name}`,
        { patch: patchOperation(kind, version) },
      ]),
    ),
  };
}

function rootOf(kind: Kind, version: string): string {
  return `${kind.group === '' ? 'api' : 'apis'}/${groupVersion(kind, version)}`;
}

function patchOperation(kind: Kind, version: string): JsonObject {
  return {
    parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
    responses: {},
    'x-kubernetes-group-version-kind': { group: kind.group, version, kind: kind.kind },
  };
}
