/** What status, plan and a weight change cost for fleets of different sizes, where each call takes 50 ms longer. */
import { FleetServer } from './fleet-server.ts';
import { measuredRun } from './measured-run.ts';
import type { RunCost } from './measured-run.ts';
import type { Row } from './row.ts';
import type { Subject } from './subject.ts';

const CALL_MS = 50;

interface Cost extends RunCost {
  readonly calls: number;
  readonly handshakes: number;
}

/** Little sampling: this is about the clusters. */
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

const OPERATIONS = {
  status: { operation: 'status' },
  plan: { operation: 'plan', weights: 'v1=70,v2=30' },
  'weight change': { weights: 'v1=70,v2=30' },
} as const;
type Operation = keyof typeof OPERATIONS;

async function costsIn(subject: Subject, size: number): Promise<ReadonlyMap<Operation, Cost>> {
  const fleet = await FleetServer.start(size);
  const inputs = { ...INPUTS, kubeconfig: fleet.kubeconfig, clusters: fleet.clusters.join(',') };
  try {
    await measuredRun(subject, { ...inputs, ...INSTALL });
    const costs = new Map<Operation, Cost>();
    for (const operation of Object.keys(OPERATIONS) as Operation[]) {
      const { result, counts } = await fleet.countsOf(CALL_MS, () =>
        measuredRun(subject, { ...inputs, ...OPERATIONS[operation] }),
      );
      costs.set(operation, { ...result, ...counts });
    }
    return costs;
  } finally {
    fleet.stop();
  }
}

/** @param sizes of the fleets, the smallest first */
export async function fanOut(subject: Subject, sizes: readonly number[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let smallest: ReadonlyMap<Operation, Cost> | undefined;
  for (const size of sizes) {
    const costs = await costsIn(subject, size);
    smallest ??= costs;
    for (const [operation, cost] of costs) {
      const name = `${operation}, ${String(size)} clusters`;
      const isGoal = operation === 'weight change' && size === 100;
      const row = (what: string, value: number, unit: Row['unit'], limit?: number): void => {
        const goal = limit === undefined || !isGoal ? {} : { goal: { limit } };
        rows.push({ section: 'fan-out', name: `${name}: ${what}`, value, unit, ...goal });
      };
      row('time', cost.seconds, 's');
      if (costs !== smallest)
        row(
          `time : ${String(sizes[0])} cluster`,
          cost.seconds / (smallest.get(operation)?.seconds ?? NaN),
          '',
          3,
        );
      row('processor time a cluster', cost.cpuMs / size, 'ms', 40);
      row('memory', cost.rssMiB, 'MiB', 250);
      row('calls a cluster', cost.calls, '');
      row('TLS handshakes a cluster', cost.handshakes, '', 1);
      row('longest delay of the event loop', cost.stallMs, 'ms');
    }
  }
  return rows;
}
