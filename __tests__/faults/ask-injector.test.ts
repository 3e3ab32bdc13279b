import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { startEmbedded } from '../../testbed/embedded/start.ts';
import type { EmbeddedFleet } from '../../testbed/embedded/start.ts';
import { Stage } from '../scenarios/support/stage.ts';
import { image, namespace } from '../scenarios/support/objects.ts';

let fleet: EmbeddedFleet;
let stage: Stage;
beforeAll(async () => {
  fleet = await startEmbedded();
  stage = new Stage(fleet);
});
afterEach(() => fleet.reset());
afterAll(() => fleet.stop());

test('whether a version with users gets sidecars is asked of each injector once, or read from labels without the right to create pods', async () => {
  const only = { version: 'v1', image: image('v1'), 'config-clusters': 'east, west' };
  const asked = (): number =>
    fleet.calls.filter(({ kind, verb, cluster }) => kind === 'Pod' && verb === 'create' && cluster === 'west')
      .length;
  await stage.east.create(namespace());
  await stage.west.create(namespace({}));
  await stage.pass({ ...only, clusters: 'v1: east' });
  expect(asked()).toBe(0);
  const allow = fleet.deny('west', { kind: 'Pod', verbs: ['create'] });
  const refused = await stage.run({ ...only, clusters: 'v1: east, west' });
  expect(refused.log).toContain('in west would create pods without a sidecar, and v1 has users');
  const told = await stage.pass({ ...only, clusters: 'v1: east, west', injection: 'enabled' });
  expect(told.outputs['verdict']).toBe('pass');
  expect(told.log).toContain(
    'the API server refused the dry run of a pod (create pods in namespace gray-demo)',
  );
  allow();
  const before = asked();
  await stage.pass({ ...only, clusters: 'v1: east, west', replicas: '2' });
  expect(asked() - before).toBe(1);
});
