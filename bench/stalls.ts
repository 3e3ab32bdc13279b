/**
 * How long the event loop of the action does not turn, and how long a run takes, for releases of unusual size. What does not turn
 * does not react: a cancelled job waits, and the lock is not renewed. `node bench/stalls.ts NAME` runs the cases whose names contain NAME.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kube } from '../__tests__/scenarios/support/kube.ts';
import type { Obj } from '../__tests__/scenarios/support/kube.ts';
import { APP, HOST, NAMESPACE, SEED, deployment } from '../__tests__/scenarios/support/objects.ts';
import { startEmbedded } from '../testbed/embedded/start.ts';
import type { EmbeddedFleet } from '../testbed/embedded/start.ts';
import { runAction } from '../testbed/run-action.ts';

const ISTIO = 'networking.istio.io/v1';
type Inputs = Readonly<Record<string, string>>;

interface Case {
  readonly prepare: (fleet: EmbeddedFleet, folder: string) => Promise<void>;
  readonly inputs: (folder: string) => Inputs;
}

async function editRoutes(fleet: EmbeddedFleet, routes: readonly unknown[]): Promise<void> {
  for (const { name } of fleet.clusters) {
    const kube = new Kube(fleet, name);
    const vs = await kube.get(ISTIO, 'VirtualService', APP, NAMESPACE);
    await kube.replace({ ...vs, spec: { ...(vs['spec'] as object), http: routes } });
  }
}

const split = (extra: object, i: number): unknown => ({
  ...extra,
  match: [{ uri: { prefix: `/path-${String(i)}` } }],
  route: ['v1', 'v2'].map((subset) => ({
    destination: { host: HOST, subset },
    weight: subset === 'v1' ? 80 : 20,
  })),
});

function routesCase(number: number, named: boolean): Case {
  return {
    prepare: (fleet) =>
      editRoutes(
        fleet,
        Array.from({ length: number }, (_, i) => split(named ? { name: `route-${String(i)}` } : {}, i)),
      ),
    inputs: () => ({
      operation: 'plan',
      weights: 'v1=50,v2=50',
      routes: Array.from({ length: number }, (_, i) =>
        named ? `route-${String(i)}` : `http[${String(i)}]`,
      ).join('\n'),
    }),
  };
}

const configMap = (i: number, lines: number, word: string): Obj => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `settings-${String(i)}`, namespace: NAMESPACE },
  data: Object.fromEntries(
    Array.from({ length: lines }, (_, line) => [`key-${String(line)}-${word}`, `${word} ${String(line)}`]),
  ),
});

/** Configuration whose every line differs from the clusters'. */
function manifestsCase(number: number, lines: number): Case {
  return {
    prepare: async (fleet, folder) => {
      for (const { name } of fleet.clusters) {
        const kube = new Kube(fleet, name);
        for (let i = 0; i < number; i += 1) await kube.create(configMap(i, lines, 'old'));
      }
      // Manifests without pods are refused.
      await writeFile(join(folder, 'deployment.json'), JSON.stringify(deployment('v2')));
      for (let i = 0; i < number; i += 1)
        await writeFile(join(folder, `${String(i)}.json`), JSON.stringify(configMap(i, lines, 'new')));
    },
    inputs: (folder) => ({ operation: 'plan', manifests: join(folder, '*.json'), image: '' }),
  };
}

function subsetsCase(number: number): Case {
  return {
    prepare: async (fleet) => {
      for (const { name } of fleet.clusters) {
        const kube = new Kube(fleet, name);
        const rule = await kube.get(ISTIO, 'DestinationRule', APP, NAMESPACE);
        const spec = rule['spec'] as { readonly subsets: readonly unknown[] };
        const more = Array.from({ length: number }, (_, i) => ({
          name: `x${String(i)}`,
          labels: { version: `x${String(i)}` },
        }));
        await kube.replace({ ...rule, spec: { ...spec, subsets: [...spec.subsets, ...more] } });
      }
    },
    inputs: () => ({ operation: 'plan', weights: 'v1=50,v2=50' }),
  };
}

function podsCase(number: number): Case {
  return {
    prepare: async (fleet) => {
      const kube = new Kube(fleet, 'east');
      for (let i = 0; i < number; i += 1)
        await kube.create({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: {
            name: `pod-${String(i)}`,
            namespace: NAMESPACE,
            labels: { app: APP, version: i % 2 === 0 ? 'v1' : 'v2' },
          },
          spec: { containers: [{ name: 'app', image: 'nginx' }] },
        });
    },
    inputs: () => ({ operation: 'status' }),
  };
}

const CASES: Readonly<Record<string, Case>> = {
  '500 managed routes with names': routesCase(500, true),
  '500 managed routes by place': routesCase(500, false),
  '2,000 managed routes with names': routesCase(2_000, true),
  '2,000 managed routes by place': routesCase(2_000, false),
  '20 manifests, 10,000 lines each, every line changed': manifestsCase(20, 10_000),
  '200 manifests, 50 lines each, every line changed': manifestsCase(200, 50),
  '300 more subsets': subsetsCase(300),
  '5,000 more pods': podsCase(5_000),
};

/** Loaded by the action's process ahead of it. */
const PROBE = `
import { monitorEventLoopDelay } from 'node:perf_hooks';
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
process.on('exit', () => process.stderr.write('longest stall: ' + (delay.max / 1e6).toFixed(0) + ' ms, memory: ' + (process.resourceUsage().maxRSS / 1024).toFixed(0) + ' MiB\\n'));
`;

const asked = process.argv[2] ?? '';
for (const [name, { prepare, inputs }] of Object.entries(CASES)) {
  if (!name.includes(asked)) continue;
  const fleet = await startEmbedded();
  const folder = await mkdtemp(join(tmpdir(), 'stalls-'));
  const probe = join(folder, 'probe.mjs');
  await writeFile(probe, PROBE);
  try {
    const common = { ...SEED, kubeconfig: fleet.kubeconfig };
    const installed = await runAction({ ...common, weights: 'v1=80,v2=20' });
    if (installed.code !== 0) throw new Error(installed.log);
    await prepare(fleet, folder);
    const { code, log, seconds } = await runAction(
      { ...common, report: join(folder, 'report'), ...inputs(folder) },
      { env: { NODE_OPTIONS: `--import=${probe}` } },
    );
    const stall = /longest stall: .*/.exec(log)?.[0] ?? 'killed';
    process.stdout.write(
      `${name}: ${seconds.toFixed(1)} s, exit ${String(code)}, ${stall}, log ${(log.length / 1024).toFixed(0)} KiB\n`,
    );
    if (process.argv[3] === '--log') process.stdout.write(`${log.slice(-3_000)}\n`);
  } finally {
    await fleet.stop();
    await rm(folder, { recursive: true });
  }
}
