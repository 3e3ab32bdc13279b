import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { KUBELET_PORT, serverOf } from './kubernetes.ts';
import type { Ground, KubernetesCluster } from './kubernetes.ts';

/**
 * Starts what a cluster has of a kubelet: the API server reaches pods through it.
 *
 * @param within the words that start a command in the network of the node
 */
export async function startKubelet(
  { programs, processes, authority, folder, token }: Ground,
  { name, addresses }: KubernetesCluster,
  within: readonly string[],
): Promise<void> {
  const cwd = join(folder, name);
  const { certificate, key } = await authority.issue({ ip: [addresses.node] });
  const files = {
    certificate: join(cwd, 'kubelet.pem'),
    key: join(cwd, 'kubelet-key.pem'),
    authority: join(cwd, 'kubelet-ca.pem'),
  };
  await Promise.all([
    writeFile(files.certificate, certificate),
    writeFile(files.key, key, { mode: 0o600 }),
    writeFile(files.authority, authority.root),
  ]);
  const program = `kubelet of ${name}`;
  processes.start(
    program,
    [
      ...within,
      programs.kubelet,
      `--listen=${addresses.node}:${String(KUBELET_PORT)}`,
      `--certificate=${files.certificate}`,
      `--key=${files.key}`,
      `--authority=${files.authority}`,
      `--server=${serverOf(addresses)}`,
    ],
    { cwd, env: { TOKEN: token } },
  );
  await processes.until(program, 'listen', () => accepts({ host: addresses.node, port: KUBELET_PORT }));
}

/** Whether something accepts connections at an address. */
export function accepts(address: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
