/**
 * The whole life of a release in one command: the action, started as a runner starts it, on two clusters inside this process.
 * With `--keep` the fleet stays up afterwards, to try kubectl, curl and a browser.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import { startEmbedded } from './embedded/start.ts';
import type { TestFleet } from './fleet.ts';
import { freshBundle } from './fresh-bundle.ts';
import { startLoad } from './load.ts';
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

/** Runs the steps of the demo, and keeps the log and the summary of each. */
class Demo {
  readonly #fleet: TestFleet;
  readonly #folder: string;
  #step = 0;

  constructor(fleet: TestFleet, folder: string) {
    this.#fleet = fleet;
    this.#folder = folder;
  }

  /**
   * Runs the action as one step of a workflow, and shows its log and its summary.
   *
   * @throws Error where it ends in another way than expected
   */
  async step(
    title: string,
    inputs: Readonly<Record<string, string>>,
    expected: 'pass' | 'fail',
  ): Promise<void> {
    this.#step += 1;
    say(`\n━━━ ${String(this.#step)}. ${title} (expected to ${expected}) ━━━\n`);
    const run = await runAction({ kubeconfig: this.#fleet.kubeconfig, ...inputs }, { onLog: showLog });
    const name = join(this.#folder, `${String(this.#step)}-${inputs['operation'] ?? 'rollout'}`);
    await Promise.all([writeFile(`${name}.md`, run.summary), writeFile(`${name}.log`, run.log)]);
    say(`\n${forTerminal(run.summary)}\nFull summary, with every change: ${name}.md`);
    if ((run.code === 0 ? 'pass' : 'fail') !== expected)
      throw new Error(`Step "${title}" was expected to ${expected}, but did not. Its log: ${name}.log`);
  }
}

/** A job summary without HTML, and without the diff of every object, which would fill hundreds of lines. */
function forTerminal(summary: string): string {
  return summary
    .replaceAll(
      /<details[^>]*><summary>(.*?)<\/summary>((?:(?!<\/details>)[^])*)<\/details>/g,
      (_, title: string, content: string) =>
        content.includes('```diff') ? `- ${title}` : `${title}:\n${content}`,
    )
    .replaceAll('&#58;', ':')
    .replaceAll('&nbsp;', ' ')
    .replaceAll(/<\/?sub>/g, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

/** Shows the log as GitHub does: without the workflow commands around groups. */
function showLog(text: string): void {
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

/** Changes the weights in one cluster, as someone with kubectl would. */
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
      ? { ...route, route: route.route.map((destination) => ({ ...destination, weight: 50 })) }
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
    'First release: v1 in east, v2 in west, split 80/20',
    { ...HELLOWORLD, ...steps, image: both, port: '5000', weights: 'v1=80,v2=20' },
    'pass',
  );
  await editByHand(fleet);
  await demo.step(
    'Someone has edited the weights in west: verify says who, where and what',
    { ...HELLOWORLD, operation: 'verify' },
    'fail',
  );
  await demo.step(
    'Roll both clusters back to 80/20',
    { ...HELLOWORLD, operation: 'rollback', weights: 'v1=80,v2=20' },
    'pass',
  );
  await demo.step(
    'A second service, checkout: all traffic on v1',
    { ...CHECKOUT, image: `v1=${image('v1', '1.0')}\nv2=${image('v2', 'errors')}`, weights: 'v1=100,v2=0' },
    'pass',
  );
  await demo.step(
    'v2 of checkout fails every tenth request: its release rolls back',
    { ...CHECKOUT, weights: 'v1=50,v2=50' },
    'fail',
  );
  await demo.step(
    'Promote helloworld through its steps to 100%',
    { ...HELLOWORLD, ...steps, operation: 'promote', 'promote-to': '100', bake: '2s' },
    'pass',
  );
  await demo.step('Retire v1 of helloworld', { ...HELLOWORLD, operation: 'retire', version: 'v1' }, 'pass');
  // Users ask for a path that no check samples.
  const users = await startLoad(
    fleet.clusters.map(({ ingress }) => `${ingress}/orders`),
    { host: CHECKOUT.hosts, faulty: true, rps: 250 },
  );
  await demo.step(
    'v2 of checkout fails users where nobody samples: their metrics roll it back',
    {
      ...CHECKOUT,
      image: `v2=${image('v2', 'order-errors')}`,
      weights: 'v1=50,v2=50',
      metrics: 'istio',
      'metrics-address': 'service:monitoring/prometheus:9090',
      bake: '12s',
    },
    'fail',
  );
  const { sent, failed } = await users.stop();
  say(
    `\nUsers sent ${sent.toLocaleString('en')} requests meanwhile. Beside the errors of v2 itself, ${String(failed)} failed.`,
  );
  if (!isKept) return;
  await demo.step(
    'Back to 80/20, for you to try',
    { ...HELLOWORLD, ...steps, image: both, port: '5000', weights: 'v1=80,v2=20' },
    'pass',
  );
}

/** Keeps the fleet up at 80/20 until Ctrl-C. */
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
  // The servers of the fleet do not keep the process alive.
  const alive = setInterval(() => undefined, 60_000);
  await Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  clearInterval(alive);
  await rm(kubeconfig);
}

say('Bundling the action from its sources (skipped where the bundle is up to date) …');
await freshBundle();
const start = performance.now();
const fleet = await startEmbedded({ prometheus: true });
try {
  const folder = await mkdtemp(join(tmpdir(), 'multicluster-canary-demo-'));
  const isKept = process.argv.includes('--keep');
  await demonstrate(fleet, folder, isKept);
  say(
    `\nAll ${isKept ? 'nine' : 'eight'} steps ended as expected, in ${((performance.now() - start) / 1000).toFixed(0)} s. Logs and summaries: ${folder}`,
  );
  if (isKept) await keep(fleet, folder);
} finally {
  await fleet.stop();
}
