import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { findProgram } from '../../testbed/mesh/programs.ts';
import { startFleet } from '../../testbed/start.ts';
import { grantsOf, nameOfGrant, roleWithout, withTokens } from '../support/access-examples.ts';
import type { Grant } from '../support/access-examples.ts';
import type { Obj } from './support/kube.ts';
import { NAMESPACE, NO_WORKLOADS } from './support/objects.ts';
import { Stage } from './support/stage.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples/rbac');

const kubectl = await findProgram('kubectl');
const skipped = process.env['FLEET'] !== 'mesh' || kubectl === undefined;
const reason = skipped ? ' (skipped: only a real API server has its own authorizer, npm run e2e)' : '';

(skipped ? describe.skip : describe)(`the service accounts of examples/rbac${reason}`, () => {
  let stage: Stage;
  let folder: string;
  /** Kubeconfigs with bound tokens. */
  let deployer: string;
  let traffic: string;
  let reader: string;
  beforeAll(async () => {
    [stage, folder] = await Promise.all([
      startFleet().then((fleet) => new Stage(fleet)),
      mkdtemp(join(tmpdir(), 'access-')),
    ]);
    const admin = join(folder, 'admin.yaml');
    await writeFile(admin, stage.fleet.kubeconfig);
    const path = `${dirname(kubectl ?? '')}:${process.env['PATH'] ?? ''}`;
    const env = { KUBECONFIG: admin, PATH: path };
    for (const context of ['east', 'west'])
      await execa({ env })`kubectl --context ${context} apply -f ${join(EXAMPLES, 'access.yaml')}`;
    const kubeconfigFor = async (account: string): Promise<string> => {
      const shell = execa({ env: { ...env, ACCOUNT: account } });
      return (await shell`${join(EXAMPLES, 'kubeconfig.sh')} ${NAMESPACE} east west`).stdout;
    };
    deployer = await kubeconfigFor('multicluster-canary');
    traffic = await kubeconfigFor('multicluster-canary-traffic');
    reader = await kubeconfigFor('multicluster-canary-reader');
  });
  afterAll(async () => {
    await Promise.all([stage.fleet.stop(), rm(folder, { recursive: true })]);
  });

  /** Takes a permission of access.yaml away in the west. */
  async function without(name: string, work: () => Promise<void>): Promise<void> {
    const grant = grantsOf('access.yaml').find((one) => nameOfGrant(one) === name);
    if (grant === undefined) throw new Error(`access.yaml does not grant ${name}`);
    const { rules, ...key } = roleWithout(grant);
    const role = await stage.west.get(key.apiVersion, key.kind, key.metadata.name, key.metadata.namespace);
    await stage.west.merge({ ...key, rules });
    try {
      await forgotten(grant);
      await work();
    } finally {
      await stage.west.merge({ ...key, rules: role['rules'] });
    }
  }

  /** The authorizer learns of a changed role a moment later. */
  async function forgotten(
    { verb, group, resource, object, namespace }: Omit<Grant, 'file' | 'kind' | 'role'>,
    account = 'multicluster-canary',
  ): Promise<void> {
    const [name, subresource] = resource.split('/');
    const resourceAttributes = { verb, group, resource: name, subresource, name: object, namespace };
    const user = `system:serviceaccount:${NAMESPACE}:${account}`;
    const review: Obj = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: { name: '' },
      spec: { user, resourceAttributes },
    };
    const deadline = Date.now() + 10_000;
    while (((await stage.west.tryOut(review))['status'] as { allowed: boolean }).allowed)
      if (Date.now() > deadline) throw new Error('the changed role does not take effect');
  }

  const FIRST = { weights: 'v1=80,v2=20' } as const;

  test.each([
    'create deployments.apps/helloworld-v2 in gray-demo',
    'patch services/helloworld in gray-demo',
    'create leases.coordination.k8s.io in gray-demo',
    'update virtualservices.networking.istio.io/helloworld in gray-demo',
    'get destinationrules.networking.istio.io/helloworld in gray-demo',
    'create gateways.networking.istio.io in gray-demo',
  ])('cannot install without permission to %s, and nothing is written', async (name) => {
    await without(name, async () => {
      const run = await stage.run({ ...FIRST, kubeconfig: deployer });
      expect(run.code).toBe(1);
      expect(run.log).toContain(`- west: ${name.replace(' in ', ' in namespace ')}\n`);
      expect(run.outputs['changed']).toBe('0');
      for (const kube of [stage.east, stage.west]) {
        await expect(kube.list('apps/v1', 'Deployment', NAMESPACE)).resolves.toEqual([]);
        await expect(kube.list('coordination.k8s.io/v1', 'Lease', NAMESPACE)).resolves.toEqual([]);
      }
    });
  });

  test('only read: a plan passes and says that no API server has checked it', async () => {
    const run = await stage.pass({ ...FIRST, kubeconfig: reader, operation: 'plan' });
    expect(run.log).toContain('may only read, so no API server has checked this plan');
    expect(JSON.parse(run.outputs['plan'] ?? '')).toHaveLength(12);
  });

  test('deploy the first release, and what only reads needs no permission to write', async () => {
    await stage.pass({ ...FIRST, kubeconfig: deployer, operation: 'plan' });
    await stage.pass({ ...FIRST, kubeconfig: deployer });
    await stage.pass({ kubeconfig: reader, operation: 'verify' });
    await stage.pass({ kubeconfig: reader, operation: 'status' });
  });

  test('move traffic without permission to deploy', async () => {
    await stage.underLoad(async () => {
      const inputs = { ...NO_WORKLOADS, kubeconfig: traffic };
      await stage.pass({ ...inputs, operation: 'promote', steps: '20,50,100' });
      await stage.pass({ ...inputs, operation: 'rollback' });
    });
    const refused = await stage.run({ ...FIRST, kubeconfig: traffic });
    expect(refused.log).toMatch(/lacks these permissions[^]*- west: patch deployments.apps\/helloworld-v2/);
  });

  test.each([
    'update leases.coordination.k8s.io/multicluster-canary-helloworld in gray-demo',
    'update virtualservices.networking.istio.io/helloworld in gray-demo',
    'get virtualservices.networking.istio.io/helloworld in gray-demo',
  ])('cannot move traffic without permission to %s, and nothing is written', async (name) => {
    await without(name, async () => {
      const run = await stage.run({ ...NO_WORKLOADS, kubeconfig: traffic, weights: 'v1=50,v2=50' });
      expect(run.code).toBe(1);
      expect(run.log).toContain(`- west: ${name.replace(' in ', ' in namespace ')}\n`);
      await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
    });
  });

  describe('used by someone who may only impersonate one of them', () => {
    const uid = '5f3a0c1e-0000-4000-8000-000000000001';
    const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${NAMESPACE}`];
    const impersonate = (group: string, resource: string, ...resourceNames: readonly string[]) => ({
      apiGroups: [group],
      resources: [resource],
      verbs: ['impersonate'],
      resourceNames,
    });
    const rules = [
      impersonate('', 'serviceaccounts', 'multicluster-canary'),
      impersonate('', 'groups', ...groups),
      impersonate('authentication.k8s.io', 'uids', uid),
      impersonate('authentication.k8s.io', 'userextras/reason', 'release'),
    ];
    const name = 'impersonator';
    const rbac = 'rbac.authorization.k8s.io';
    const role: Obj = { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules };
    let kubeconfig: string;
    beforeAll(async () => {
      const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: NAMESPACE } };
      await stage.everywhere(account, role, {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }],
      });
      const [east, west] = [
        await stage.east.tokenOf(name, NAMESPACE),
        await stage.west.tokenOf(name, NAMESPACE),
      ];
      kubeconfig = withTokens(stage.fleet.kubeconfig, new Map(Object.entries({ east, west })), {
        as: `system:serviceaccount:${NAMESPACE}:multicluster-canary`,
        'as-groups': groups,
        'as-uid': uid,
        'as-user-extra': { reason: ['release'] },
      });
    });

    test('plan and roll out', async () => {
      const inputs = { ...FIRST, kubeconfig, weights: 'v1=60,v2=40' };
      await stage.pass({ ...inputs, operation: 'plan' });
      await stage.underLoad(async () => {
        await stage.pass(inputs);
      });
      await expect(stage.weights()).resolves.toEqual(['v1=60,v2=40', 'v1=60,v2=40']);
    });

    test.each(rules)('cannot without the right to impersonate $resources', async (missing) => {
      const [group = '', resource = ''] = [...missing.apiGroups, ...missing.resources];
      await stage.west.merge({ ...role, rules: rules.filter((rule) => rule !== missing) });
      try {
        const [object] = missing.resourceNames;
        const namespace = resource === 'serviceaccounts' ? NAMESPACE : undefined;
        await forgotten({ verb: 'impersonate', group, resource, object, namespace }, name);
        const run = await stage.run({ ...FIRST, kubeconfig });
        expect([run.code, run.outputs['changed']]).toEqual([1, '0']);
        expect(run.log).toMatch(new RegExp(`^::error.*west.*cannot impersonate resource "${resource}"`, 'm'));
        await expect(stage.weights()).resolves.toEqual(['v1=60,v2=40', 'v1=60,v2=40']);
      } finally {
        await stage.west.merge(role);
      }
    });
  });

  test('retire the new version, but not without permission to delete its Deployment', async () => {
    const retire = { ...NO_WORKLOADS, kubeconfig: deployer, operation: 'retire', version: 'v2' } as const;
    const name = 'delete deployments.apps/helloworld-v2 in gray-demo';
    await stage.pass({ ...NO_WORKLOADS, kubeconfig: traffic, operation: 'rollback', weights: 'v1=100,v2=0' });
    await without(name, async () => {
      const run = await stage.run(retire);
      expect(run.log).toContain(`- west: ${name.replace(' in ', ' in namespace ')}\n`);
      expect(run.outputs['changed']).toBe('0');
    });
    await stage.underLoad(async () => {
      await stage.pass(retire);
      await stage.pass({ kubeconfig: deployer, weights: 'v1=0,v2=100' });
    });
  });

  test('retire the old version', async () => {
    await stage.underLoad(async () => {
      await stage.pass({ ...NO_WORKLOADS, kubeconfig: deployer, operation: 'retire', version: 'v1' });
      await stage.pass({ kubeconfig: reader, operation: 'status' });
    });
    await expect(stage.weights()).resolves.toEqual(['v2=100', 'v2=100']);
  });
});
