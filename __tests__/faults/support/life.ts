import type { ApiCall } from '../../../testbed/embedded/start.ts';
import { NAMESPACE } from '../../scenarios/support/objects.ts';
import { ROUTE_INPUTS } from '../../scenarios/support/gateway-api.ts';
import type { Stage } from '../../scenarios/support/stage.ts';
import { accessObjects, grantsOf, withTokens } from '../../support/access-examples.ts';
import type { AccessFile, Grant } from '../../support/access-examples.ts';
import { LATER, QUICK } from './lanes.ts';

/** The service accounts of examples/rbac. */
export const ACCOUNTS = [
  'multicluster-canary',
  'multicluster-canary-traffic',
  'multicluster-canary-reader',
] as const;
export type Account = (typeof ACCOUNTS)[number];

export interface LifeStep {
  readonly name: string;
  readonly account: Account;
  readonly inputs: Readonly<Record<string, string>>;
}

const [DEPLOYER, TRAFFIC, READER] = ACCOUNTS;
const steps = '20,50,100';

/** The life of an app from its first install, each operation by the account that is meant for it. */
export const LIFE: readonly LifeStep[] = [
  {
    name: 'plan of a first install',
    account: DEPLOYER,
    inputs: { ...QUICK, operation: 'plan', weights: 'v1=80,v2=20' },
  },
  { name: 'first install', account: DEPLOYER, inputs: { ...QUICK, weights: 'v1=80,v2=20' } },
  { name: 'status', account: READER, inputs: { ...LATER, operation: 'status' } },
  { name: 'verify', account: READER, inputs: { ...LATER, operation: 'verify' } },
  { name: 'promote', account: TRAFFIC, inputs: { ...LATER, operation: 'promote', steps } },
  { name: 'rollback', account: TRAFFIC, inputs: { ...LATER, operation: 'rollback' } },
  {
    name: 'rollback to given weights',
    account: TRAFFIC,
    inputs: { ...LATER, operation: 'rollback', weights: 'v1=100,v2=0' },
  },
  {
    name: 'retire the new version',
    account: DEPLOYER,
    inputs: { ...LATER, operation: 'retire', version: 'v2' },
  },
  {
    name: 'rollout of the new version again',
    account: DEPLOYER,
    inputs: { ...QUICK, weights: 'v1=0,v2=100' },
  },
  {
    name: 'retire the old version',
    account: DEPLOYER,
    inputs: { ...LATER, operation: 'retire', version: 'v1' },
  },
];

/** The same with an HTTPRoute, in fewer steps. */
export const ROUTE_LIFE: readonly LifeStep[] = [
  {
    name: 'plan of a first install',
    account: DEPLOYER,
    inputs: { ...QUICK, ...ROUTE_INPUTS, operation: 'plan', weights: 'v1=80,v2=20' },
  },
  {
    name: 'first install',
    account: DEPLOYER,
    inputs: { ...QUICK, ...ROUTE_INPUTS, weights: 'v1=80,v2=20' },
  },
  { name: 'status', account: READER, inputs: { ...LATER, ...ROUTE_INPUTS, operation: 'status' } },
  { name: 'verify', account: READER, inputs: { ...LATER, ...ROUTE_INPUTS, operation: 'verify' } },
  {
    name: 'promote',
    account: TRAFFIC,
    inputs: { ...LATER, ...ROUTE_INPUTS, operation: 'promote', steps: '20,100' },
  },
  {
    name: 'rollback to given weights',
    account: TRAFFIC,
    inputs: { ...LATER, ...ROUTE_INPUTS, operation: 'rollback', weights: 'v1=100,v2=0' },
  },
  {
    name: 'retire the new version',
    account: DEPLOYER,
    inputs: { ...LATER, ...ROUTE_INPUTS, operation: 'retire', version: 'v2' },
  },
  {
    name: 'rollout of the new version again',
    account: DEPLOYER,
    inputs: { ...QUICK, ...ROUTE_INPUTS, weights: 'v1=0,v2=100' },
  },
  {
    name: 'retire the old version',
    account: DEPLOYER,
    inputs: { ...LATER, ...ROUTE_INPUTS, operation: 'retire', version: 'v1' },
  },
];

/** Applies examples/rbac in every cluster. */
export async function applyAccess(stage: Stage, ...files: readonly AccessFile[]): Promise<void> {
  await stage.everywhere(...files.flatMap((file) => accessObjects(file)));
}

/** The kubeconfig of a service account. */
export async function kubeconfigOf(stage: Stage, account: Account): Promise<string> {
  const kubes = [
    ['east', stage.east],
    ['west', stage.west],
  ] as const;
  const tokens = kubes.map(async ([name, kube]) => [name, await kube.tokenOf(account, NAMESPACE)] as const);
  return withTokens(stage.fleet.kubeconfig, new Map(await Promise.all(tokens)));
}

/** A grant, and the clusters where it was used. */
export type Uses = ReadonlyMap<Grant, readonly string[]>;

/**
 * The permissions that calls of the action took. A server-side apply of what does not exist also creates.
 *
 * @param applied what was applied before and exists; this adds to it
 */
export function usesIn(
  calls: readonly ApiCall[],
  file: AccessFile,
  applied: Set<string> = new Set<string>(),
): Uses {
  const grants = grantsOf(file);
  const uses = new Map<Grant, string[]>();
  for (const call of calls.filter(({ user }) => user !== 'admin')) {
    const key = [call.cluster, call.kind, call.name].join(' ');
    const verbs = call.verb === 'patch' && !applied.has(key) ? ['patch', 'create'] : [call.verb];
    if (call.write && call.verb === 'patch') applied.add(key);
    if (call.write && call.verb === 'delete') applied.delete(key);
    for (const grant of grants) {
      if (!verbs.includes(grant.verb) || !covers(grant, call)) continue;
      const clusters = uses.get(grant) ?? [];
      if (!clusters.includes(call.cluster)) uses.set(grant, [...clusters, call.cluster]);
    }
  }
  return uses;
}

function covers({ group, resource, object, namespace }: Grant, call: ApiCall): boolean {
  return (
    group === call.group &&
    resource ===
      [`${call.kind.toLowerCase()}s`, ...(call.subresource === undefined ? [] : [call.subresource])].join(
        '/',
      ) &&
    namespace === call.namespace &&
    (object === undefined || object === call.name)
  );
}
