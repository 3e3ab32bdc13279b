import { mkdtemp, rm } from 'node:fs/promises';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { startEmbedded } from '../../../testbed/embedded/start.ts';
import type { ApiCall, CallAction, EmbeddedFleet } from '../../../testbed/embedded/start.ts';
import type { StoredObject } from '../../../testbed/embedded/fleet.ts';
import { Users } from '../../../testbed/load.ts';
import type { LoadReport } from '../../../testbed/load.ts';
import { until } from '../../../testbed/mesh/until.ts';
import { runAction } from '../../../testbed/run-action.ts';
import type { Run, RunOptions } from '../../../testbed/run-action.ts';
import { openIngress } from '../../scenarios/support/gateway-api.ts';
import { NAMESPACE, SEED } from '../../scenarios/support/objects.ts';
import { inputsOf } from '../../scenarios/support/traffic-api.ts';
import type { TrafficApi } from '../../scenarios/support/traffic-api.ts';
import { holdingsOf } from './holdings.ts';
import type { Holdings } from './holdings.ts';

export type Inputs = Readonly<Record<string, string>>;

/** A run and what its clusters were asked. */
export interface WatchedRun extends Run {
  readonly calls: readonly ApiCall[];
}

type Stored = ReadonlyMap<string, readonly StoredObject[]>;
type Memories = ReadonlyMap<string, ReturnType<EmbeddedFleet['memory']>>;

interface Kubeconfig {
  readonly users: readonly { readonly name: string; readonly user: { readonly token: string } }[];
}

/** Requests per second of the users of each ingress, who share a machine with what they look at. */
const USERS = { rps: 20, patience: 60, mostFailures: 10_000 };
const CACHE = join(import.meta.dirname, '../../../.cache/compiled');

/** A fleet on which one case after the other is tried, and its users. */
export class Ground {
  readonly fleet: EmbeddedFleet;
  /** The kind of object that holds the weights. */
  readonly api: TrafficApi;
  readonly #users = new Users();
  readonly #folder: string;
  #base: Stored | undefined;
  /** What stale lists show at the beginning: nothing that another case has left. */
  #memories: Memories = new Map();

  private constructor(fleet: EmbeddedFleet, api: TrafficApi, folder: string) {
    this.fleet = fleet;
    this.api = api;
    this.#folder = folder;
  }

  static async open(api: TrafficApi): Promise<Ground> {
    const fleet = await startEmbedded({ propagationMs: 5 });
    return new Ground(fleet, api, await mkdtemp(join(tmpdir(), 'canary-ground-')));
  }

