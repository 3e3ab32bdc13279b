import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FleetServer } from './fleet-server.ts';
import { measuredRun } from './measured-run.ts';
import { median } from './paired.ts';
import type { Row } from './row.ts';
import type { Subject } from './subject.ts';

const run = promisify(execFile);
const PAIRS = 9;

/** How long an empty Node process takes until its first line runs, as it sees it. */
async function emptyProcess(): Promise<number> {
  const { stdout } = await run(process.execPath, ['-e', 'process.stdout.write(String(performance.now()))'], {
    env: {},
  });
  return Number(stdout);
}

/** From the start of the process to the first call of an API server, compared with the start of an empty Node process. */
export async function start(subject: Subject): Promise<readonly Row[]> {
  const fleet = await FleetServer.start(1);
  try {
    const inputs = {
      app: 'helloworld',
      namespace: 'gray-demo',
      kubeconfig: fleet.kubeconfig,
      clusters: fleet.clusters.join(','),
      operation: 'plan',
      image: 'v1=docker.io/istio/examples-helloworld-v1:1.0',
      port: '5000',
      version: 'v1',
    };
    const pairs: { readonly ms: number; readonly rss: number; readonly empty: number }[] = [];
    for (let i = 0; i <= PAIRS; i += 1) {
      const { firstCallMs, firstCallRssMiB } = await measuredRun(subject, inputs);
      pairs.push({ ms: firstCallMs, rss: firstCallRssMiB, empty: await emptyProcess() });
    }
    // The first pair warms up.
    const counted = pairs.slice(1);
    const row = (name: string, value: number, unit: Row['unit'], limit?: number): Row => ({
      section: 'start',
      name,
      value,
      unit,
      ...(limit === undefined ? {} : { goal: { limit } }),
    });
    return [
      row('first API call', median(counted.map(({ ms }) => ms)), 'ms'),
      row('empty Node process', median(counted.map(({ empty }) => empty)), 'ms'),
      row('first API call : empty Node process', median(counted.map(({ ms, empty }) => ms / empty)), '', 5),
      row('memory at the first API call', median(counted.map(({ rss }) => rss)), 'MiB', 70),
    ];
  } finally {
    fleet.stop();
  }
}
