/**
 * The main job in one command: the built action, started as a runner starts it, on two clusters inside this process.
 * With `--keep` the fleet stays up afterwards, for one's own tries with kubectl, curl and a browser.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import { startEmbedded } from './embedded/start.ts';
import type { TestFleet } from './fleet.ts';
import { runAction } from './run-action.ts';

const image = (version: string, tag: string): string =>
  `docker.io/istio/examples-helloworld-${version}:${tag}`;

const HELLOWORLD = {
  app: 'helloworld',
  namespace: 'gray-demo',
  clusters: 'v1: east\nv2: west',
  version: 'v2',
  path: '/hello',
  'max-rps': '1000',
};
const CHECKOUT = {
  ...HELLOWORLD,
  app: 'checkout',
  namespace: 'shop',
  hosts: 'checkout.example.com',
  port: '5000',
};

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Runs the steps of the demo and keeps what each leaves behind. */
class Demo {
  readonly #fleet: TestFleet;
  readonly #folder: string;
  #step = 0;

  constructor(fleet: TestFleet, folder: string) {
    this.#fleet = fleet;
    this.#folder = folder;
  }

  /** Runs the action as one step of a workflow, shows its log and its summary, and says whether it ended as announced. */
  async step(
    title: string,
    inputs: Readonly<Record<string, string>>,
    expected: 'passes' | 'fails',
  ): Promise<void> {
    this.#step += 1;
    say(`\n━━━ ${String(this.#step)}. ${title} (${expected}) ━━━\n`);
    const run = await runAction({ kubeconfig: this.#fleet.kubeconfig, ...inputs }, { onLog: show });
    const ended = run.code === 0 ? 'passes' : 'fails';
    say(`\n${run.summary}`);
    const name = join(this.#folder, `${String(this.#step)}-${inputs['operation'] ?? 'rollout'}`);
    await Promise.all([writeFile(`${name}.md`, run.summary), writeFile(`${name}.log`, run.log)]);
    if (ended !== expected)
      throw new Error(`Step "${title}" was to be one that ${expected}, and ${ended}. Its log: ${name}.log`);
  }
}

/** The log as GitHub shows it: without the workflow commands around groups. */
function show(text: string): void {
  const shown = text
    .replaceAll(/^::(?:save-state|endgroup)[^\n]*\n/gm, '')
    .replaceAll(/^::group::(.*)$/gm, '▸ $1')
    .replaceAll(/^::(error|warning|notice)[^:\n]*::/gm, (_, kind: string) => `${kind}: `)
    .replaceAll('%0A', '\n       ')
    .replaceAll('%25', '%');
  process.stdout.write(shown);
}

interface Route {
  readonly name?: string;
  readonly route: readonly object[];
}

/** Someone with kubectl changes the weights in one cluster, and tells nobody. */
async function editByHand(fleet: TestFleet): Promise<void> {
  const config = new KubeConfig();
  config.loadFromString(fleet.kubeconfig);
  config.setCurrentContext('west');
  const api = KubernetesObjectApi.makeApiClient(config);
  const key = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'helloworld', namespace: 'gray-demo' },
  };
  const { spec } = await api.read<typeof key & { spec: { http: Route[] } }>(key);
  const http = spec.http.map((route) =>
    route.name === 'helloworld'
      ? { ...route, route: route.route.map((one, i) => ({ ...one, weight: [50, 50][i] })) }
      : route,
  );
  const patch = { ...key, spec: { http } };
  await api.patch(patch, undefined, undefined, 'kubectl-edit', undefined, PatchStrategy.MergePatch);
}

async function demonstrate(fleet: TestFleet, folder: string, isKept: boolean): Promise<void> {
  const demo = new Demo(fleet, folder);
  const both = `v1=${image('v1', '1.0')}\nv2=${image('v2', '1.0')}`;
  const steps = { steps: '20,50,100' };
  await demo.step(
    'A first release: v1 in east, v2 in west, 80/20',
    { ...HELLOWORLD, ...steps, image: both, port: '5000', weights: 'v1=80,v2=20' },
    'passes',
  );
  await editByHand(fleet);
  await demo.step(
    'Someone has changed the weights in one cluster: who, where, what?',
    { ...HELLOWORLD, operation: 'verify' },
    'fails',
  );
  await demo.step(
    'Both clusters back to 80/20',
    { ...HELLOWORLD, operation: 'rollback', weights: 'v1=80,v2=20' },
    'passes',
  );
  await demo.step(
    'Another service, all on v1',
    { ...CHECKOUT, image: `v1=${image('v1', '1.0')}\nv2=${image('v2', 'errors')}`, weights: 'v1=100,v2=0' },
    'passes',
  );
  await demo.step(
    'Its v2 answers every tenth request with an error: all goes back to v1',
    { ...CHECKOUT, weights: 'v1=50,v2=50' },
    'fails',
  );
  await demo.step(
    'Through the steps to 100',
    { ...HELLOWORLD, ...steps, operation: 'promote', 'promote-to': '100', bake: '2s' },
    'passes',
  );
  await demo.step('v1 is retired', { ...HELLOWORLD, operation: 'retire', version: 'v1' }, 'passes');
  if (!isKept) return;
  await demo.step(
    'v1 once more, at 80/20, for you to look at',
    { ...HELLOWORLD, ...steps, image: both, port: '5000', weights: 'v1=80,v2=20' },
    'passes',
  );
}

/** Holds the fleet at 80/20 for people to look at, until they end it. */
async function keep(fleet: TestFleet, folder: string): Promise<void> {
  const kubeconfig = join(folder, 'kubeconfig.yaml');
  await writeFile(kubeconfig, fleet.kubeconfig, { mode: 0o600 });
  say(`
The fleet stays up until Ctrl-C, with helloworld at 80/20.

  export KUBECONFIG=${kubeconfig}
  kubectl --context east -n gray-demo get virtualservices,destinationrules,pods`);
  for (const { name, ingress } of fleet.clusters) {
    say(`  curl ${ingress}/hello    # helloworld through ${name}`);
    say(`  curl -H 'Host: ${CHECKOUT.hosts}' ${ingress}/hello    # checkout through ${name}`);
  }
  // Nothing of the fleet keeps the process alive.
  const alive = setInterval(() => undefined, 60_000);
  await Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  clearInterval(alive);
  await rm(kubeconfig);
}

const start = performance.now();
const fleet = await startEmbedded();
try {
  const folder = await mkdtemp(join(tmpdir(), 'multicluster-canary-demo-'));
  const isKept = process.argv.includes('--keep');
  await demonstrate(fleet, folder, isKept);
  say(
    `\nAll ${isKept ? 'eight' : 'seven'} steps ended as announced, in ${((performance.now() - start) / 1000).toFixed(0)} s. Logs and summaries: ${folder}`,
  );
  if (isKept) await keep(fleet, folder);
} finally {
  await fleet.stop();
}
