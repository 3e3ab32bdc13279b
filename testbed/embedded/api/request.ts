import type { Verb } from '../faults.ts';
import { KINDS, type Kind, type Served } from './kinds.ts';

/** A request for a resource, according to its method and URL. */
export interface ResourceRequest {
  readonly kind: Kind;
  /** The version in the URL, and in the answer. */
  readonly version: string;
  readonly namespace: string | undefined;
  /** Empty for a whole collection. */
  readonly name: string;
  readonly subresource: string | undefined;
  /** What follows the subresource, from its slash; empty for most. */
  readonly rest: string;
  readonly verb: Verb;
  readonly query: URLSearchParams;
}

/** Parses a request; `undefined` where its URL names no served resource. */
export function parseRequest(
  method: string,
  url: URL,
  isServed: Served = () => true,
): ResourceRequest | undefined {
  const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const [root, ...rest] = parts;
  if (root !== 'api' && root !== 'apis') return undefined;
  const [group = '', version = '', ...path] = root === 'api' ? ['', ...rest] : rest;
  const place = parsePath(group, path);
  const kind = KINDS.find(
    (candidate) =>
      candidate.group === group && candidate.plural === place.plural && candidate.versions.includes(version),
  );
  if (kind === undefined || !isServed(kind, version)) return undefined;
  if (place.namespace !== undefined && !kind.namespaced) return undefined;
  const verb = verbOf(method, place.name, url.searchParams);
  return verb === undefined ? undefined : { ...place, kind, version, verb, query: url.searchParams };
}

interface Place {
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: string | undefined;
  readonly rest: string;
}

function parsePath(group: string, path: readonly string[]): Place {
  const [first, namespace, plural, ...inNamespace] = path;
  // `namespaces/NAME` and `namespaces/NAME/status` are the namespace itself.
  const isScope = first === 'namespaces' && plural !== undefined;
  const ofNamespace =
    group === '' && (plural === 'status' || plural === 'finalize') && inNamespace.length === 0;
  if (isScope && !ofNamespace) {
    const [name = '', subresource, ...rest] = inNamespace;
    return { plural, namespace, name, subresource, rest: rest.map((part) => `/${part}`).join('') };
  }
  return { plural: first ?? '', namespace: undefined, name: namespace ?? '', subresource: plural, rest: '' };
}

function verbOf(method: string, name: string, query: URLSearchParams): Verb | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (['true', '1'].includes(query.get('watch') ?? '')) return 'watch';
      return name === '' ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return 'delete';
    default:
      return undefined;
  }
}
