import { z } from 'zod';
import { describePermission } from '../access-rules.ts';
import type { AccessRule, Permission } from '../access-rules.ts';
import type { Caller } from './api-resources.ts';
import { isAny, isReview } from './checks.ts';
import type { Call } from './connection.ts';
import { ClusterError, isForbidden, isRefused } from './errors.ts';

// Every authenticated user may ask for these reviews: the ClusterRole system:basic-user is bound to system:authenticated
// (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles). A cluster may have removed that binding.

const GROUP = 'authorization.k8s.io/v1';

const texts = z.array(z.string());
const rules = z.object({
  status: z.object({
    resourceRules: z.array(
      z.object({
        verbs: texts,
        apiGroups: texts.nullish(),
        resources: texts.nullish(),
        resourceNames: texts.nullish(),
      }),
    ),
    incomplete: z.literal(false),
  }),
});

/**
 * All that the user may do in a namespace, by one call (SelfSubjectRulesReview); undefined where the cluster does not know, as with a
 * webhook that authorizes requests one by one.
 */
export async function readRules(
  caller: Caller,
  namespace: string,
): Promise<readonly AccessRule[] | undefined> {
  const kind = 'SelfSubjectRulesReview';
  try {
    const review = await caller<unknown>({
      method: 'POST',
      path: `/apis/${GROUP}/selfsubjectrulesreviews`,
      body: { apiVersion: GROUP, kind, spec: { namespace } },
      tried: `Asking what is allowed in namespace ${namespace}`,
      check: isAny,
      changesNothing: true,
    });
    return rules.safeParse(review).data?.status.resourceRules;
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}

/**
 * Whether the user may do something: by a SelfSubjectAccessReview, or where the cluster refuses to answer that, by a request that
 * stores nothing.
 *
 * @param path of the object, or of all objects of the kind
 */
export async function isAllowed(caller: Caller, permission: Permission, path: string): Promise<boolean> {
  const { verb, group, resource, namespace, name } = permission;
  const kind = 'SelfSubjectAccessReview';
  const resourceAttributes = {
    verb,
    group,
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
  try {
    const { status } = await caller<{ readonly status?: { readonly allowed?: boolean } }>({
      method: 'POST',
      path: `/apis/${GROUP}/selfsubjectaccessreviews`,
      body: { apiVersion: GROUP, kind, spec: { resourceAttributes } },
      tried: `Asking whether ${describePermission(permission)} is allowed`,
      check: isReview,
      changesNothing: true,
    });
    return status?.allowed === true;
  } catch (error) {
    if (!isRefused(error) || isBeforeAuthorization(error)) throw error;
    return isAuthorized(caller, permission, path);
  }
}

/** Authorization comes first: whatever else a server says about an empty object, the user was allowed to send it. */
async function isAuthorized(caller: Caller, permission: Permission, path: string): Promise<boolean> {
  const tried = `Trying whether ${describePermission(permission)} is allowed`;
  try {
    await caller({ ...attemptOf(permission.verb), path, tried, check: isAny, changesNothing: true });
    return true;
  } catch (error) {
    if (!isRefused(error) || isBeforeAuthorization(error)) throw error;
    return !isForbidden(error) || error.isOfAdmission;
  }
}

/** Whether a call came no further than the login, or the server's queue. */
function isBeforeAuthorization(error: unknown): boolean {
  return error instanceof ClusterError && (error.status === 401 || error.status === 429);
}

function attemptOf(verb: string): Pick<Call, 'method' | 'query' | 'body' | 'contentType'> {
  const dryRun = { dryRun: 'All' };
  switch (verb) {
    case 'create':
      return { method: 'POST', query: dryRun, body: {} };
    case 'update':
      return { method: 'PUT', query: dryRun, body: {} };
    case 'patch':
      return { method: 'PATCH', query: dryRun, body: {}, contentType: 'application/merge-patch+json' };
    case 'delete':
      return { method: 'DELETE', query: dryRun };
    case 'list':
      return { method: 'GET', query: { limit: '1' } };
    default:
      return { method: 'GET' };
  }
}
