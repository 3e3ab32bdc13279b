import { arrayAt, objectAt, objectsAt, textAt, type JsonObject } from '../json.ts';
import { CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING } from './kinds.ts';
import type { Store } from './store.ts';

/** Who makes a request. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What a request does, as an authorizer sees it. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly namespace: string | undefined;
  /** Empty where the request names no object: a list, or a create by POST. */
  readonly name: string;
}

export const ADMIN: User = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };

/** What the ClusterRole `system:basic-user` allows every authenticated user. */
const BASIC_USER: JsonObject = {
  verbs: ['create'],
  apiGroups: ['authorization.k8s.io'],
  resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
};

export function serviceAccountUser(namespace: string, name: string): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

/**
 * The rules that hold for a user in a namespace: those of ClusterRoleBindings everywhere, and those of the RoleBindings of the namespace.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 */
export function rulesOf(store: Store, user: User, namespace: string | undefined): readonly JsonObject[] {
  if (user === ADMIN) return [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
  const bindings = [
    ...store.list(CLUSTER_ROLE_BINDING),
    ...(namespace === undefined ? [] : store.list(ROLE_BINDING, namespace)),
  ].filter((binding) =>
    objectsAt(binding, 'subjects').some((subject) => isSubject(subject, binding.metadata.namespace, user)),
  );
  const rules = bindings.flatMap((binding) => {
    const ref = objectAt(binding, 'roleRef');
    const name = textAt(ref, 'name') ?? '';
    const role =
      ref['kind'] === 'ClusterRole'
        ? store.get(CLUSTER_ROLE, undefined, name)
        : store.get(ROLE, binding.metadata.namespace, name);
    return objectsAt(role, 'rules');
  });
  return [BASIC_USER, ...rules];
}

function isSubject(subject: JsonObject, bound: string | undefined, { name, groups }: User): boolean {
  const named = textAt(subject, 'name') ?? '';
  switch (subject['kind']) {
    case 'User':
      return named === name;
    case 'Group':
      return groups.includes(named);
    case 'ServiceAccount':
      return name === serviceAccountUser(textAt(subject, 'namespace') ?? bound ?? '', named).name;
    default:
      return false;
  }
}

export function allows(
  rules: readonly JsonObject[],
  { verb, group, resource, subresource, name }: Attributes,
): boolean {
  const whole = subresource === undefined ? resource : `${resource}/${subresource}`;
  return rules.some((rule) => {
    const has = (field: string, ...wanted: readonly string[]): boolean =>
      arrayAt(rule, field).some((one) => one === '*' || wanted.some((each) => each === one));
    const names = arrayAt(rule, 'resourceNames');
    return (
      has('verbs', verb) &&
      has('apiGroups', group) &&
      has('resources', whole, ...(subresource === undefined ? [] : [`*/${subresource}`])) &&
      (names.length === 0 || names.some((one) => one === name))
    );
  });
}

/** The rules as a SelfSubjectRulesReview lists them. */
export function resourceRules(rules: readonly JsonObject[]): JsonObject[] {
  return rules.map((rule) => ({
    verbs: arrayAt(rule, 'verbs'),
    apiGroups: arrayAt(rule, 'apiGroups'),
    resources: arrayAt(rule, 'resources'),
    ...(arrayAt(rule, 'resourceNames').length === 0 ? {} : { resourceNames: arrayAt(rule, 'resourceNames') }),
  }));
}
