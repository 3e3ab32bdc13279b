import { startEmbedded } from '../../../testbed/embedded/start.ts';
import type { ApiCall, CallAction, EmbeddedFleet, EmbeddedOptions } from '../../../testbed/embedded/start.ts';
import type { Run, RunningAction } from '../../../testbed/run-action.ts';
import { NAMESPACE, SEED } from '../../scenarios/support/objects.ts';
import { Stage } from '../../scenarios/support/stage.ts';

/** A wide tolerance: these tests are about what the clusters hold, not about the shares. */
export const QUICK = { tolerance: '40', 'max-rps': '2000' } as const;
/** A later job knows the release, but not the images: what runs stays. */
export const LATER = { ...QUICK, image: '', port: '' } as const;
/** Too few samples for a verdict, so the job fails. */
export const UNDECIDED = { tolerance: '5', 'max-rps': '1', 'verify-timeout': '2s' } as const;

/** Requests per second of all users of an ingress, over all lanes: they share a machine with what they look at. */
const USERS = 60;

type Inputs = Readonly<Record<string, string>>;

const LEASE = 'coordination.k8s.io/v1';

/** A separate fleet, on which one fault after the other is tried. */
export class Lane {
  readonly fleet: EmbeddedFleet;
  readonly stage: Stage;
  readonly #leases = `multicluster-canary-${SEED.app}`;

  private constructor(fleet: EmbeddedFleet) {
    this.fleet = fleet;
    this.stage = new Stage(fleet);
  }

  static async open(options: EmbeddedOptions = {}): Promise<Lane> {
    return new Lane(await startEmbedded({ propagationMs: 5, ...options }));
  }

  /** Runs work while some calls are answered differently. */
  async during<T>(answer: (call: ApiCall) => CallAction | undefined, work: () => Promise<T>): Promise<T> {
    const off = this.fleet.onCall(answer);
    try {
      return await work();
    } finally {
      off();
    }
  }

  /** The calls that a run makes. */
  async callsOf(run: () => Promise<unknown>): Promise<readonly ApiCall[]> {
    const before = this.fleet.calls.length;
    await run();
    return this.fleet.calls.slice(before);
  }

  /** Runs the action while its nth call meets the first fault, and each further attempt at it the next one. */
  async runWith(inputs: Inputs, nth: number, faults: readonly CallAction[]): Promise<Run> {
    let made = 0;
    let failing: string | undefined;
    const left = [...faults];
    const stop = this.fleet.onCall((call) => {
      made += 1;
      if (made === nth) failing = keyOf(call);
      return keyOf(call) === failing ? left.shift() : undefined;
    });
    try {
      return await this.stage.run(inputs);
    } finally {
      stop();
    }
  }

  /** Runs the action and kills it at one of its calls: before it is carried out, or after it, with the answer lost. */
  async killedAt(inputs: Inputs, which: Moment): Promise<Run> {
    let process: RunningAction | undefined;
    let made = 0;
    const stop = this.fleet.onCall((call) => {
      if (which.writes && !call.write) return undefined;
      made += 1;
      if (made !== which.nth) return undefined;
      process?.kill('SIGKILL');
      return which.when === 'before' ? 'cut' : 'cut-after';
    });
    try {
      return await this.stage.run(inputs, {
        onStart: (started) => {
          process = started;
        },
      });
    } finally {
      stop();
    }
  }

  /** The post step of a run, as the runner starts it once the main step has ended. */
  async postOf(inputs: Inputs, { state }: Run): Promise<Run> {
    const post = await this.stage.run(inputs, { postOf: state });
    if (post.code !== 0) throw new Error(`The post step failed:\n${post.log}`);
    return post;
  }

  /** Who holds the lock in each cluster; empty where nobody does. */
  async holders(): Promise<readonly string[]> {
    const leases = await Promise.all(
      [this.stage.east, this.stage.west].map((kube) => kube.find(LEASE, 'Lease', this.#leases, NAMESPACE)),
    );
    return leases.map(
      (lease) => (lease?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity ?? '',
    );
  }

  /** Deletes every Lease, with what it holds. */
  async forgetLocks(): Promise<void> {
    for (const kube of [this.stage.east, this.stage.west])
      await kube.remove(LEASE, 'Lease', this.#leases, NAMESPACE);
  }

  /** Lets the Lease of a dead run expire after a second. */
  async shortenLeases(): Promise<void> {
    for (const kube of [this.stage.east, this.stage.west]) {
      const lease = await kube.find(LEASE, 'Lease', this.#leases, NAMESPACE);
      if (lease === undefined) continue;
      await kube.merge({
        apiVersion: LEASE,
        kind: 'Lease',
        metadata: { name: this.#leases, namespace: NAMESPACE },
        spec: { leaseDurationSeconds: 1 },
      });
    }
  }
}

/** What two attempts at the same call have in common. */
function keyOf({ cluster, verb, kind, namespace, name, dryRun, body }: ApiCall): string {
  return JSON.stringify([cluster, verb, kind, namespace, name, dryRun, body]);
}

/** The call at which a run is killed. */
export interface Moment {
  /** From 1, among the writes or among all calls. */
  readonly nth: number;
  readonly writes: boolean;
  readonly when: 'before' | 'after';
}

export function moments(count: number, writes: boolean, whens: readonly Moment['when'][]): readonly Moment[] {
  return whens.flatMap((when) => numbers(count).map((nth) => ({ nth, writes, when })));
}

/** 1, 2, … count */
export function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

/**
 * Does work for each item, on several fleets side by side, each of which takes the next item once it is done with one.
 *
 * @param prepare brings a fleet to where the work on its first item begins
 */
export async function inLanes<T>(
  count: number,
  items: readonly T[],
  prepare: (lane: Lane) => Promise<unknown>,
  work: (lane: Lane, item: T) => Promise<void>,
  around: (lane: Lane, all: () => Promise<void>) => Promise<void> = (lane, all) =>
    lane.stage.underLoad(all, { rps: USERS / count }),
): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  const workOnAll = async (lane: Lane): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && failures.length === 0; item = queue.shift())
      // What fails here is told ahead of what users saw meanwhile.
      await work(lane, item).catch((error: unknown) => failures.push(error));
  };
  const lanes = await Promise.allSettled(
    numbers(Math.min(count, items.length)).map(async () => {
      const lane = await Lane.open();
      try {
        await prepare(lane);
        await around(lane, () => workOnAll(lane));
      } finally {
        await lane.fleet.stop();
      }
    }),
  );
  for (const lane of lanes) if (lane.status === 'rejected') failures.push(lane.reason);
  if (failures.length > 0) throw failures[0];
}

/** Whether a call writes the routes of a cluster. */
export function isRouteWrite({ cluster, kind, write }: ApiCall, name: string): boolean {
  return cluster === name && kind === 'VirtualService' && write;
}