  async close(): Promise<void> {
    this.#users.leave();
    await this.fleet.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Removes everything but what a team has before its first release. */
  async empty(): Promise<void> {
    await this.fleet.reset();
    const clusters = this.fleet.clusters.map(({ name }) => name);
    if (this.api === 'HTTPRoute') await openIngress(this.fleet, clusters);
  }

  /** Runs the action; its calls are those of the fleet meanwhile. */
  async run(inputs: Inputs, { env, ...options }: RunOptions = {}): Promise<WatchedRun> {
    const before = this.fleet.calls.length;
    const all = { kubeconfig: this.fleet.kubeconfig, ...SEED, ...inputsOf(this.api), ...inputs };
    const run = await runAction(all, { ...options, env: { NODE_COMPILE_CACHE: CACHE, ...env } });
    return { ...run, calls: this.fleet.calls.slice(before) };
  }

  /** @throws Error with its log where it does not pass */
  async pass(inputs: Inputs): Promise<WatchedRun> {
    const run = await this.run(inputs);
    if (run.code !== 0) throw new Error(`The action failed:\n${run.log}`);
    return run;
  }

  /** Work during which calls are answered differently. */
  async during<T>(handler: (call: ApiCall) => CallAction | undefined, work: () => Promise<T>): Promise<T> {
    const off = this.fleet.onCall(handler);
    try {
      return await work();
    } finally {
      off();
    }
  }

  holdings(): Holdings {
    return holdingsOf(this.#stored(), this.api);
  }

  /** Keeps what the clusters hold now, for `rewind`. */
  keep(): void {
    this.#base = this.#stored();
    this.#memories = new Map(this.fleet.clusters.map(({ name }) => [name, this.fleet.memory(name)]));
  }

  /** Brings the clusters back to what was kept, with their pods. */
  async rewind(): Promise<void> {
    const base = this.#base;
    if (base === undefined) throw new Error('There is nothing to rewind to.');
    const isEmpty = [...base.values()].every((objects) =>
      objects.every(({ object }) => object.metadata.namespace !== NAMESPACE),
    );
    if (isEmpty) await this.fleet.reset();
    else this.fleet.forgetCalls();
    for (const [name, objects] of base) this.fleet.restore(name, objects, this.#memories.get(name));
    await until('the pods to be as they were', () => Promise.resolve(this.#isSettled()), {
      seconds: 10,
      everyMs: 10,
    });
  }

  /** Lets the Leases of dead runs expire after a second. */
  expireLeases(): void {
    for (const [name, objects] of this.#stored()) {
      const shorter = objects.map((one) => {
        const { kind, object } = one;
        if (kind.kind !== 'Lease') return one;
        const spec = { ...(object['spec'] as Record<string, string>), leaseDurationSeconds: 1 };
        return {
          kind,
          object: {
            ...object,
            metadata: object.metadata,
            apiVersion: object.apiVersion,
            kind: object.kind,
            spec,
          },
        };
      });
      this.fleet.restore(name, shorter, this.fleet.memory(name));
    }
  }

  /** @param served whether every ingress serves the release already */
  async letUsersIn(served: boolean, faulty: boolean): Promise<void> {
    const urls = this.fleet.clusters.map(({ ingress }) => `${ingress}${SEED.path}`);
    await this.#users.send(urls, { ...USERS, served, faulty });
  }

  sendUsersHome(): Promise<LoadReport> {
    return this.#users.stop();
  }

  /** A kubeconfig whose users log in by a command, and what gives a cluster's user another token from the next login on. */
  withLogins(): { readonly kubeconfig: string; readonly renew: (cluster: string) => void } {
    const config = load(this.fleet.kubeconfig) as Kubeconfig;
    const folder = mkdtempSync(join(this.#folder, 'logins-'));
    const fileOf = (user: string): string => join(folder, user.replace(/\W/g, '-'));
    const store = (user: string, token: string): void => {
      const credential = {
        apiVersion: 'client.authentication.k8s.io/v1',
        kind: 'ExecCredential',
        status: { token },
      };
      writeFileSync(fileOf(user), JSON.stringify(credential));
    };
    const users = config.users.map(({ name, user: { token } }) => {
      store(name, token);
      const exec = {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: '/bin/cat',
        args: [fileOf(name)],
        interactiveMode: 'Never',
      };
      return { name, user: { exec } };
    });
    const renew = (cluster: string): void => {
      store(`admin@${cluster}`, this.fleet.renewToken(cluster));
    };
    return { kubeconfig: dump({ ...config, users }), renew };
  }

  #stored(): Stored {
    return new Map(this.fleet.clusters.map(({ name }) => [name, this.fleet.objects(name)]));
  }

  #isSettled(): boolean {
    return [...this.#stored().values()].every((objects) => {
      const pods = objects.filter(
        ({ kind, object }) => kind.kind === 'Pod' && object.metadata.namespace === NAMESPACE,
      );
      const workloads = objects.filter(({ kind }) => kind.kind === 'Deployment');
      return (
        pods.length === workloads.length &&
        pods.every(({ object }) => object.metadata['deletionTimestamp'] === undefined) &&
        workloads.every(
          ({ object }) =>
            (object['status'] as { availableReplicas?: number } | undefined)?.availableReplicas === 1,
        )
      );
    });
  }
}
