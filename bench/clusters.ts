import { startEmbedded } from '../testbed/embedded/start.ts';
import type { EmbeddedFleet } from '../testbed/embedded/start.ts';
import { runAction } from '../testbed/run-action.ts';
import { paired } from './paired.ts';
import type { Ratio } from './paired.ts';

const FEW = 2;
const MANY = 20;

/** A plan for an existing release in many clusters, compared with two clusters. */
export async function clusters(): Promise<Ratio> {
  const fleets = await Promise.all([FEW, MANY].map(fleetOf));
  const [few, many] = fleets;
  try {
    if (few === undefined || many === undefined) throw new Error('no fleet was started');
    await Promise.all(fleets.map((fleet) => act(fleet, INSTALL)));
    return await paired(
      `plan in ${String(MANY)} clusters : plan in ${String(FEW)}`,
      () => act(many, { operation: 'plan' }),
      () => act(few, { operation: 'plan' }),
    );
  } finally {
    await Promise.all(fleets.map((fleet) => fleet.stop()));
  }
}

const INSTALL = {
  image: 'v1=docker.io/istio/examples-helloworld-v1:1.0\nv2=docker.io/istio/examples-helloworld-v2:1.0',
  port: '5000',
  weights: 'v1=80,v2=20',
};

function fleetOf(size: number): Promise<EmbeddedFleet> {
  const names = Array.from({ length: size }, (_, i) => `cluster-${String(i)}`);
  return startEmbedded({ clusters: names });
}

async function act(fleet: EmbeddedFleet, inputs: Readonly<Record<string, string>>): Promise<void> {
  const run = await runAction({
    kubeconfig: fleet.kubeconfig,
    app: 'helloworld',
    namespace: 'gray-demo',
    clusters: fleet.clusters.map(({ name }) => name).join(','),
    path: '/hello',
    tolerance: '25',
    'max-rps': '2000',
    ...inputs,
  });
  if (run.code !== 0) throw new Error(`The action failed:\n${run.log}`);
}
