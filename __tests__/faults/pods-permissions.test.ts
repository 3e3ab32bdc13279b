import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Run } from '../../testbed/run-action.ts';
import { namespace } from '../scenarios/support/objects.ts';
import { grantsOf } from '../support/access-examples.ts';
import { Lane, LATER, QUICK } from './support/lanes.ts';
import { applyAccess, kubeconfigOf, usesIn } from './support/life.ts';

/** What a release of pods without sidecars reads, and what it takes (examples/rbac/pods.yaml). */
let lane: Lane;
beforeEach(async () => {
  lane = await Lane.open();
});
afterEach(() => lane.fleet.stop());

const meshConfig = (rootNamespace: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'istio', namespace: 'istio-system' },
  data: { mesh: `rootNamespace: ${rootNamespace}` },
});

test('every permission of pods.yaml is used, and without them a run says what it does not know', async () => {
  await applyAccess(lane.stage, 'access.yaml');
  await lane.stage.pass({ ...QUICK, pods: 'none', weights: 'v1=100,v2=0' });
  const kubeconfig = await kubeconfigOf(lane.stage, 'multicluster-canary-reader');
  const status = (pods: string): Promise<Run> =>
    lane.stage.run({ ...LATER, operation: 'status', pods, kubeconfig });
  const [none, ambient] = [await status('none'), await status('ambient')];
  expect(none.log).toContain('PeerAuthentications in east, west could not be listed');
  expect(ambient.log).toContain('Namespace istio-system in east, west could not be read');

  await applyAccess(lane.stage, 'pods.yaml');
  const before = lane.fleet.calls.length;
  const told = `${(await status('none')).log} ${(await status('ambient')).log}`;
  expect(told).not.toMatch(/PeerAuthentications|configuration of the mesh|Namespace istio-system/);
  const uses = usesIn(lane.fleet.calls.slice(before), 'pods.yaml');
  expect([...uses.keys()].map(({ verb, resource }) => `${verb} ${resource}`).toSorted()).toEqual(
    grantsOf('pods.yaml')
      .map(({ verb, resource }) => `${verb} ${resource}`)
      .toSorted(),
  );
});

test('the policies of the root namespace that the mesh has are found, whatever its name', async () => {
  const { stage } = lane;
  await stage.everywhere(namespace({}));
  for (const kube of [stage.east, stage.west]) await kube.remove('v1', 'ConfigMap', 'istio', 'istio-system');
  const run = (): Promise<Run> =>
    lane.stage.run({ ...QUICK, pods: 'none', operation: 'plan', weights: 'v1=100,v2=0' });
  const assumed = await run();
  expect(assumed.code).toBe(0);
  expect(assumed.log).toContain('istio-system was assumed to be the namespace');
  await lane.stage.everywhere(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mesh-root' } },
    meshConfig('mesh-root'),
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'default', namespace: 'mesh-root' },
      spec: { mtls: { mode: 'STRICT' } },
    },
  );
  const refused = await run();
  expect(refused.code).toBe(1);
  expect(refused.log).toContain(
    'PeerAuthentication mesh-root/default in east allows only mutual TLS to the pods of helloworld',
  );
});
