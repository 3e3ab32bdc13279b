import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { freshBundle } from '../../testbed/fresh-bundle.ts';
import { asGitHubShows } from '../../testbed/github-markdown.ts';
import type { Run, RunOptions } from '../../testbed/run-action.ts';
import { APP, NAMESPACE } from './support/objects.ts';
import { testOnEmbedded } from './support/on-embedded.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();
let folder: string;
/** The end of the action's command line. */
let entry: string;
beforeAll(async () => {
  entry = join(await freshBundle(), 'main.js');
  folder = await mkdtemp(join(tmpdir(), 'canary-people-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Commands that the runner would follow in a log, but for the action's own. */
const COMMANDS = /^::(?!(?:group|endgroup|save-state|notice|warning|error)\b)|^##\[/m;

interface Shown {
  readonly run: Run;
  readonly page: string;
  readonly json: string;
}

/** Runs the action with a report, and reads what it left for people. */
async function shown(inputs: Readonly<Record<string, string>>, options: RunOptions = {}): Promise<Shown> {
  const report = await mkdtemp(join(folder, 'report-'));
  const run = await stage.run({ report, ...inputs }, options);
  expect(run.outputs['report']).toBe(report);
  const [page, json] = await Promise.all(
    ['report.html', 'report.json'].map((name) => readFile(join(report, name), 'utf8')),
  );
  return { run, page: page ?? '', json: json ?? '' };
}

describe('hostile strings stay text in log, summary and report (scenario 33)', () => {
  const HOSTILE = '<img src=x onerror=alert(1)>|`::error::x`|</details><script>';

  testOnEmbedded('in the responses of an ingress', async () => {
    await stage.pass({ weights: 'v1=100,v2=0' });
    const server = createServer((_request, response) => {
      // A header takes no line breaks; the body takes anything.
      response.setHeader('x-version', HOSTILE);
      response.end(`\n::error::owned\n##[error]owned\u001b[31m ${HOSTILE}`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const { run, page, json } = await shown({
        operation: 'verify',
        ingress: `east=http://127.0.0.1:${String(port)}\nwest=none`,
        'version-from': 'header:x-version',
      });
      expect(run.code).toBe(1);
      expect(run.log).toContain('onerror=alert(1)');
      expect(run.log).not.toMatch(COMMANDS);
      expect(run.log).not.toContain('\u001b');
      const html = await asGitHubShows(run.summary);
      expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
      expect(html).not.toMatch(/<(?:img|script)/);
      expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;');
      expect(page).not.toMatch(/<(?:img|script)/);
      expect(json).toContain('onerror=alert(1)');
    } finally {
      server.close();
    }
  });

  test('in the labels of a pod and the annotations of a route', async () => {
    await stage.pass({ weights: 'v1=80,v2=20' });
    const [vs] = await stage.routes();
    if (vs === undefined) throw new Error('there is no VirtualService');
    const annotations = { hostile: `${HOSTILE}\n\`\`\`\n::add-mask::v1\n<b>` };
    await stage.east.merge({ ...vs, metadata: { name: APP, namespace: NAMESPACE, annotations } });
    const { run, page } = await shown({ weights: 'v1=50,v2=50' });
    expect(run.code).toBe(0);
    expect(run.log).not.toMatch(COMMANDS);
    const html = await asGitHubShows(run.summary);
    expect(html).not.toMatch(/<(?:img|script|b)[ >]/);
    expect(page).not.toMatch(/<(?:img|script)/);
    expect(page).toContain('&lt;/details&gt;&lt;script&gt;');
  });
});

testOnEmbedded('a plan too large for a summary is shortened, not lost (scenario 33)', async () => {
  await stage.east.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  const manifest = join(folder, 'large.yaml');
  const configMap = (name: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`key-${String(i)}`, 'é'.repeat(40)])),
    });
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'helloworld-v2' },
    spec: {
      selector: { matchLabels: { app: APP, version: 'v2' } },
      template: {
        metadata: { labels: { app: APP, version: 'v2' } },
        spec: { containers: [{ name: APP, image: 'example.com/hello:2' }] },
      },
    },
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: APP },
    spec: { selector: { app: APP }, ports: [{ name: 'http', port: 5000 }] },
  };
  await writeFile(
    manifest,
    [
      configMap('a'),
      configMap('b'),
      configMap('c'),
      JSON.stringify(deployment),
      JSON.stringify(service),
    ].join('\n---\n'),
  );
  const { run, page } = await shown({
    operation: 'plan',
    manifests: manifest,
    image: '',
    weights: 'v2=100',
    clusters: 'east, west',
  });
  expect([run.code, run.log]).toEqual([0, expect.any(String)]);
  expect(Buffer.byteLength(run.summary)).toBeLessThanOrEqual(1024 * 1024);
  expect(run.summary).toMatch(/Shortened to GitHub’s limit.*Omitted: [\d,]+ × difference/);
  expect(run.summary).toMatch(/create|apply ConfigMap/);
  expect(page.length).toBeGreaterThan(1024 * 1024);
});

