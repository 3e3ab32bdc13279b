import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { load } from 'js-yaml';
import { findProgram } from '../../testbed/mesh/programs.ts';

const SCRIPT = join(import.meta.dirname, '../../examples/rbac/kubeconfig.sh');

const kubectl = await findProgram('kubectl');
const reason = kubectl === undefined ? ' (skipped: kubectl is built by npm run e2e)' : '';

/** A cluster behind a proxy whose certificate has another name than its address, and one without either. */
const EAST = {
  server: 'https://10.0.0.1:6443',
  'certificate-authority-data': Buffer.from('a certificate').toString('base64'),
  'tls-server-name': 'api.example.com',
  'proxy-url': 'http://proxy.example.com:3128',
};
const WEST = { server: 'https://west.example.com' };

(kubectl === undefined ? describe.skip : describe)(`examples/rbac/kubeconfig.sh${reason}`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubeconfig-sh-'));
    const contexts = ['east', 'west'].map((name) => ({ name, context: { cluster: name, user: 'admin' } }));
    const admin = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'east', cluster: EAST },
        { name: 'west', cluster: WEST },
      ],
      contexts,
      users: [{ name: 'admin', user: { token: 'of-the-admin' } }],
    };
    await writeFile(join(folder, 'admin.yaml'), JSON.stringify(admin));
    // There is no API server to create a token.
    const stub = `#!/bin/sh\ncase " $* " in *' create token '*) echo "bound-to-$7"; exit ;; esac\nexec '${kubectl ?? ''}' "$@"\n`;
    await writeFile(join(folder, 'kubectl'), stub);
    await chmod(join(folder, 'kubectl'), 0o755);
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function print(more: Readonly<Record<string, string>> = {}): Promise<string> {
    const path = `${folder}:${process.env['PATH'] ?? ''}`;
    const env = { KUBECONFIG: join(folder, 'admin.yaml'), PATH: path, ...more };
    const { stdout } = await execa({ env })`${SCRIPT} gray-demo east west`;
    return stdout;
  }

  test('copies each cluster from the current kubeconfig, with only a bound token as credentials', async () => {
    const stdout = await print();
    expect(load(stdout)).toMatchObject({
      clusters: [
        { name: 'east', cluster: EAST },
        { name: 'west', cluster: WEST },
      ],
      users: [
        { name: 'east', user: { token: 'bound-to-multicluster-canary' } },
        { name: 'west', user: { token: 'bound-to-multicluster-canary' } },
      ],
    });
    expect(stdout).not.toContain('of-the-admin');
  });

  test('takes the service account from ACCOUNT', async () => {
    expect(await print({ ACCOUNT: 'multicluster-canary-reader' })).toContain(
      'token: bound-to-multicluster-canary-reader\n',
    );
  });
});
