import { startEmbedded } from '../../../testbed/embedded/start.ts';
import type { ApiCall, CallAction, EmbeddedFleet, EmbeddedOptions } from '../../../testbed/embedded/start.ts';
import type { Run } from '../../../testbed/run-action.ts';
import { NAMESPACE, SEED } from '../../scenarios/support/objects.ts';
import { Stage } from '../../scenarios/support/stage.ts';
import type { TrafficApi } from '../../scenarios/support/traffic-api.ts';

/** A wide tolerance: these tests are about what the clusters hold, not about the shares. */
export const QUICK = { tolerance: '40', 'max-rps': '2000' } as const;
/** A later job knows the release, but not the images: what runs stays. */
export const LATER = { ...QUICK, image: '', port: '' } as const;
/** Too few samples for a verdict, so the job fails. */
export const UNDECIDED = { tolerance: '5', 'max-rps': '1', 'verify-timeout': '2s' } as const;

type Inputs = Readonly<Record<string, string>>;

const LEASE = 'coordination.k8s.io/v1';

/** A separate fleet, on which one fault after the other is tried. */
export class Lane {
  readonly fleet: EmbeddedFleet;
  readonly stage: Stage;
  readonly #leases = `multicluster-canary-${SEED.app}`;

  private constructor(fleet: EmbeddedFleet, api: TrafficApi) {
    this.fleet = fleet;
    this.stage = new Stage(fleet, api);
  }

  /** @param api the kind of object that holds the weights */
  static async open({
    api = 'VirtualService',
    ...options
  }: EmbeddedOptions & { readonly api?: TrafficApi } = {}): Promise<Lane> {
    const lane = new Lane(await startEmbedded({ propagationMs: 5, ...options }), api);
    if (api === 'HTTPRoute') await lane.stage.openIngress();
    return lane;
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

/** Whether a call writes the routes of a cluster. */
export function isRouteWrite({ cluster, kind, write }: ApiCall, name: string): boolean {
  return cluster === name && kind === 'VirtualService' && write;
}
