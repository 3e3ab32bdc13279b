/** Starts an embedded fleet and leaves it running until Ctrl-C: `node testbed/embedded/main.ts [cluster…]`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from './start.ts';

const names = process.argv.slice(2);
const fleet = await startEmbedded(names.length > 0 ? { clusters: names } : {});
const folder = await mkdtemp(join(tmpdir(), 'embedded-kubeconfig-'));
const file = join(folder, 'config');
await writeFile(file, fleet.kubeconfig, { mode: 0o600 });

process.stdout.write(`export KUBECONFIG=${file}\n`);
for (const { name, ingress } of fleet.clusters) process.stdout.write(`${name}: ${ingress}\n`);

// The servers of a fleet do not keep the process alive.
const running = setInterval(() => undefined, 60_000);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    clearInterval(running);
    void fleet.stop().then(() => rm(folder, { recursive: true, force: true }));
  });
}
