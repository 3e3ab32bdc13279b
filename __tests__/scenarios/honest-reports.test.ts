import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Run, RunOptions, RunningAction } from '../../testbed/run-action.ts';
import type { Report } from '../../src/report/schema.ts';
import { imageOf, setImage } from './support/deployments.ts';
import { ISTIO } from './support/kube.ts';
import type { Obj } from './support/kube.ts';
import { APP, NAMESPACE, NO_WORKLOADS, destination, image, virtualService } from './support/objects.ts';
import { describeOnEmbedded, testOnEmbedded } from './support/on-embedded.ts';
import { editWeights } from './support/route-edits.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'honest-reports-'));
});

const shell = (): Obj => ({
  apiVersion: ISTIO,
  kind: 'VirtualService',
  metadata: { name: APP, namespace: NAMESPACE },
});

async function reported(
  inputs: Readonly<Record<string, string>>,
  options: RunOptions = {},
): Promise<Run & { readonly report: Report }> {
  const run = await stage.run({ ...inputs, report: folder }, options);
  const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Report;
  return { ...run, report };
}

const WHO = 'east holds v1=80,v2=20; west holds v1=50,v2=50';
const good = /✅|All clusters agree|[Uu]sers get/;

describeOnEmbedded('clusters that hold different weights (scenario 36)', () => {
  test.each([
    ['an edit behind the release', true],
    ['weights that were never the release’s', false],
  ])('because of %s are named everywhere, and nothing is green', async (_what, recorded) => {
    if (recorded) {
      await stage.pass({ weights: 'v1=80,v2=20' });
    } else {
      const of = (v1: number): Obj =>
        virtualService([{ name: APP, route: [destination('v1', v1), destination('v2', 100 - v1)] }]);
      await stage.adopt({ vs: [of(80)] });
    }
    await stage.underLoad(async () => {
      await editWeights(stage.west, 50, 50);
      for (const inputs of [
        { operation: 'status' },
        // At 80/20 and a tolerance of 40 points the shares of west are right by chance, and the clusters are not.
        { operation: 'verify', weights: 'v1=80,v2=20', tolerance: '40' },
        { operation: 'plan', weights: 'v1=50,v2=50' },
      ]) {
        const run = await reported({ ...NO_WORKLOADS, ...inputs });
        expect([inputs.operation, run.code]).toEqual([inputs.operation, 1]);
        expect(run.outputs).toMatchObject({ weights: '', agree: 'false', changed: '0' });
        expect(run.summary.split('\n')[0]).not.toMatch(good);
        expect(run.summary).not.toMatch(/current weights/i);
        expect(run.log).not.toMatch(/::notice|All clusters agree/);
        expect(run.report.agree).toBe(false);
        expect(run.report).not.toHaveProperty('weights');
        expect(run.report.weightsByCluster.map(({ text }) => text)).toEqual(['v1=80,v2=20', 'v1=50,v2=50']);
        expect(run.report.outcome).toBe(inputs.operation === 'verify' ? 'fail' : 'diverged');
        expect(run.summary.replaceAll(/&#\d+;/g, '=')).toMatch(
          /east holds v1=80,v2=20; west holds v1=50,v2=50/,
        );
        expect(run.log).toContain(WHO);
      }
    });
    await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=50,v2=50']);
  });

  test('are named next to a missing VirtualService and to routes that differ within one', async () => {
    await stage.pass({ weights: 'v1=80,v2=20' });
    const routes = [
      {
        name: 'a',
        match: [{ uri: { prefix: '/a' } }],
        route: [destination('v1', 10), destination('v2', 90)],
      },
      { name: 'b', route: [destination('v1', 80), destination('v2', 20)] },
    ];
    await stage.underLoad(async () => {
      await stage.east.merge({ ...shell(), spec: { http: routes } });
      const differ = await reported({ ...NO_WORKLOADS, operation: 'status' });
      expect(differ.code).toBe(1);
      expect(differ.outputs).toMatchObject({ weights: '', agree: 'false' });
      expect(differ.log).toContain(
        'east holds different weights by route (route a: v1=10,v2=90; route b: v1=80,v2=20); west holds v1=80,v2=20',
      );
    });
    await stage.west.remove(ISTIO, 'VirtualService', APP, NAMESPACE);
    await stage.east.merge({ ...shell(), spec: { http: [routes[1]] } });
    const gone = await reported({ ...NO_WORKLOADS, operation: 'status' });
    expect(gone.code).toBe(1);
    expect(gone.outputs).toMatchObject({ weights: '', agree: 'false' });
    expect(gone.log).toContain('east holds v1=80,v2=20; west holds no VirtualService');
    expect(gone.summary).toContain('run the operation rollout, with the input weights set to');
    await stage.pass({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
    await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
  });
});

describe('status', () => {
  testOnEmbedded('fails if namespace or app do not exist, and names the input', async () => {
    const nothing = await stage.run({ ...NO_WORKLOADS, operation: 'status' });
    expect(nothing.code).toBe(1);
    expect(nothing.log).toMatch(/Input namespace: there is no namespace gray-demo in east, west/);
    expect(nothing.log).not.toMatch(good);
    await stage.pass({ weights: 'v1=80,v2=20' });
    const other = await stage.run({ ...NO_WORKLOADS, operation: 'status', app: 'helloword' });
    expect(other.code).toBe(1);
    expect(other.log).toMatch(/Input app: there is no Service, no pod and no VirtualService of helloword/);
    expect(other.outputs).toMatchObject({ weights: '', agree: '' });
    const right = await stage.pass({ ...NO_WORKLOADS, operation: 'status' });
    expect(right.outputs).toMatchObject({ weights: 'v1=80,v2=20', agree: 'true' });
    expect(right.log).toContain('All clusters agree.');
  });
});

/** v1 alone has the users, and this run brings another image for it. */
const alone = {
  clusters: 'v1: east',
  'config-clusters': 'east, west',
  version: 'v1',
  weights: 'v1=100',
  tolerance: '5',
};
const bad = image('v1', 'errors');

const imageOfV1 = (): Promise<string | undefined> => imageOf(stage.east, `${APP}-v1`);

describe('a failed release that replaced the image of a version with users (scenario 39)', () => {
  test('restores its earlier pods, and the next run writes nothing', async () => {
    await stage.pass({ ...alone, image: `v1=${image('v1')}` });
    await stage.underLoad(
      async () => {
        const run = await reported({ ...alone, image: `v1=${bad}` });
        expect(run.code).toBe(1);
        expect(run.outputs).toMatchObject({ verdict: 'fail', weights: 'v1=100', agree: 'true' });
        expect(run.report.headline).toMatch(/^Requests to v1 \([\d,]+ of [\d,]+\) fail\./);
        expect(run.report.currentState).toMatch(
          /Deployment gray-demo\/helloworld-v1 in east is back on image \S+v1:latest, and ready\./,
        );
        expect(run.summary).toMatch(/v1 fails/);
        expect(run.summary).not.toMatch(/nothing is urgent|Likely cause|likely cause/);
        expect(run.report.nextStep).toBe(
          'Check the logs of v1: the routes and rules do not explain the failed requests. Of pods that have been replaced since, only stored logs are left.',
        );
      },
      { faulty: true },
    );
    await stage.underLoad(async () => {
      await expect(imageOfV1()).resolves.toBe(image('v1'));
      const again = await stage.pass({ ...alone, image: `v1=${image('v1')}` });
      expect(again.outputs['changed']).toBe('0');
    });
  });

  test.each([
    { version: 'v1', sound: 'v2', back: ['Deployment', 'VirtualService', 'VirtualService'] },
    { version: 'v2', sound: 'v1', back: ['VirtualService', 'VirtualService', 'Deployment'] },
  ])(
    'of $version restores first what takes users from its failing pods',
    async ({ version, sound, back }) => {
      const images = { v1: image('v1'), v2: image('v2') };
      const inputOf = (all: Readonly<Record<string, string>>): string =>
        Object.entries(all)
          .map(([name, one]) => `${name}=${one}`)
          .join('\n');
      await stage.pass({ image: inputOf(images), weights: 'v1=60,v2=40' });
      await stage.underLoad(
        async () => {
          const run = await reported({
            image: inputOf({ ...images, [version]: image(version, 'errors') }),
            weights: 'v1=50,v2=50',
            tolerance: '5',
          });
          expect(run.code).toBe(1);
          expect(run.outputs).toMatchObject({ verdict: 'fail', weights: 'v1=60,v2=40' });
          expect(run.report.headline).toMatch(
            new RegExp(
              String.raw`Requests to ${version} \([\d,]+ of [\d,]+\) fail; requests to ${sound} \(0 of [\d,]+\) do not\.`,
            ),
          );
          expect(run.report.changes.slice(-3).map(({ object }) => object.split(' ')[0])).toEqual(back);
        },
        { faulty: true },
      );
      const cluster = version === 'v1' ? stage.east : stage.west;
      await expect(imageOf(cluster, `${APP}-${version}`)).resolves.toBe(image(version));
      await expect(stage.weights()).resolves.toEqual(['v1=60,v2=40', 'v1=60,v2=40']);
    },
  );

  test('restores the image if its new pods never get ready, and no user notices', async () => {
    await stage.pass({ ...alone, image: `v1=${image('v1')}` });
    await stage.underLoad(async () => {
      const run = await reported({ ...alone, image: `v1=${image('v1', 'unready')}`, 'ready-timeout': '3s' });
      expect(run.code).toBe(1);
      expect(run.report.outcome).toBe('failed');
      expect(run.report.currentState).toMatch(
        /weights are unchanged \(v1 100%\);.* is back on image \S+v1:latest, and ready\./,
      );
      await expect(imageOfV1()).resolves.toBe(image('v1'));
    });
  });

  test('restores the image when it is cancelled, and no user notices', async () => {
    await stage.pass({ ...alone, image: `v1=${image('v1')}` });
    await stage.underLoad(async () => {
      let action: RunningAction | undefined;
      const run = await reported(
        { ...alone, image: `v1=${image('v1', 'next')}`, 'max-rps': '1' },
        {
          onStart: (process) => {
            action = process;
          },
          onLog: (text) => {
            if (text.includes('::group::Verify')) action?.kill('SIGINT');
          },
        },
      );
      expect(run.code).toBe(1);
      expect(run.report.currentState).toMatch(
        /is back on image \S+v1:latest; its pods are still being replaced\./,
      );
      await expect(imageOfV1()).resolves.toBe(image('v1'));
    });
  });

  test('says first what users get if nothing is restored, and its suggested fix works', async () => {
    await stage.pass({ ...alone, image: `v1=${image('v1')}` });
    const kept = await reported({ ...alone, image: `v1=${bad}`, 'on-failure': 'keep' });
    const harm = `v1, which has 100% of the traffic, still runs image ${bad} of this failed run instead of image ${image('v1')}`;
    expect(kept.report.headline.startsWith(harm)).toBe(true);
    expect(kept.log).toMatch(/::error title=helloworld%3A rollout failed::v1, which has 100% of the traffic/);
    const [, way = ''] =
      /run the operation rollout with image (\S+)\. /.exec(`${kept.report.headline} `) ?? [];
    const out = await stage.pass({ ...alone, image: way });
    expect(out.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=100' });
    // An edit during sampling is not reverted.
    let edited: Promise<void> | undefined;
    // This image fails, too: its pods may be ready before the check has decided.
    const next = bad.replace('docker.m.daocloud.io', 'quay.io');
    const run = await reported(
      { ...alone, image: `v1=${bad}` },
      {
        onLog: (text) => {
          if (text.includes('::group::Verify')) edited ??= setImage(stage.east, `${APP}-v1`, next);
        },
      },
    );
    await edited;
    expect(run.report.headline).toMatch(
      /^v1, which has 100% .*someone else has changed it since, which is left unchanged/,
    );
    await expect(imageOfV1()).resolves.toBe(next);
  });
});
