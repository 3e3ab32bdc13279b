import { isObject, objectAt, textAt, type Json, type JsonObject } from '../json.ts';
import type { Authorization } from './authorization.ts';
import type { DeleteOptions } from './deletion.ts';
import { ACCESS_REVIEW, groupVersion, POD, RULES_REVIEW, SERVICE_ACCOUNT, type Kind } from './kinds.ts';
import { inServerOrder } from './fieldorder.ts';
import { mergePatch } from './merge.ts';
import type { KubeObject } from './objects.ts';
import { serviceAccountUser, type User } from './rbac.ts';
import type { ResourceRequest } from './request.ts';
import type { Resources, WriteOptions } from './resources.ts';
import { parseFieldSelector, parseLabelSelector, type Predicate } from './selectors.ts';
import {
  badRequest,
  missingFieldManager,
  methodNotAllowed,
  StatusError,
  unsupportedMediaType,
} from './status.ts';
import type { Tokens } from './tokens.ts';

export interface Content {
  readonly type: string;
  readonly text: string;
  readonly userAgent: string;
}

export interface Reply {
  readonly status: number;
  readonly body: JsonObject;
  /** Sent instead of the body, as plain text. */
  readonly text?: string;
}

/** Asks the server at a port of a pod. */
export type PodServers = (
  pod: KubeObject,
  port: number,
  path: string,
  query: URLSearchParams,
) => { readonly status: number; readonly body: JsonObject | string };

const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';
const JSON_BODY = 'application/json';

/**
 * Answers the requests for resources of one cluster: those that the action sends, and kubectl when it reads. Watches and
 * other kinds of patches are refused.
 */
export class Handler {
  readonly #resources: Resources;
  readonly #authorization: Authorization;
  readonly #tokens: Tokens;
  readonly #podServers: PodServers;

  constructor(resources: Resources, authorization: Authorization, tokens: Tokens, podServers: PodServers) {
    this.#podServers = podServers;
    this.#resources = resources;
    this.#authorization = authorization;
    this.#tokens = tokens;
  }

  /**
   * @param isStale a list is answered with what it held before the latest write
   * @throws StatusError that the client receives instead of an answer
   */
  handle(
    { user, isStale = false }: { readonly user: User; readonly isStale?: boolean },
    request: ResourceRequest,
    content: Content,
    body: Json | undefined,
  ): Reply {
    this.#authorization.check(user, request, body);
    if (request.kind === ACCESS_REVIEW)
      return { status: 201, body: this.#authorization.reviewAccess(user, body) };
    if (request.kind === RULES_REVIEW)
      return { status: 201, body: this.#authorization.reviewRules(user, body) };
    if (request.kind.virtual) throw methodNotAllowed();
    const needsName = ['update', 'patch', 'delete'].includes(request.verb);
    if (needsName && request.name === '') throw methodNotAllowed();
    const { subresource } = request;
    if (subresource === 'token' && request.kind === SERVICE_ACCOUNT && request.verb === 'create')
      return { status: 201, body: this.#token(request, body) };
    if (subresource === 'proxy' && request.kind === POD && request.verb === 'get')
      return this.#proxy(request);
    if (subresource !== undefined && (subresource !== 'status' || !request.kind.status))
      throw methodNotAllowed();
    if (['create', 'update', 'patch', 'delete'].includes(request.verb)) this.#resources.store.remember();
    switch (request.verb) {
      case 'get':
        return this.#answer(request, this.#resources.get(request.kind, request.namespace, request.name));
      case 'list':
        return { status: 200, body: this.#list(request, isStale) };
      case 'create':
        return this.#answer(request, this.#create(request, content, body), 201);
      case 'update':
        return this.#answer(request, this.#update(request, content, body));
      case 'patch':
        return this.#patch(user, request, content, body);
      case 'delete':
        return this.#delete(request, body);
      case 'watch':
        throw methodNotAllowed();
    }
  }

  /** The token that a service account gets by a TokenRequest. */
  #token({ namespace = '', name }: ResourceRequest, body: Json | undefined): JsonObject {
    this.#resources.get(SERVICE_ACCOUNT, namespace, name);
    const token = this.#tokens.issue(serviceAccountUser(namespace, name));
    const kind = 'TokenRequest';
    return { kind, apiVersion: 'authentication.k8s.io/v1', spec: objectAt(body, 'spec'), status: { token } };
  }

  /** `pods/NAME:PORT/proxy/PATH` */
  #proxy({ namespace, name, rest, query }: ResourceRequest): Reply {
    const [pod = '', port = '80'] = name.split(':');
    const found = this.#resources.get(POD, namespace, pod);
    const { status, body } = this.#podServers(found, Number(port), rest, query);
    return typeof body === 'string' ? { status, body: {}, text: body } : { status, body };
  }

  #list({ kind, version, namespace, query }: ResourceRequest, isStale: boolean): JsonObject {
    const matches = selection(query);
    const limit = Number(query.get('limit') ?? '0');
    const start = Number(query.get('continue') ?? '0');
    const { store } = this.#resources;
    const objects = isStale ? store.listRemembered(kind, namespace) : store.list(kind, namespace);
    const found = objects.filter(matches);
    const page = limit > 0 ? found.slice(start, start + limit) : found.slice(start);
    const rest = found.length - start - page.length;
    return {
      kind: `${kind.kind}List`,
      apiVersion: groupVersion(kind, version),
      metadata: {
        resourceVersion: String(store.version),
        ...(rest > 0 ? { continue: String(start + page.length), remainingItemCount: rest } : {}),
      },
      items: page.map((object) => listed(kind, version, object)),
    };
  }

  #create(request: ResourceRequest, content: Content, body: Json | undefined): KubeObject {
    if (request.name !== '') throw methodNotAllowed();
    return this.#resources.create(request.kind, request.namespace, body, options(request, content));
  }

