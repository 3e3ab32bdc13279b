import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { findProgram } from '../../testbed/mesh/programs.ts';
import { copiedYaml, stepsIn } from '../support/workflow-files.ts';

/** The script of the only step of an example that has one. */
function scriptOf(workflow: string): string {
  const scripts = copiedYaml
    .filter(({ page }) => page === `examples/workflows/${workflow}`)
    .flatMap(stepsIn)
    .map(({ run }) => run)
    .filter((run) => run !== '');
  expect(scripts).toHaveLength(1);
  return scripts.join('');
}

describe('the Slack message', () => {
  const received: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    request.on('end', () => {
      received.push(body);
      response.writeHead(body.includes('refuse') ? 403 : 200).end('ok');
    });
  });
  beforeAll(() => new Promise<void>((done) => server.listen(0, '127.0.0.1', done)));
  afterAll(() => {
    server.close();
  });

  const send = async (env: Readonly<Record<string, string>>): Promise<readonly [number, string]> => {
    const { port } = server.address() as AddressInfo;
    received.length = 0;
    const { exitCode = -1 } = await execa(
      'bash',
      ['--noprofile', '--norc', '-eo', 'pipefail', '-c', scriptOf('slack.yml')],
      {
        reject: false,
        env: {
          SLACK_WEBHOOK: `http://127.0.0.1:${String(port)}/services/T0/B0/secret`,
          no_proxy: '127.0.0.1',
          OUTCOME: 'success',
          VERDICT: 'pass',
          WEIGHTS: 'v1=80,v2=20',
          PAGE: 'https://shop.example.com/',
          RUN: 'https://github.com/acme/shop/actions/runs/1',
          ...env,
        },
      },
    );
    const { text } = JSON.parse(received[0] ?? '{}') as { text?: string };
    return [exitCode, text ?? ''];
  };

  test('says what became of the release', async () => {
    await expect(send({})).resolves.toEqual([
      0,
      ':white_check_mark: helloworld: pass. Weights: v1=80,v2=20. https://shop.example.com/\nhttps://github.com/acme/shop/actions/runs/1',
    ]);
  });

  test('has a result even where the run has no outputs', async () => {
    const [, text] = await send({ OUTCOME: 'cancelled', VERDICT: '', WEIGHTS: '', PAGE: '' });
    expect(text).toMatch(
      /^:x: helloworld: cancelled\. Weights: unknown, or different between clusters\. \nhttps/,
    );
  });

  test('keeps what a value contains from becoming a mention, a link or a field', async () => {
    const [code, text] = await send({ WEIGHTS: '<!channel> & "}, {"channel": "x\n$(id) `id`' });
    expect(code).toBe(0);
    expect(text).toContain('Weights: &lt;!channel&gt; &amp; "}, {"channel": "x\n$(id) `id`.');
    expect(Object.keys(JSON.parse(received[0] ?? '') as object)).toEqual(['text']);
  });

  test('that Slack refuses fails its step', async () => {
    const [code] = await send({ WEIGHTS: 'refuse' });
    expect(code).toBe(22);
  });
});

const kubectl = await findProgram('kubectl');
const reason = kubectl === undefined ? ' (skipped: kubectl is built by npm run e2e)' : '';

describe('the manifests of each cluster', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'render-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const write = async (path: string, text: string, mode = 0o644): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { mode });
  };
  const run = async (workflow: string, path: string): Promise<readonly string[]> => {
    await execa('bash', ['-e', '-c', scriptOf(workflow)], {
      cwd: folder,
      env: { PATH: `${path}:${process.env['PATH'] ?? ''}` },
    });
    return Promise.all(
      ['east', 'west'].map((cluster) => readFile(join(folder, `out/${cluster}/app.yaml`), 'utf8')),
    );
  };

  test('are rendered by Helm with the values of the cluster', async () => {
    await write('bin/helm', '#!/bin/sh\necho "$*"\n', 0o755);
    await expect(run('helm.yml', join(folder, 'bin'))).resolves.toEqual(
      ['east', 'west'].map(
        (cluster) =>
          `template helloworld-v2 deploy/chart --namespace gray-demo --no-hooks --values deploy/values/${cluster}.yaml\n`,
      ),
    );
  });

  (kubectl === undefined ? describe.skip : describe)(`Kustomize${reason}`, () => {
    test('builds them from their overlays', async () => {
      const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n';
      await write('deploy/base/map.yaml', map);
      await write('deploy/base/kustomization.yaml', 'resources: [map.yaml]\n');
      for (const cluster of ['east', 'west'])
        await write(
          `deploy/overlays/${cluster}/kustomization.yaml`,
          `resources: [../../base]\nnameSuffix: -v2\ncommonAnnotations: {cluster: ${cluster}}\n`,
        );
      const built = await run('kustomize.yml', dirname(kubectl ?? ''));
      expect(built.map((text) => /cluster: (\w+)\n {2}name: settings-v2/.exec(text)?.[1])).toEqual([
        'east',
        'west',
      ]);
    });
  });
});
