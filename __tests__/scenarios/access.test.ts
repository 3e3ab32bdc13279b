import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { findProgram } from '../../testbed/mesh/programs.ts';
import { startFleet } from '../../testbed/start.ts';
import type { Obj } from './support/kube.ts';
import { NAMESPACE } from './support/objects.ts';
import { Stage } from './support/stage.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples/rbac');
const RBAC = 'rbac.authorization.k8s.io/v1';

const kubectl = await findProgram('kubectl');
const skipped = process.env['FLEET'] !== 'mesh' || kubectl === undefined;
const reason = skipped ? ' (skipped: only a real API server has roles, npm run e2e)' : '';

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

(skipped ? describe.skip : describe)(`the service account of examples/rbac${reason}`, () => {
  let stage: Stage;
  let folder: string;
  let kubeconfig: string;
  beforeAll(async () => {
    [stage, folder] = await Promise.all([
      startFleet().then((fleet) => new Stage(fleet)),
      mkdtemp(join(tmpdir(), 'access-')),
    ]);
    const admin = join(folder, 'admin.yaml');
    await writeFile(admin, stage.fleet.kubeconfig);
    const path = `${dirname(kubectl ?? '')}:${process.env['PATH'] ?? ''}`;
    const shell = execa({ env: { KUBECONFIG: admin, PATH: path } });
    for (const context of ['east', 'west'])
      await shell`kubectl --context ${context} apply -f ${join(EXAMPLES, 'access.yaml')}`;
    ({ stdout: kubeconfig } = await shell`${join(EXAMPLES, 'kubeconfig.sh')} ${NAMESPACE} east west`);
  });
  afterAll(async () => {
    await Promise.all([stage.fleet.stop(), rm(folder, { recursive: true })]);
  });

  /** Takes a verb on a resource away from the service account in the west. */
  async function withoutVerb(resource: string, verb: string, work: () => Promise<void>): Promise<void> {
    const role = await stage.west.get(RBAC, 'Role', 'multicluster-canary', NAMESPACE);
    const rules = (role['rules'] as readonly Rule[]).map((rule) =>
      rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
    );
    const key: Obj = {
      apiVersion: RBAC,
      kind: 'Role',
      metadata: { name: 'multicluster-canary', namespace: NAMESPACE },
    };
    await stage.west.merge({ ...key, rules });
    try {
      await work();
    } finally {
      await stage.west.merge({ ...key, rules: role['rules'] });
    }
  }

  test('may do all that a whole release needs, from the first install to retirement', async () => {
    await stage.underLoad(async () => {
      const steps = '20,50,100';
      await stage.pass({ kubeconfig, operation: 'plan', weights: 'v1=80,v2=20' });
      await stage.pass({ kubeconfig, weights: 'v1=80,v2=20' });
      await stage.pass({ kubeconfig, operation: 'promote', steps });
      await stage.pass({ kubeconfig, operation: 'rollback' });
      await stage.pass({ kubeconfig, operation: 'verify' });
    });
  });

  test('without the right to the lock is refused by name, before anything is written', async () => {
    await withoutVerb('leases', 'update', async () => {
      const run = await stage.run({ kubeconfig, weights: 'v1=50,v2=50' });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(/lacks these permissions[^]*- west: update Lease in gray-demo/);
      await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
    });
  });

  test('without the right to a route is refused by name, before anything is written', async () => {
    await withoutVerb('virtualservices', 'update', async () => {
      const run = await stage.run({ kubeconfig, weights: 'v1=50,v2=50' });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(/lacks these permissions[^]*- west: update VirtualService in gray-demo/);
      await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
    });
  });

  test('retires the old version', async () => {
    await stage.underLoad(async () => {
      await stage.pass({ kubeconfig, weights: 'v1=0,v2=100' });
      await stage.pass({ kubeconfig, operation: 'retire', version: 'v1' });
      await stage.pass({ kubeconfig, operation: 'status' });
    });
    await expect(stage.weights()).resolves.toEqual(['v2=100', 'v2=100']);
  });
});
