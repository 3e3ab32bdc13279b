import type { Faults } from '../faults.ts';
import { objectAt, textAt, type Json, type JsonObject } from '../json.ts';
import { ACCESS_REVIEW, groupVersion, KINDS, NAMESPACE, RULES_REVIEW } from './kinds.ts';
import { allows, resourceRules, rulesOf, type Attributes, type User } from './rbac.ts';
import type { ResourceRequest } from './request.ts';
import { forbidden } from './status.ts';
import type { Store } from './store.ts';

/** Who may do what in a cluster: its roles, and what the faults of the fleet deny everybody. */
export class Authorization {
  readonly #cluster: string;
  readonly #store: Store;
  readonly #faults: Faults;

  constructor(cluster: string, store: Store, faults: Faults) {
    this.#cluster = cluster;
    this.#store = store;
    this.#faults = faults;
  }

  /** @throws StatusError 403 */
  check(user: User, request: ResourceRequest, body?: Json): void {
    const attributes = attributesOf(request);
    if (this.#isAllowed(user, attributes)) return;
    const { kind, verb, name } = request;
    const { namespace, subresource } = attributes;
    const scope = namespace === undefined ? ' at the cluster scope' : ` in the namespace "${namespace}"`;
    const resource = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
    const why = `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${kind.group}"${scope}`;
    throw forbidden(kind, verb === 'create' ? '' : name || (textAt(body, 'metadata', 'name') ?? ''), why);
  }

  /** SelfSubjectAccessReview */
  reviewAccess(user: User, body: Json | undefined): JsonObject {
    const asked = objectAt(body, 'spec', 'resourceAttributes');
    const isAllowed = this.#isAllowed(user, {
      verb: textAt(asked, 'verb') ?? '',
      group: textAt(asked, 'group') ?? '',
      resource: textAt(asked, 'resource') ?? '',
      subresource: textAt(asked, 'subresource'),
      namespace: textAt(asked, 'namespace'),
      name: textAt(asked, 'name') ?? '',
    });
    const status = isAllowed ? { allowed: true, reason: 'RBAC: allowed' } : { allowed: false };
    const { kind } = ACCESS_REVIEW;
    return {
      kind,
      apiVersion: groupVersion(ACCESS_REVIEW),
      metadata: {},
      spec: objectAt(body, 'spec'),
      status,
    };
  }

  /** SelfSubjectRulesReview; what a fault denies is nothing that rules can tell, as a webhook's decisions. */
  reviewRules(user: User, body: Json | undefined): JsonObject {
    const namespace = textAt(body, 'spec', 'namespace');
    const incomplete = this.#faults.hasDenials(this.#cluster);
    const { kind } = RULES_REVIEW;
    return {
      kind,
      apiVersion: groupVersion(RULES_REVIEW),
      metadata: {},
      spec: {},
      status: {
        resourceRules: resourceRules(rulesOf(this.#store, user, namespace)),
        nonResourceRules: [],
        incomplete,
        ...(incomplete
          ? { evaluationError: 'webhook authorizer does not support user rule resolution' }
          : {}),
      },
    };
  }

  #isAllowed(user: User, attributes: Attributes): boolean {
    const { verb, group, resource, namespace } = attributes;
    const kind = KINDS.find((candidate) => candidate.plural === resource && candidate.group === group);
    const scope = kind?.namespaced === false ? undefined : namespace;
    return (
      !this.#faults.isDenied(this.#cluster, verb, kind?.kind ?? resource, scope) &&
      allows(rulesOf(this.#store, user, namespace), attributes)
    );
  }
}

/** A request as an authorizer sees it: a namespace is also its own scope. */
function attributesOf({ kind, verb, namespace, name, subresource }: ResourceRequest): Attributes {
  const scope = kind === NAMESPACE && name !== '' ? name : namespace;
  return { verb, group: kind.group, resource: kind.plural, subresource, namespace: scope, name };
}
