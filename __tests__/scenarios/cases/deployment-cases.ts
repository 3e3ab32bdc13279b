import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { allowNoPods } from '../support/deployments.ts';
import { APP, NAMESPACE, ONLY_V1, deployment, image, namespace, service } from '../support/objects.ts';
import type { Stage } from '../support/stage.ts';

/** What a release deploys, whatever kind of object holds the weights. A file runs this on its stage. */
export function deploymentCases(stage: Stage): void {
  describe('a workload that cannot take traffic', () => {
    const cases = [
      { fault: 'missing', cause: /cannot become ready:.*ImagePullBackOff/s },
      { fault: 'crash', cause: /cannot become ready:.*CrashLoopBackOff/s },
      { fault: 'unready', cause: /was not ready after 3 s.*ready-timeout/s },
    ];
    test.each(cases)(
      '($fault) is named as the cause, and the traffic is not touched (scenario 5)',
      async ({ fault, cause }) => {
        await stage.pass(ONLY_V1);
        const before = await stage.routes();
        await stage.underLoad(async () => {
          const run = await stage.run({
            weights: 'v1=80,v2=20',
            image: image('v2', fault),
            'ready-timeout': fault === 'unready' ? '3s' : '6s',
          });
          expect(run.code).toBe(1);
          expect(run.log).toMatch(cause);
          expect(run.log).toMatch(/Version v2 in west/);
        });
        expect((await stage.routes()).map(({ spec }) => spec)).toEqual(before.map(({ spec }) => spec));
      },
    );

    test('is fixed by a run with an image that can be pulled, whatever state its earlier pods are in', async () => {
      const only = { version: 'v1', clusters: 'v1: east, west' };
      await stage.pass({ ...only, image: image('v1') });
      const both = { clusters: 'v1: east, west\nv2: east, west' };
      const failed = await stage.run({
        ...both,
        image: `v2=${image('v2', 'missing')}`,
        'ready-timeout': '6s',
      });
      expect(failed.log).toContain('ImagePullBackOff');
      await stage.underLoad(async () => {
        const run = await stage.pass({ ...both, image: `v2=${image('v2')}` });
        expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=100,v2=0' });
      });
    });

    test('beyond a quota is named as the cause, and the traffic is not touched (scenario 5)', async () => {
      await stage.pass(ONLY_V1);
      await allowNoPods(stage.west);
      await stage.underLoad(async () => {
        const run = await stage.run({
          weights: 'v1=80,v2=20',
          image: image('v2'),
          'ready-timeout': '6s',
        });
        expect(run.code).toBe(1);
        expect(run.log).toMatch(/Version v2 in west.*exceeded quota: tight/s);
      });
      await expect(stage.weights()).resolves.toEqual(['v1=100', 'v1=100']);
    });
  });

  test('a Deployment of the same name that runs another version is refused before anything is written (scenario 6)', async () => {
    await stage.everywhere(namespace(), service());
    await stage.west.create(deployment('v1', { name: `${APP}-v2` }));
    const run = await stage.run({ weights: 'v1=80,v2=20' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/Deployment gray-demo\/helloworld-v2 in west runs version v1, not v2/);
    expect(run.outputs['changed']).toBe('0');
    await expect(stage.east.find('apps/v1', 'Deployment', `${APP}-v1`, NAMESPACE)).resolves.toBeUndefined();
  });

  describe("the user's own manifests", () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'manifests-'));
      await writeFile(
        join(folder, 'a-config.yaml'),
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {color: blue}\n',
      );
      await writeFile(
        join(folder, 'b-app.yaml'),
        `apiVersion: apps/v1
kind: Deployment
metadata:
  name: hello
  labels: {team: greeters}
spec:
  selector:
    matchLabels: {app: helloworld}
  template:
    metadata:
      labels: {app: helloworld, tier: front}
      annotations: {note: 'kept'}
    spec:
      containers:
        - name: helper
          image: docker.m.daocloud.io/library/helper:1.0
        - name: web
          image: registry.example:5000/istio/examples-helloworld-v2:0.9
          ports: [{containerPort: 5000}]
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: hello
`,
      );
    });
    afterAll(() => rm(folder, { recursive: true }));

    const digest = `registry.example:5000/istio/examples-helloworld-v2:1.0@sha256:${'ab12'.repeat(16)}`;

    test('get version label and image patched in, the rest untouched (scenario 8)', async () => {
      await stage.pass(ONLY_V1);
      await stage.west.create(service());
      await stage.underLoad(async () => {
        const inputs = { weights: 'v1=80,v2=20', image: digest, manifests: '*.yaml' };
        const run = await stage.pass(inputs, { cwd: folder });
        expect(run.outputs['verdict']).toBe('pass');
        const again = await stage.pass(inputs, { cwd: folder });
        expect(again.outputs['changed']).toBe('0');
      });
      const hello = await stage.west.get('apps/v1', 'Deployment', 'hello', NAMESPACE);
      expect(hello.metadata.labels).toEqual({ team: 'greeters', version: 'v2' });
      expect(hello['spec']).toMatchObject({
        selector: { matchLabels: { app: APP, version: 'v2' } },
        template: {
          metadata: { labels: { app: APP, tier: 'front', version: 'v2' }, annotations: { note: 'kept' } },
          spec: {
            containers: [
              { name: 'helper', image: 'docker.m.daocloud.io/library/helper:1.0' },
              { name: 'web', image: digest },
            ],
          },
        },
      });
      const settings = await stage.west.get('v1', 'ConfigMap', 'settings', NAMESPACE);
      expect(settings['data']).toEqual({ color: 'blue' });
      await expect(stage.east.find('v1', 'ConfigMap', 'settings', NAMESPACE)).resolves.toBeUndefined();
    });
  });
}
