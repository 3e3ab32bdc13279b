import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Fleet } from '../../../src/fleet/fleet.ts';
import { Lock } from '../../../src/fleet/transaction/lock.ts';
import { readEachLease } from '../../../src/fleet/transaction/read-leases.ts';
import { Cluster } from '../../../src/kubernetes/client/cluster.ts';
import { MemoryCluster, MemoryTransport, pass } from '../../properties/support/memory-cluster.ts';
import type { Caller } from '../../properties/support/memory-cluster.ts';
import { standInClock } from '../../properties/support/run.ts';
import { inStandInTime } from '../../properties/support/world.ts';
import '../../support/one-realm.ts';
import { expectHolds } from '../../support/properties.ts';
import { random } from '../../support/random.ts';
import { release, weights } from '../../support/release.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;
const TARGET = {
  target: weights({ v1: 80, v2: 20 }),
  previous: weights({ v1: 100, v2: 0 }),
  direction: 'forward',
  history: [],
  objects: [],
} as const;

/** A run that wants the lock in some of the clusters, and keeps it for a while. */
interface Wanting {
  readonly clusters: readonly string[];
  readonly atMs: number;
  readonly seesLeasesEarlierByMs: number;
  readonly holdsMs: number;
  /** How long its calls are on the way. */
  readonly seed: number;
}

const wanting: fc.Arbitrary<Wanting> = fc.record({
  clusters: fc.shuffledSubarray([...NAMES], { minLength: 1 }),
  atMs: fc.nat(400),
  seesLeasesEarlierByMs: fc.nat(300),
  holdsMs: fc.nat(2_000),
  seed: fc.nat(),
});

interface Outcome {
  /** The clusters that two runs held at a time. */
  readonly shared: readonly string[];
  readonly errors: readonly string[];
  readonly acquired: number;
}

async function play(runs: readonly Wanting[]): Promise<Outcome> {
  const clusters = new Map(NAMES.map((name) => [name as string, new MemoryCluster(name, [])]));
  const holders = new Map<string, number>();
  const shared = new Set<string>();
  const errors: string[] = [];
  let acquired = 0;
  const run = async ({ clusters: names, atMs, seesLeasesEarlierByMs, holdsMs, seed }: Wanting, i: number) => {
    const chance = random(seed);
    const caller: Caller = {
      name: `run-${String(i)}`,
      isDead: () => false,
      die: () => undefined,
      fateOf: () => 'served',
      latency: () => 1 + Math.floor(chance() * 60),
    };
    const { signal } = new AbortController();
    const fleet = Fleet.of(
      names.flatMap((name) => {
        const cluster = clusters.get(name);
        return cluster === undefined
          ? []
          : [Cluster.over(new MemoryTransport(cluster, caller), undefined, signal, standInClock)];
      }),
    );
    const own = release({ clusters: names, configClusters: names });
    const identity = { holder: caller.name, run: caller.name };
    await pass(atMs);
    const { leases: seen } = await readEachLease(fleet, own);
    await pass(seesLeasesEarlierByMs);
    try {
      const settings = { fleet, release: own, identity, clock: standInClock, onLost: () => undefined };
      const { lock } = await Lock.acquire(settings, TARGET, { seen, signal, onWait: () => undefined });
      acquired += 1;
      for (const name of names) {
        if ((holders.get(name) ?? 0) > 0) shared.add(name);
        holders.set(name, (holders.get(name) ?? 0) + 1);
      }
      await pass(holdsMs);
      for (const name of names) holders.set(name, (holders.get(name) ?? 0) - 1);
      await lock.release('ended', signal);
    } catch (error) {
      errors.push(String(error));
    }
  };
  await inStandInTime(() => Promise.all(runs.map(run)));
  return { shared: [...shared], errors, acquired };
}

describe('runs that name different clusters', () => {
  test('hold none of them together, and all get their locks', () =>
    expectHolds(
      300,
      fc.asyncProperty(fc.array(wanting, { minLength: 2, maxLength: 5 }), async (runs) => {
        expect(await play(runs)).toEqual({ shared: [], errors: [], acquired: runs.length });
      }),
    ));
});
