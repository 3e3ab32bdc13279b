import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MONOTONIC_CLOCK } from '../../src/core/clock.ts';
import type { Clock } from '../../src/core/clock.ts';
import { Fleet } from '../../src/fleet/fleet.ts';
import { Cluster } from '../../src/kubernetes/client/cluster.ts';
import { Connection } from '../../src/kubernetes/client/connection.ts';
import { serverOf } from '../../src/kubernetes/client/contexts.ts';
import { readKubeconfig } from '../../src/kubernetes/client/kubeconfig.ts';
import type { Context } from '../../src/operations/context.ts';
import { plan } from '../../src/operations/plan.ts';
import { promote } from '../../src/operations/promote.ts';
import { rollout } from '../../src/operations/rollout.ts';
import { status } from '../../src/operations/status.ts';
import type { Release } from '../../src/release/release.ts';
import { startEmbedded } from '../../testbed/embedded/start.ts';
import type { EmbeddedFleet } from '../../testbed/embedded/start.ts';
import { RoundTrips } from '../../testbed/round-trips.ts';
import type { RoundTrip } from '../../testbed/round-trips.ts';
import '../support/one-realm.ts';
import { release, weights } from '../support/release.ts';

const CHECK = { path: '/hello', tolerance: 0.4, confidence: 0.9 };

/** The lock is not renewed meanwhile: nothing waits for that. */
const WITHOUT_RENEWAL: Clock = {
  ...MONOTONIC_CLOCK,
  sleep: (ms, signal) => MONOTONIC_CLOCK.sleep(100 * ms, signal),
};

/** What a release of several clusters waits for, in round trips. */
class Rounds {
  readonly #fleet: EmbeddedFleet;
  readonly #names: readonly string[];

  constructor(fleet: EmbeddedFleet) {
    this.#fleet = fleet;
    this.#names = fleet.clusters.map(({ name }) => name);
  }

  async of(
    operation: (context: Context) => Promise<unknown>,
    given: Parameters<typeof release>[0],
  ): Promise<readonly RoundTrip[]> {
    const names = this.#names;
    const roundTrips = new RoundTrips();
    const config = readKubeconfig(this.#fleet.kubeconfig);
    const { signal } = new AbortController();
    const fleet = Fleet.of(
      names.map((name) =>
        Cluster.over(roundTrips.over(new Connection(name, config)), serverOf(config, name), signal),
      ),
    );
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    const context: Context = {
      clock: WITHOUT_RENEWAL,
      release: this.#release(given),
      fleet,
      signal,
      identity: { holder: 'me', run: 'a run' },
      recorder: { record: () => undefined },
      log: { info: say, warn: say, warnOnce: say, progress: () => undefined, group: (_, work) => work() },
    };
    try {
      return await roundTrips.of(() => operation(context));
    } catch (error) {
      throw new Error(lines.join('\n'), { cause: error });
    } finally {
      await fleet.close();
    }
  }

  #release(given: Parameters<typeof release>[0] = {}): Release {
    const names = this.#names;
    return release({
      clusters: names,
      configClusters: names,
      placement: new Map([
        ['v1', names],
        ['v2', names],
      ]),
      check: CHECK,
      ...given,
    });
  }
}

let one: Rounds;
let two: Rounds;
let many: Rounds;
const fleets: EmbeddedFleet[] = [];

const IMAGES = new Map(['v1', 'v2'].map((version) => [version, `istio/examples-helloworld-${version}:1`]));

async function released(size: number): Promise<Rounds> {
  const clusters = Array.from({ length: size }, (_, i) => `cluster-${String(i)}`);
  const fleet = await startEmbedded({ clusters, propagationMs: 5 });
  fleets.push(fleet);
  const rounds = new Rounds(fleet);
  await rounds.of(rollout, {
    version: undefined,
    workload: { images: IMAGES },
    traffic: { weights: weights({ v1: 80, v2: 20 }) },
  });
  return rounds;
}

beforeAll(async () => {
  one = await released(1);
  two = await released(2);
  many = await released(20);
});
afterAll(() => Promise.all(fleets.map((fleet) => fleet.stop())));

const LATER = { workload: { images: new Map(), port: undefined } };
const OPERATIONS = [
  ['status', status, LATER, 1],
  ['plan', plan, { ...LATER, traffic: { weights: weights({ v1: 70, v2: 30 }) } }, 3],
  ['promote', promote, { ...LATER, traffic: { steps: [50, 100] } }, 12],
] as const;

// docs/performance.md says what each of them is for.
test.each(OPERATIONS)(
  '%s waits for as many round trips in 20 clusters as in 2',
  async (_, run, given, most) => {
    const inTwo = await two.of(run, given);
    expect(await many.of(run, given)).toEqual(inTwo);
    expect(inTwo).toHaveLength(most);
    // The lock is taken in the first cluster before the others.
    expect(await one.of(run, given)).toHaveLength(run === promote ? most - 1 : most);
  },
);

test('a cluster gets one TLS connection, however many calls are made at a time', async () => {
  const [fleet] = fleets;
  const before = fleet?.handshakes('cluster-0') ?? 0;
  await one.of(status, LATER);
  expect((fleet?.handshakes('cluster-0') ?? 0) - before).toBe(1);
});
