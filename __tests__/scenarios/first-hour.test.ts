import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { load } from 'js-yaml';
import { findProgram } from '../../testbed/mesh/programs.ts';
import { until } from '../../testbed/mesh/until.ts';
import { runAction } from '../../testbed/run-action.ts';
import type { Run } from '../../testbed/run-action.ts';
import { available } from './support/deployments.ts';
import { slowAdmission } from './support/admission.ts';
import {
  APP,
  ONLY_V1,
  SEED,
  deployment,
  destination,
  destinationRule,
  gateway,
  image,
  namespace,
  service,
  virtualService,
} from './support/objects.ts';
import { describeOnEmbedded, testOnEmbedded } from './support/on-embedded.ts';
import { useStage } from './support/stage.ts';

const kubectl = await findProgram('kubectl');
const stage = useStage();

describe('a slow cluster', () => {
  test('may take 6 s for admission (scenario 38)', async () => {
    await stage.pass(ONLY_V1);
    const end = await slowAdmission(stage.fleet, stage.east, 6_000);
    try {
      await stage.underLoad(async () => {
        const run = await stage.pass({ ...ONLY_V1, image: image('v1', '1.1') });
        expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=100' });
      });
    } finally {
      await end();
    }
  });

  test.each(['crash-twice', 'late-pull'])(
    'may fail to start its pods twice (%s, scenario 38)',
    async (fault) => {
      await stage.pass(ONLY_V1);
      await stage.underLoad(async () => {
        const run = await stage.pass({ weights: 'v1=80,v2=20', image: image('v2', fault) });
        expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=80,v2=20' });
      });
    },
  );
});

describeOnEmbedded('a mistake of the first hour is reported with the input to change,', () => {
  const EMPTY =
    /Input kubeconfig is empty, and .*\/\.kube\/config does not exist\. If the input comes from a secret, does the secret exist/;
  test('before the release: an unset secret, weights for promote', async () => {
    const unset = await stage.run({ kubeconfig: '', weights: 'v1=80,v2=20' });
    expect([unset.code, unset.log]).toEqual([1, expect.stringMatching(EMPTY)]);
    const promoted = await stage.run({ operation: 'promote', steps: '50,100', weights: 'v1=80,v2=20' });
    expect(promoted.log).toContain(
      'Input weights is ignored: the operation promote goes to the next of the steps.',
    );
  });

  test('on a released service: a path that the app does not serve, a namespace that is new', async () => {
    await stage.pass({ weights: 'v1=80,v2=20' });
    const lost = await stage.run({ operation: 'verify', path: '/helo', 'verify-timeout': '5s' });
    expect(lost.code).toBe(1);
    expect(lost.log).toMatch(/status 404.*does the app serve the path \/helo \(input path\)/s);
    const plan = await stage.pass({ operation: 'plan', namespace: 'gray-dmeo', weights: 'v1=80,v2=20' });
    expect(plan.summary + plan.log).toContain('new: the namespace of the release, from the input namespace');
  });

  test('of every operation on what exists: a wrong namespace, a wrong app', async () => {
    await stage.everywhere(namespace());
    for (const operation of ['status', 'verify', 'rollback', 'promote', 'retire']) {
      const what = { operation, image: '', steps: '50,100', version: operation === 'retire' ? 'v1' : 'v2' };
      const [space, app] = await Promise.all([
        stage.run({ ...what, namespace: 'gray-dmeo' }),
        stage.run({ ...what, app: 'helloword' }),
      ]);
      expect([operation, space.code, app.code]).toEqual([operation, 1, 1]);
      expect(space.log).toContain('Input namespace: there is no namespace gray-dmeo in east, west.');
      expect(app.log).toContain('Input app: there is no Service, no pod and no VirtualService of helloword');
    }
  });
});

describe('the workflow to copy in the README', () => {
  type Inputs = Readonly<Record<string, string>>;

  /** The inputs of the action in the first workflow of a page, as GitHub would hand them over. */
  async function inputsOf(page: string): Promise<Inputs> {
    const text = await readFile(join(import.meta.dirname, '../..', page), 'utf8');
    const [, workflow = ''] = /```yaml\n(name: [\s\S]*?)```/.exec(text) ?? [];
    const { jobs } = load(workflow) as {
      jobs: Record<string, { steps: { uses: string; with?: Record<string, unknown> }[] }>;
    };
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    const given = steps.find(({ uses }) => uses.includes('multicluster-canary'))?.with ?? {};
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
  }

  const SPEED = { 'max-rps': SEED['max-rps'], tolerance: SEED.tolerance };
  const release = async ({ report: _, ...inputs }: Inputs): Promise<Run> =>
    runAction({ ...inputs, ...SPEED, kubeconfig: stage.fleet.kubeconfig });

  async function expectReleases(page: string): Promise<void> {
    const inputs = await inputsOf(page);
    const outcome = async (): Promise<unknown> => {
      const { code, outputs, log } = await release(inputs);
      if (code !== 0) throw new Error(log);
      return { code, weights: outputs['weights'] };
    };
    const released = { code: 0, weights: 'v1=80,v2=20' };
    expect(await outcome()).toMatchObject(released);
    await stage.fleet.reset();
    const [, running = ''] = /^v1=(.+)$/m.exec(inputs['image'] ?? '') ?? [];
    await stage.everywhere(namespace(), service(), destinationRule(['v1']), gateway());
    await stage.east.create(deployment('v1', { image: running }));
    await available(stage.east, `${APP}-v1`);
    await stage.everywhere(virtualService([{ route: [destination('v1')] }]));
    await stage.served('any');
    await stage.underLoad(async () => {
      expect(await outcome()).toMatchObject(released);
    });
  }

  test('works on an empty mesh and on one that runs v1', () => expectReleases('README.md'));

  // The code of the page is the same.
  testOnEmbedded('works in Chinese, too', () => expectReleases('README.zh-CN.md'));
});

describeOnEmbedded('the demo with --keep', () => {
  test('prints commands that work, holds 80/20, and ends on SIGTERM', async () => {
    // It starts its own embedded fleet.
    if (stage.fleet.kind === 'mesh') return;
    const demo = execa('node', [join(import.meta.dirname, '../../testbed/demo/main.ts'), '--keep'], {
      reject: false,
      all: true,
    });
    let log = '';
    demo.all.setEncoding('utf8').on('data', (text: string) => (log += text));
    const stays = /The fleet stays up until Ctrl-C[\s\S]*checkout through west\n/;
    await until('the demo to stay up', () => stays.test(log), { seconds: 150, everyMs: 200 });
    const printed = (stays.exec(log)?.[0] ?? '').split('\n').map((line) => line.trim());
    const [setUp = '', ...rest] = printed.filter((line) => /^(export|kubectl|curl) /.test(line));
    // Whatever would end by itself has ended by then.
    await delay(3_000);
    const commands = rest.filter((line) => line.startsWith('curl') || kubectl !== undefined);
    const path = [dirname(kubectl ?? ''), process.env['PATH']].join(':');
    const answers = await Promise.all(
      commands.map((command) =>
        execa(`${setUp}\n${command}`, { shell: 'bash', env: { PATH: path } }).then(({ stdout }) => stdout),
      ),
    );
    const hello = (): unknown => expect.stringMatching(/^Hello version: v[12],/);
    const listed = expect.stringContaining('virtualservice.networking.istio.io/helloworld');
    expect(answers).toEqual([
      ...(kubectl === undefined ? [] : [listed]),
      ...Array.from({ length: 4 }, hello),
    ]);
    demo.kill('SIGTERM');
    expect((await demo).exitCode).toBe(0);
  });
});