  #update(request: ResourceRequest, content: Content, body: Json | undefined): KubeObject {
    return this.#resources.update(
      request.kind,
      request.namespace,
      request.name,
      body,
      options(request, content),
    );
  }

  #patch(user: User, request: ResourceRequest, content: Content, body: Json | undefined): Reply {
    const { kind, namespace, name, query } = request;
    const write = options(request, content);
    if (content.type === APPLY) {
      if (!query.has('fieldManager')) throw missingFieldManager();
      const isNew = this.#resources.store.get(kind, namespace, name) === undefined;
      // Unlike a create by POST, this one has a name when it is authorized.
      if (isNew) this.#authorization.check(user, { ...request, verb: 'create' }, body);
      const force = query.get('force') === 'true';
      const applied = this.#resources.apply(kind, namespace, name, body, { ...write, force });
      return this.#answer(request, applied, isNew ? 201 : 200);
    }
    if (content.type !== MERGE) throw unsupportedMediaType([MERGE, APPLY]);
    if (!isObject(body)) throw badRequest('the patch is not an object');
    const change = (live: JsonObject): JsonObject => mergePatch(live, body);
    return this.#answer(request, this.#resources.patch(kind, namespace, name, change, write));
  }

  #delete(request: ResourceRequest, body: Json | undefined): Reply {
    const { kind, namespace, name } = request;
    const { uid } = this.#resources.get(kind, namespace, name).metadata;
    const left = this.#resources.delete(kind, namespace, name, deleteOptions(request, body));
    if (left !== undefined) return this.#answer(request, left);
    const details = { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural, uid };
    return {
      status: 200,
      body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details },
    };
  }

  #answer({ kind, version }: ResourceRequest, object: KubeObject, status = 200): Reply {
    return { status, body: shown(kind, version, object) };
  }
}

/** An object as a version of its kind shows it. */
function shown(kind: Kind, version: string, object: KubeObject): JsonObject {
  const { resourceVersion, ...metadata } = object.metadata;
  const answer = {
    ...object,
    apiVersion: groupVersion(kind, version),
    metadata: resourceVersion === '' ? metadata : { ...metadata, resourceVersion },
  };
  return inServerOrder(kind, answer);
}

/** The same as a list item, which has no apiVersion and kind where the kind is built in. */
function listed(kind: Kind, version: string, object: KubeObject): JsonObject {
  const { apiVersion, kind: name, ...rest } = shown(kind, version, object);
  return kind.custom ? { apiVersion, kind: name, ...rest } : rest;
}

/** Which objects the selectors of a request match. @throws StatusError 400 */
function selection(query: URLSearchParams): Predicate {
  const byLabel = parseLabelSelector(query.get('labelSelector') ?? '');
  const byField = parseFieldSelector(query.get('fieldSelector') ?? '');
  return (object) => byLabel(object) && byField(object);
}

/** The body of a request, which is JSON even where it is applied. @throws StatusError 400 or 415 */
export function parseBody({ type, text }: Content): Json | undefined {
  if (text === '') return undefined;
  // Some clients try Protobuf first and fall back to JSON.
  if (![JSON_BODY, MERGE, APPLY].includes(type)) throw unsupportedMediaType([JSON_BODY, MERGE, APPLY]);
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function options({ version, query, subresource }: ResourceRequest, { userAgent }: Content): WriteOptions {
  return {
    manager: query.get('fieldManager') ?? userAgent.split('/')[0] ?? 'unknown',
    version,
    dryRun: isDryRun(query),
    subresource: subresource === 'status' ? 'status' : undefined,
  };
}

/** @throws StatusError 400 for a value that the API does not know */
export function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun').filter((value) => value !== '');
  if (values.some((value) => value !== 'All')) {
    throw new StatusError(
      400,
      'BadRequest',
      `dryRun: Unsupported value: "${values.join(',')}": supported values: "All"`,
    );
  }
  return values.length > 0;
}

function deleteOptions({ query }: ResourceRequest, body: Json | undefined): DeleteOptions {
  return {
    dryRun: isDryRun(query),
    preconditions: {
      uid: textAt(body, 'preconditions', 'uid'),
      resourceVersion: textAt(body, 'preconditions', 'resourceVersion'),
    },
  };
}
