/** The runs in the pictures: real ones of the action, on embedded fleets of two and of ten clusters. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GATEWAY_API,
  INGRESS_PARENT,
  ROUTE_INPUTS,
  ingress,
  isProgrammed,
} from '../__tests__/scenarios/support/gateway-api.ts';
import { Kube } from '../__tests__/scenarios/support/kube.ts';
import { editWeights } from '../__tests__/scenarios/support/route-edits.ts';
import { GitHubServer, TOKEN } from '../__tests__/support/github-server.ts';
import type { EmbeddedOptions } from '../testbed/embedded/start.ts';
import { startEmbedded } from '../testbed/embedded/start.ts';
import type { EmbeddedFleet } from '../testbed/embedded/start.ts';
import { startLoad } from '../testbed/load.ts';
import { runAction } from '../testbed/run-action.ts';
import type { Run } from '../testbed/run-action.ts';

type Inputs = Readonly<Record<string, string>>;

interface Scene {
  readonly name: string;
  readonly inputs: Inputs;
  /** What happens before the run. */
  readonly before?: (fleet: EmbeddedFleet) => Promise<void>;
  /** The path that users ask for meanwhile. */
  readonly users?: string;
}

/** Scenes on one fleet, each of which continues from the one before. */
interface Act {
  readonly fleet: EmbeddedOptions;
  readonly inputs: Inputs;
  readonly before?: (fleet: EmbeddedFleet) => Promise<void>;
  readonly scenes: readonly Scene[];
}

/** What a run left behind. */
export interface Scenery {
  readonly name: string;
  readonly run: Run;
  /** Folder of the report. */
  readonly report: string;
  /** The comment on the pull request, if one was written. */
  readonly comment: string | undefined;
}

const IMAGES = 'docker.io/istio/examples-helloworld';
const images = (tag: string): string => `v1=${IMAGES}-v1:1.0\nv2=${IMAGES}-v2:${tag}`;

/** The folder that the README's workflow names. */
const REPORT = 'canary-report';

const SEED = {
  app: 'helloworld',
  namespace: 'gray-demo',
  clusters: 'v1: east\nv2: west',
  version: 'v2',
  path: '/hello',
  steps: '20,50,100',
  image: images('1.0'),
  port: '5000',
  'max-rps': '1000',
};

/** The last one has the name that `aws eks update-kubeconfig` gives. */
const LAST = 'sa-east-1';
const ARN = `arn:aws:eks:${LAST}:123456789012:cluster/production-south-america-checkout-blue`;
const TEN = [
  ...['eu-central-1', 'eu-west-1', 'eu-west-3', 'us-east-1', 'us-east-2', 'us-west-2'],
  ...['ap-northeast-1', 'ap-south-1', 'ap-southeast-2'],
  LAST,
];
const [FIRST = '', SECOND = '', THIRD = '', , , , , EIGHTH = ''] = TEN;

const withArn = (text: string): string => text.replaceAll(LAST, ARN);

const edit = (cluster: string, v1: number, v2: number) => async (fleet: EmbeddedFleet) =>
  editWeights(new Kube(fleet, cluster), v1, v2);

