import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startFleet } from '../../testbed/start.ts';
import type { Run } from '../../testbed/run-action.ts';
import type { Report } from '../../src/report/schema.ts';
import { ISTIO } from './support/kube.ts';
import type { Kube, Obj } from './support/kube.ts';
import { APP, NAMESPACE, destination, virtualService } from './support/objects.ts';
import { Stage } from './support/stage.ts';

let stage: Stage;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'true-sentences-'));
  stage = new Stage(await startFleet());
});
afterEach(() => stage.fleet.reset());
afterAll(() => stage.fleet.stop());

/** Nothing is deployed any more. */
const later = { image: '', port: '', confidence: '90' };

/** Someone changes the weights of the users' route by hand. */
async function edit(kube: Kube, v1: number, v2: number): Promise<void> {
  const vs = await kube.get(ISTIO, 'VirtualService', APP, NAMESPACE);
  const { http } = vs['spec'] as { http: readonly (Record<string, unknown> & { name?: string })[] };
  const preview = http.filter(({ name }) => name?.startsWith('canary-preview-') === true);
  const route = http.find((one) => !preview.includes(one));
  const edited = [...preview, { ...route, route: [destination('v1', v1), destination('v2', v2)] }];
  await kube.merge({ ...shell(), spec: { http: edited } });
}

const shell = (): Obj => ({
  apiVersion: ISTIO,
  kind: 'VirtualService',
  metadata: { name: APP, namespace: NAMESPACE },
});

async function reported(
  inputs: Readonly<Record<string, string>>,
): Promise<Run & { readonly report: Report }> {
  const run = await stage.run({ ...inputs, report: folder });
  const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Report;
  return { ...run, report };
}

const WHO = 'east holds v1=80,v2=20; west holds v1=50,v2=50';
const good = /✅|All clusters agree|[Uu]sers get/;

describe('clusters that hold different weights (scenario 36)', () => {
  test.each([
    ['an edit behind the release', true],
    ['weights that were never the release’s', false],
  ])('by %s are named everywhere, and nothing is green', async (_what, recorded) => {
    if (recorded) {
      await stage.pass({ weights: 'v1=80,v2=20', confidence: '90' });
    } else {
      const of = (v1: number): Obj =>
        virtualService([{ name: APP, route: [destination('v1', v1), destination('v2', 100 - v1)] }]);
      await stage.adopt({ vs: [of(80)] });
    }
    await stage.underLoad(async () => {
      await edit(stage.west, 50, 50);
      for (const inputs of [
        { operation: 'status' },
        // At 80/20 and a tolerance of 40 points the shares of west are right by chance, and the clusters are not.
        { operation: 'verify', weights: 'v1=80,v2=20', tolerance: '40' },
        { operation: 'plan', weights: 'v1=50,v2=50' },
      ]) {
        const run = await reported({ ...later, ...inputs });
        expect([inputs.operation, run.code]).toEqual([inputs.operation, 1]);
        expect(run.outputs).toMatchObject({ weights: '', agree: 'false', changed: '0' });
        expect(run.summary.split('\n')[0]).not.toMatch(good);
        expect(run.summary).not.toMatch(/in force/);
        expect(run.log).not.toMatch(/::notice|All clusters agree/);
        expect(run.report.agree).toBe(false);
        expect(run.report).not.toHaveProperty('weights');
        expect(run.report.held.map(({ text }) => text)).toEqual(['v1=80,v2=20', 'v1=50,v2=50']);
        expect(run.report.outcome).toBe(inputs.operation === 'verify' ? 'fail' : 'differ');
        expect(run.summary.replaceAll(/&#\d+;/g, '=')).toMatch(
          /east holds v1=80,v2=20; west holds v1=50,v2=50/,
        );
        expect(run.log).toContain(WHO);
      }
    });
    await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=50,v2=50']);
  });

  test('are told beside a cluster without a VirtualService, and routes that differ in one', async () => {
    await stage.pass({ weights: 'v1=80,v2=20', confidence: '90' });
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
      const differ = await reported({ ...later, operation: 'status' });
      expect(differ.code).toBe(1);
      expect(differ.outputs).toMatchObject({ weights: '', agree: 'false' });
      expect(differ.log).toContain(
        'east holds different weights by route (route a: v1=10,v2=90; route b: v1=80,v2=20); west holds v1=80,v2=20',
      );
    });
    await stage.west.remove(ISTIO, 'VirtualService', APP, NAMESPACE);
    await stage.east.merge({ ...shell(), spec: { http: [routes[1]] } });
    const gone = await reported({ ...later, operation: 'status' });
    expect(gone.code).toBe(1);
    expect(gone.outputs).toMatchObject({ weights: '', agree: 'false' });
    expect(gone.log).toContain('east holds v1=80,v2=20; west holds no VirtualService');
    // The remedy that status names.
    const back = await stage.run({ ...later, operation: 'rollback', weights: 'v1=80,v2=20' });
    expect(back.log).toMatch(/west/);
  });
});

describe('status', () => {
  test('is red where the namespace or the app does not exist, and names the input', async () => {
    const nothing = await stage.run({ ...later, operation: 'status' });
    expect(nothing.code).toBe(1);
    expect(nothing.log).toMatch(/Input namespace: there is no namespace gray-demo in east, west/);
    expect(nothing.log).not.toMatch(good);
    await stage.pass({ weights: 'v1=80,v2=20', confidence: '90' });
    const other = await stage.run({ ...later, operation: 'status', app: 'helloword' });
    expect(other.code).toBe(1);
    expect(other.log).toMatch(/Input app: there is no Service, no pod and no VirtualService of helloword/);
    expect(other.outputs).toMatchObject({ weights: '', agree: '' });
    const right = await stage.pass({ ...later, operation: 'status' });
    expect(right.outputs).toMatchObject({ weights: 'v1=80,v2=20', agree: 'true' });
    expect(right.log).toContain('All clusters agree.');
  });
});
