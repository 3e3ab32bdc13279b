import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { connectProxy } from '../support/proxy.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'connections-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

type Part = Readonly<Record<string, unknown>>;

/** The fleet's kubeconfig with other clusters and users. */
function changed(change: {
  readonly cluster?: (cluster: Part) => Part;
  readonly user?: (user: { readonly token: string }) => Part;
}): string {
  const { cluster = (one) => one, user = (one) => one } = change;
  const config = new KubeConfig();
  config.loadFromString(stage.fleet.kubeconfig);
  return JSON.stringify({
    clusters: config.getClusters().map(({ name, server, caData }) => ({
      name,
      cluster: cluster({ server, 'certificate-authority-data': caData }),
    })),
    users: config.getUsers().map(({ name, token = '' }) => ({ name, user: user({ token }) })),
    contexts: config.getContexts().map(({ name, cluster: of, user: as }) => ({
      name,
      context: { cluster: of, user: as },
    })),
  });
}

test('a login command yields the token, and renews it when it has expired', async () => {
  const apiVersion = 'client.authentication.k8s.io/v1';
  const kubeconfig = changed({
    user: ({ token }) => ({
      exec: {
        apiVersion,
        command: 'printf',
        args: [
          '%s',
          JSON.stringify({
            apiVersion,
            kind: 'ExecCredential',
            status: { token, expirationTimestamp: new Date(Date.now() + 1_000).toISOString() },
          }),
        ],
      },
    }),
  });
  await stage.pass({ kubeconfig, weights: 'v1=80,v2=20' });
});

test('API servers behind a proxy are reached, and the summary names it without its password', async () => {
  const proxy = await connectProxy();
  try {
    const at = proxy.url.replace('//', '//anna:pa55w0rd-of-the-proxy@');
    const kubeconfig = changed({ cluster: (one) => ({ ...one, 'proxy-url': at }) });
    const run = await stage.pass({ kubeconfig, weights: 'v1=50,v2=50' });
    expect(new Set(proxy.asked).size).toBe(2);
    expect(run.summary).toContain(
      `The API server of west is reached through the proxy ${new URL(proxy.url).host}`,
    );
    expect(run.log + run.summary).not.toContain('pa55w0rd-of-the-proxy');
  } finally {
    await proxy.close();
  }
});

describe('an API server whose certificate is not checked', () => {
  const insecure = (): string =>
    changed({ cluster: ({ server }) => ({ server, 'insecure-skip-tls-verify': true }) });

  test('is refused, with every context and the input that accepts it', async () => {
    const run = await stage.run({ operation: 'status', kubeconfig: insecure() });
    expect(run.code).toBe(1);
    for (const name of ['east', 'west'])
      expect(run.log).toContain(`To accept the risk, add ${name} to the input insecure-clusters.`);
    // Nobody was called.
    expect(run.log).not.toContain(' calls, ');
  });

  test('is used once the input names it, and log, summary and report say so', async () => {
    const report = join(folder, 'report');
    const run = await stage.pass({
      weights: 'v1=80,v2=20',
      kubeconfig: insecure(),
      'insecure-clusters': 'east, west',
      report,
    });
    expect(run.log).toMatch(/::warning.*west is insecure \(input insecure-clusters\): /);
    expect(run.summary).toContain('<strong>Connections:</strong>');
    const json = JSON.parse(await readFile(join(report, 'report.json'), 'utf8')) as Part;
    expect(json['connections']).toHaveLength(2);
  });
});
