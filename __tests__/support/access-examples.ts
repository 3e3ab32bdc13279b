import { readFileSync } from 'node:fs';
import { dump, loadAll } from 'js-yaml';
import { z } from 'zod';
import type { Obj } from '../scenarios/support/kube.ts';

/** What examples/rbac grants, as a list of single permissions. */

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

export interface RbacObject extends Obj {
  readonly rules?: readonly Rule[];
}

export type AccessFile =
  'access.yaml' | 'optional.yaml' | 'port-forward.yaml' | 'gateway-api.yaml' | 'pods.yaml';

/** One verb on one resource, or on one object. */
export interface Grant {
  readonly file: AccessFile;
  readonly kind: 'Role' | 'ClusterRole';
  readonly role: string;
  /** undefined for a ClusterRole */
  readonly namespace: string | undefined;
  readonly group: string;
  readonly resource: string;
  /** undefined for every object */
  readonly object: string | undefined;
  readonly verb: string;
}

export function accessObjects(file: AccessFile): readonly RbacObject[] {
  const text = readFileSync(new URL(`../../examples/rbac/${file}`, import.meta.url), 'utf8');
  return loadAll(text) as readonly RbacObject[];
}

/** One verb × resource × name after the other, in the order of the file. */
export function grantsOf(file: AccessFile): readonly Grant[] {
  return accessObjects(file).flatMap(({ kind, metadata, rules = [] }) => {
    if (kind !== 'Role' && kind !== 'ClusterRole') return [];
    return rules.flatMap((one) =>
      one.apiGroups.flatMap((group) =>
        one.resources.flatMap((resource) =>
          (one.resourceNames ?? [undefined]).flatMap((name) =>
            one.verbs.map((verb): Grant => ({
              file,
              kind,
              role: metadata.name,
              namespace: metadata.namespace,
              group,
              resource,
              object: name,
              verb,
            })),
          ),
        ),
      ),
    );
  });
}

/** `update virtualservices.networking.istio.io/helloworld in gray-demo` */
export function nameOfGrant({ verb, group, resource, object: name, namespace }: Grant): string {
  const kind = group === '' ? resource : `${resource}.${group}`;
  const where = namespace === undefined ? '' : ` in ${namespace}`;
  return `${verb} ${kind}${name === undefined ? '' : `/${name}`}${where}`;
}

/** The role of a grant, as the file has it but for this grant. */
export function roleWithout(grant: Grant): RbacObject {
  const role = accessObjects(grant.file).find(
    ({ kind, metadata }) => kind === grant.kind && metadata.name === grant.role,
  );
  if (role === undefined) throw new Error(`no ${grant.kind} ${grant.role} in ${grant.file}`);
  const rules = (role.rules ?? []).flatMap((one) => splitAround(one, grant));
  return { ...role, rules: rules.filter(({ verbs }) => verbs.length > 0) };
}

/** A rule in parts of one resource and one name each, without what the grant allows. */
function splitAround(one: Rule, grant: Grant): readonly Rule[] {
  return one.apiGroups.flatMap((group) =>
    one.resources.flatMap((resource) =>
      (one.resourceNames ?? [undefined]).map((name) => {
        const isMeant = group === grant.group && resource === grant.resource && name === grant.object;
        return {
          apiGroups: [group],
          resources: [resource],
          ...(name === undefined ? {} : { resourceNames: [name] }),
          verbs: one.verbs.filter((verb) => !(isMeant && verb === grant.verb)),
        };
      }),
    ),
  );
}

/** A kubeconfig with one context for each cluster, as those of an admin, but with other tokens, and more settings of its users. */
export function withTokens(
  kubeconfig: string,
  tokens: ReadonlyMap<string, string>,
  settings: Readonly<Record<string, unknown>> = {},
): string {
  const config = z
    .looseObject({ users: z.array(z.unknown()), contexts: z.array(z.unknown()) })
    .parse(loadAll(kubeconfig)[0]);
  const users = [...tokens].map(([name, token]) => ({ name, user: { token, ...settings } }));
  const contexts = [...tokens.keys()].map((name) => ({ name, context: { cluster: name, user: name } }));
  return dump({ ...config, users, contexts });
}
