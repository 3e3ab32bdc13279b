/** What a plan, a weight change and a status cost for fleets of different sizes, where each call takes 50 ms longer. */
import { FleetServer } from './fleet-server.ts';
import { measuredRun } from './measured-run.ts';
import type { RunCost } from './measured-run.ts';

const CALL_MS = 50;

export interface FanOut extends RunCost {
  readonly operation: string;
  readonly clusters: number;
  readonly calls: number;
  readonly handshakes: number;
}

const INPUTS = {
  app: 'helloworld',
  namespace: 'gray-demo',
  path: '/hello',
  tolerance: '40',
  'max-rps': '2000',
} as const;

const INSTALL = {
  image: 'v1=docker.io/istio/examples-helloworld-v1:1.0\nv2=docker.io/istio/examples-helloworld-v2:1.0',
  port: '5000',
  weights: 'v1=80,v2=20',
};

/** Alternates, so that every run changes the weights. */
const weightChanges = ['v1=70,v2=30', 'v1=60,v2=40'];

export async function fanOut(size: number): Promise<readonly FanOut[]> {
  const fleet = await FleetServer.start(size);
  const inputs = { ...INPUTS, kubeconfig: fleet.kubeconfig, clusters: fleet.clusters.join(',') };
  try {
    await measuredRun({ ...inputs, ...INSTALL });
    const rows: FanOut[] = [];
    const operations = {
      status: { operation: 'status' },
      plan: { operation: 'plan', weights: weightChanges[0] ?? '' },
      'weight change': { weights: weightChanges[0] ?? '' },
    };
    for (const [operation, own] of Object.entries(operations)) {
      let cost: RunCost | undefined;
      const counts = await fleet.countsOf(CALL_MS, async () => {
        cost = await measuredRun({ ...inputs, ...own }, process.env['BENCH_NODE_OPTIONS']);
      });
      if (cost !== undefined) rows.push({ operation, clusters: size, ...cost, ...counts });
    }
    return rows;
  } finally {
    fleet.stop();
  }
}

if (import.meta.main) {
  for (const size of process.argv.slice(2).map(Number))
    for (const one of await fanOut(size))
      process.stdout.write(
        `${String(one.clusters).padStart(4)} ${one.operation.padEnd(14)} ${one.seconds.toFixed(2)} s, cpu ${one.cpuMs.toFixed(0)} ms, ${one.rssMiB.toFixed(0)} MiB, stall ${one.stallMs.toFixed(0)} ms, ${String(one.calls)} calls, ${String(one.handshakes)} handshakes\n`,
      );
}