const ACTS: readonly Act[] = [
  {
    fleet: { gatewayReplicas: 2, prometheus: true },
    inputs: SEED,
    scenes: [
      {
        name: 'refused',
        inputs: { weights: 'v1=80,v2=30', tolerance: 'many', clusters: 'v1: esat\nv2: west' },
      },
      { name: 'first-plan', inputs: { operation: 'plan', weights: 'v1=80,v2=20' } },
      { name: 'first-install', inputs: { weights: 'v1=80,v2=20' } },
      {
        name: 'port-forward',
        inputs: { operation: 'verify', ingress: 'west=port-forward' },
      },
      { name: 'inconclusive', inputs: { operation: 'verify', 'max-samples': '150', tolerance: '2' } },
      { name: 'drift', inputs: { operation: 'verify', weights: 'v1=50,v2=50' } },
      { name: 'failing-version', inputs: { image: images('errors'), weights: 'v1=50,v2=50' } },
      {
        name: 'metrics-fail',
        inputs: {
          image: images('order-errors'),
          weights: 'v1=50,v2=50',
          metrics: 'istio',
          'metrics-address': 'service:monitoring/prometheus:9090',
          bake: '16s',
        },
        users: '/orders',
      },
      {
        name: 'promotion',
        inputs: {
          image: images('1.0'),
          operation: 'promote',
          'promote-to': '100',
          bake: '3s',
          'verify-timeout': '60s',
        },
      },
      { name: 'retire', inputs: { operation: 'retire', version: 'v1' } },
      {
        name: 'missing-image',
        inputs: {
          version: 'v3',
          clusters: 'v2: west\nv3: east',
          image: 'v3=example.com/hello-v3:missing',
          'ready-timeout': '10s',
        },
      },
    ],
  },
  {
    fleet: { clusters: TEN },
    inputs: {
      ...SEED,
      clusters: ['v1', 'v2'].map((version) => `${version}: ${withArn(TEN.join(', '))}`).join('\n'),
      'max-rps': '300',
    },
    scenes: [
      { name: 'ten-pass', inputs: { weights: 'v1=80,v2=20' } },
      { name: 'ten-plan', inputs: { operation: 'plan', weights: 'v1=50,v2=50' } },
      {
        name: 'ten-drift',
        inputs: { operation: 'verify', weights: 'v1=80,v2=20' },
        before: edit(EIGHTH, 40, 60),
      },
      {
        name: 'ten-status',
        inputs: { operation: 'status' },
        before: async (fleet) => {
          await edit(FIRST, 50, 50)(fleet);
          await edit(SECOND, 0, 100)(fleet);
          await edit(THIRD, 50, 50)(fleet);
        },
      },
    ],
  },
  {
    fleet: {},
    inputs: { ...SEED, ...ROUTE_INPUTS },
    before: async (fleet) => {
      for (const cluster of fleet.clusters) {
        const kube = new Kube(fleet, cluster.name);
        await kube.create(ingress(cluster));
        await kube.settled(
          GATEWAY_API,
          'Gateway',
          INGRESS_PARENT.name,
          INGRESS_PARENT.namespace,
          isProgrammed,
        );
      }
    },
    scenes: [
      { name: 'http-route-plan', inputs: { operation: 'plan', weights: 'v1=80,v2=20' } },
      { name: 'http-route', inputs: { weights: 'v1=80,v2=20' } },
    ],
  },
];

/** Runs the scenes whose names contain a word, and those before them, and keeps their reports in a folder. @param language of the reports */
export async function takeRuns(folder: string, word = '', language = 'en'): Promise<readonly Scenery[]> {
  const taken: Scenery[] = [];
  const github = await GitHubServer.start();
  try {
    for (const act of ACTS) {
      const last = act.scenes.findLastIndex(({ name }) => name.includes(word));
      if (last < 0) continue;
      const fleet = await startEmbedded(act.fleet);
      try {
        await act.before?.(fleet);
        for (const scene of act.scenes.slice(0, last + 1))
          taken.push(
            await take({ ...act, inputs: { ...act.inputs, language } }, scene, fleet, github, folder),
          );
      } finally {
        await fleet.stop();
      }
    }
  } finally {
    await github.close();
  }
  return taken.filter(({ name }) => name.includes(word));
}

async function take(
  act: Act,
  { name, inputs, before, users }: Scene,
  fleet: EmbeddedFleet,
  github: GitHubServer,
  folder: string,
): Promise<Scenery> {
  await before?.(fleet);
  const workspace = join(folder, name);
  await mkdir(workspace, { recursive: true });
  const event = join(folder, 'event.json');
  const pull = { number: 7, head: { sha: '3f9c2d17'.repeat(5), repo: { full_name: 'acme/shop' } } };
  await writeFile(event, JSON.stringify({ pull_request: pull }));
  const load =
    users === undefined
      ? undefined
      : await startLoad(
          fleet.clusters.map((cluster) => `${cluster.ingress}${users}`),
          { faulty: true },
        );
  try {
    github.reset();
    const run = await runAction(
      {
        kubeconfig: withArn(fleet.kubeconfig),
        ...act.inputs,
        report: REPORT,
        'github-token': TOKEN,
        ...inputs,
      },
      { cwd: workspace, env: { ...github.env, GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: event } },
    );
    return { name, run, report: join(workspace, REPORT), comment: github.comments[0]?.body };
  } finally {
    await load?.stop();
  }
}
