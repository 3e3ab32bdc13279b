import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { APP, NAMESPACE, NO_WORKLOADS, OWN_MANIFEST, image, namespace, service } from './support/objects.ts';
import { testOnEmbedded } from './support/on-embedded.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rerun-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

type Inputs = Readonly<Record<string, string>>;

const weights = (given: string): Inputs => ({ weights: given });
const onlyV2 = { weights: 'v1=0,v2=100' };

describe('a second run with the same request writes nothing:', () => {
  const expectNothingWritten = async (before: readonly Inputs[], inputs: Inputs): Promise<void> => {
    await stage.underLoad(async () => {
      for (const earlier of before) await stage.pass(earlier);
      await stage.pass(inputs);
      const again = await stage.pass(inputs);
      expect(again.outputs['changed']).toBe('0');
    });
  };

  test.each<[string, readonly Inputs[], Inputs]>([
    ['rollout of a step', [weights('v1=80,v2=20')], { ...NO_WORKLOADS, ...weights('v1=50,v2=50') }],
    [
      'promote at the last step',
      [weights('v1=50,v2=50')],
      { ...NO_WORKLOADS, operation: 'promote', steps: '50,100', 'promote-to': '100', bake: '1s' },
    ],
    ['retire', [onlyV2], { ...NO_WORKLOADS, operation: 'retire', version: 'v1' }],
  ])('%s', async (_, before, inputs) => {
    await expectNothingWritten(before, inputs);
  });

  // The first install is shown elsewhere; the others write as those above do, or not at all.
  testOnEmbedded.each<[string, readonly Inputs[], Inputs]>([
    ['rollout', [], weights('v1=80,v2=20')],
    ['verify', [weights('v1=80,v2=20')], { ...NO_WORKLOADS, operation: 'verify' }],
    ['status', [weights('v1=80,v2=20')], { ...NO_WORKLOADS, operation: 'status' }],
    ['plan', [], { ...weights('v1=80,v2=20'), operation: 'plan' }],
    [
      'rollback to given weights',
      [weights('v1=80,v2=20'), weights('v1=50,v2=50')],
      { ...NO_WORKLOADS, operation: 'rollback', weights: 'v1=80,v2=20' },
    ],
  ])('%s', async (_, before, inputs) => {
    await expectNothingWritten(before, inputs);
  });
});

test('the input clusters may name a version before it is deployed and after it is retired', async () => {
  await stage.underLoad(async () => {
    const first = await stage.pass({ version: 'v1', image: image('v1'), weights: 'v1=100,v2=0' });
    expect(first.outputs['weights']).toBe('v1=100');
    await stage.pass(onlyV2);
    await stage.pass({ ...NO_WORKLOADS, operation: 'retire', version: 'v1' });
    const again = await stage.pass({ image: image('v2') });
    expect(again.outputs).toMatchObject({ weights: 'v2=100', changed: '0' });
  });
});

describe('a later run', () => {
  const given = {
    weights: 'v1=80,v2=20',
    replicas: '3',
    port: '80',
    'target-port': '5000',
    'port-name': 'http-web',
  };

  test.each<[string, Inputs]>([
    ['replicas, target-port and port-name', { port: '80' }],
    ['replicas and all of the port', { port: '' }],
  ])('keeps %s when they are omitted', async (_, inputs) => {
    await stage.underLoad(async () => {
      await stage.pass(given);
      const again = await stage.pass(inputs);
      expect(again.outputs['changed']).toBe('0');
    });
  });

  test('does not replace a port that routes use', async () => {
    await stage.underLoad(async () => {
      await stage.pass(given);
      const run = await stage.run({ port: '8080' });
      expect(run.code).toBe(1);
      expect(run.outputs['changed']).toBe('0');
      expect(run.log).toContain('would lose its port 80 for 8080 (input port)');
    });
  });

  test('leaves replicas to the person who has changed them', async () => {
    await stage.underLoad(async () => {
      await stage.pass(given);
      const key = { name: `${APP}-v2`, namespace: NAMESPACE };
      await stage.west.merge({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: key,
        spec: { replicas: 2 },
      });
      const again = await stage.pass({ port: '80', image: image('v2') });
      expect(again.outputs['changed']).toBe('0');
      const scaled = await stage.west.get('apps/v1', 'Deployment', key.name, NAMESPACE);
      expect(scaled['spec']).toMatchObject({ replicas: 2 });
    });
  });
});