testOnEmbedded('no summary is written unless requested (scenario 33)', async () => {
  const run = await stage.pass({ weights: 'v1=100,v2=0', summary: 'false' });
  expect(run.summary).toBe('');
});

testOnEmbedded('a report that cannot be written causes a warning, and the release passes', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'canary-report-'));
  const run = await stage.pass(
    { weights: 'v1=100,v2=0', report: 'taken/report' },
    {
      cwd,
      // The path is free when the inputs are read, and a file of another process by the time of the report.
      onLog: () => {
        writeFileSync(join(cwd, 'taken'), '');
      },
    },
  );
  await rm(cwd, { recursive: true });
  expect(run.log).toMatch(
    /::warning::The report could not be written into taken\/report \(input report\): .+/,
  );
  expect(run.outputs['report']).toBe('');
});

describe("the kubeconfig's contents appear nowhere (scenario 34)", () => {
  /** Every credential of the kubeconfig, as text and as base64. */
  function secrets(): readonly string[] {
    const config = new KubeConfig();
    config.loadFromString(stage.fleet.kubeconfig);
    const found = [
      ...config.getUsers().flatMap((user) => [user.token, user.password, user.keyData, user.certData]),
      ...config.getClusters().map((cluster) => cluster.caData),
    ].flatMap((secret) => (secret === undefined || secret === '' ? [] : [secret]));
    expect(found.length).toBeGreaterThan(0);
    return found.flatMap((secret) => {
      const text = Buffer.from(secret, 'base64').toString('utf8');
      // Each line of a key is a secret of its own; those that say BEGIN and END are not.
      const lines = text.startsWith('-----')
        ? text.split('\n').filter((line) => /^[\w+/=]{40,}$/.test(line))
        : [];
      return [secret, ...lines];
    });
  }

  /** Whether a text holds a secret, whole or its first part. */
  const leaks = (text: string): readonly string[] =>
    secrets().filter((secret) => text.includes(secret.slice(0, 60)));

  async function contentOf(path: string): Promise<string> {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
  }

  test.each([
    ['a run that passes', { weights: 'v1=80,v2=20' }, 0],
    [
      'a run that fails',
      {
        weights: 'v1=80,v2=20',
        image: 'v1=example.com/helloworld-v1:missing',
        version: 'v1',
        'ready-timeout': '2s',
      },
      1,
    ],
  ])('of %s', async (_what, inputs, code) => {
    const home = await mkdtemp(join(folder, 'home-'));
    const state = join(home, 'state');
    await writeFile(state, '');
    const seen: string[] = [];
    const ended = new AbortController();
    const options = {
      cwd: home,
      env: {
        RUNNER_DEBUG: '1',
        ACTIONS_STEP_DEBUG: 'true',
        TMPDIR: home,
        RUNNER_TEMP: home,
        HOME: home,
        GITHUB_STATE: state,
      },
    };
    const running = shown(inputs, options).finally(() => {
      ended.abort();
    });
    while (!ended.signal.aborted) {
      seen.push(await processes());
      await delay(100);
    }
    const { run, page, json } = await running;
    expect(run.code).toBe(code);
    expect({
      log: leaks(run.log),
      outputs: leaks(JSON.stringify(run.outputs)),
      summary: leaks(run.summary),
      page: leaks(page),
      json: leaks(json),
      disk: leaks(await contentOf(home)),
      processes: leaks(seen.join('\n')),
    }).toEqual({ log: [], outputs: [], summary: [], page: [], json: [], disk: [], processes: [] });
    expect(seen.join('\n')).toContain(entry);
  });

  /** Command lines of all processes, and their environment but for the input by which the kubeconfig is given. */
  async function processes(): Promise<string> {
    const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
    const told = await Promise.all(
      ids.map(async (id) => {
        const command = await read(`/proc/${id}/cmdline`);
        if (!command.includes(entry)) return command;
        const environment = (await read(`/proc/${id}/environ`)).split('\0');
        return [command, ...environment.filter((entry) => !entry.startsWith('INPUT_KUBECONFIG='))].join('\n');
      }),
    );
    return told.join('\n');
  }
});