describe('retiring a version from manifests', () => {
  const manifests = `apiVersion: v1
kind: ConfigMap
metadata: {name: settings-v1, labels: {version: v1}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: shared}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello-v1}
spec:
  selector: {matchLabels: {app: ${APP}}}
  template:
    metadata: {labels: {app: ${APP}}}
    spec: {containers: [{name: web, image: '${image('v1')}'}]}
`;

  test('deletes what carries its label, keeps and names the rest, and writes nothing the second time', async () => {
    await writeFile(join(folder, 'v1.yaml'), manifests);
    await stage.everywhere(namespace(), service());
    const v1 = { version: 'v1', manifests: 'v1.yaml', image: `v2=${image('v2')}` };
    await stage.underLoad(async () => {
      await stage.pass({ ...v1, weights: 'v1=80,v2=20' }, { cwd: folder });
      await stage.pass({ ...NO_WORKLOADS, ...onlyV2 });
      const retire = { ...v1, ...NO_WORKLOADS, operation: 'retire' };
      const run = await stage.pass(retire, { cwd: folder });
      expect(run.log).toContain(
        `east: ConfigMap ${NAMESPACE}/shared stays: without the label version: v1 it may serve other versions too`,
      );
      await expect(stage.east.find('apps/v1', 'Deployment', 'hello-v1', NAMESPACE)).resolves.toBeUndefined();
      await expect(stage.east.find('v1', 'ConfigMap', 'settings-v1', NAMESPACE)).resolves.toBeUndefined();
      await expect(stage.east.find('v1', 'ConfigMap', 'shared', NAMESPACE)).resolves.toBeDefined();
      const again = await stage.pass(retire, { cwd: folder });
      expect(again.outputs['changed']).toBe('0');
    });
  });
});

describe('manifests by cluster', () => {
  const settings = (color: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, labels: {version: v2}}\ndata: {color: ${color}}\n`;
  const colors = async (): Promise<readonly unknown[]> =>
    Promise.all(
      [stage.east, stage.west].map(
        async (kube) => (await kube.find('v1', 'ConfigMap', 'settings', NAMESPACE))?.['data'],
      ),
    );

  test('bring each cluster its own objects, which a plan compares and a retirement deletes there', async () => {
    const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
    await write('app.yaml', OWN_MANIFEST);
    await write('settings.yaml', settings('grey'));
    await write('east.yaml', settings('red'));
    await stage.everywhere(namespace(), service());
    const given = {
      clusters: 'v1: east\nv2: east, west',
      image: `v1=${image('v1')}`,
      manifests: 'app.yaml, settings.yaml\neast: east.yaml',
    };
    const cwd = { cwd: folder };
    await stage.underLoad(async () => {
      await stage.pass({ ...given, weights: 'v1=80,v2=20' }, cwd);
      await expect(colors()).resolves.toEqual([{ color: 'red' }, { color: 'grey' }]);
      const again = await stage.pass(given, cwd);
      expect(again.outputs['changed']).toBe('0');

      await write('east.yaml', settings('green'));
      const plan = await stage.pass({ ...given, operation: 'plan' }, cwd);
      expect(JSON.parse(plan.outputs['plan'] ?? '')).toEqual([
        expect.objectContaining({ cluster: 'east', object: `ConfigMap ${NAMESPACE}/settings` }),
      ]);

      await stage.pass({ ...NO_WORKLOADS, weights: 'v1=100,v2=0' });
      await stage.pass({ ...given, ...NO_WORKLOADS, operation: 'retire' }, cwd);
      await expect(colors()).resolves.toEqual([undefined, undefined]);
    });
  });
});
