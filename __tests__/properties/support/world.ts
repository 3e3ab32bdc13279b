import { jest } from '@jest/globals';
import type { VirtualService } from '../../../src/kubernetes/objects.ts';
import { weights as weightsOf } from '../../support/release.ts';
import { withWeights } from '../../../src/istio/route-edits.ts';
import { managedWeights } from '../../../src/istio/route-weights.ts';
import { formatWeights } from '../../../src/core/weights.ts';
import type { Weights } from '../../../src/core/weights.ts';
import { recoverOwn } from '../../../src/operations/transaction.ts';
import { withRecord } from '../../../src/release/history.ts';
import type { Release } from '../../../src/release/release.ts';
import { pathOf } from '../../support/kube-api.ts';
import {
  APP,
  NAMESPACE,
  destinationRule,
  gateway,
  namespaceOf,
  service,
  to,
  toOther,
  versionPod,
  virtualService,
} from '../../support/objects.ts';
import { random } from '../../support/random.ts';
import { release as releaseOf } from '../../support/release.ts';
import { CLUSTERS } from './history.ts';
import type { EditStep, Fault, History, Purpose, RunStep } from './history.ts';
import { MemoryCluster, pass } from './memory-cluster.ts';
import type { Caller, Fate } from './memory-cluster.ts';
import { runStep, standInRun } from './run.ts';
import type { StepRequest } from './run.ts';
import type { Call } from '../../../src/kubernetes/client/connection.ts';

/** Plays a history on clusters in memory, and writes down what an observer above all of them sees. */

const SERVICE = { app: APP, namespace: NAMESPACE };
const FIRST = weightsOf({ v1: 100, v2: 0 });

/** What runs ask for. No two runs of a history ask for weights that a person sets. */
export const TARGETS: readonly Weights[] = [10, 20, 50, 100].map((v2) => weightsOf({ v1: 100 - v2, v2 }));

const OTHER_ROUTE = { name: 'other', match: [{ uri: { prefix: '/other' } }], route: [toOther(100)] };

function firstVirtualService(): VirtualService {
  const plain = virtualService([OTHER_ROUTE, { name: 'main', route: [to('v1', 100)] }]);
  const target = { service: SERVICE, routes: ['main'], weights: FIRST, revision: 1, port: 5000 };
  return withRecord(withWeights(plain, target), { app: APP, revision: 1, weights: FIRST, history: [] });
}

const VS_PATH = pathOf(firstVirtualService());
const LEASE_PATH = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/multicluster-canary-${APP}`;

/** A write of the VirtualService that a cluster stored. */
export interface StoredWrite {
  readonly by: string;
  readonly cluster: string;
  readonly held: string;
}

/** What a run reported, and what the clusters held when it released its lock. */
export interface Ended {
  readonly by: string;
  readonly request: StepRequest;
  readonly outcome: 'done' | 'failed';
  readonly error: string;
  readonly hasInconsistency: boolean;
  readonly reportedWrites: number;
  /** What each cluster held when the run released the first of its Leases; undefined where it released none. */
  readonly atRelease: readonly string[] | undefined;
}

/** A mark that a person has left, or the weights that they have set. */
export interface Edit {
  readonly cluster: string;
  readonly what: EditStep['what'];
  readonly id: number;
}

export class World {
  readonly clusters: readonly MemoryCluster[];
  readonly release: Release;
  readonly stored: StoredWrite[] = [];
  readonly edits: Edit[] = [];
  readonly ended: Ended[] = [];
  readonly log: string[] = [];
  readonly #random: () => number;
  readonly #down = new Map<string, number>();
  readonly #atRelease = new Map<string, readonly string[]>();
  #quiet = false;

  constructor({ clusters, seed }: Pick<History, 'clusters' | 'seed'>) {
    this.#random = random(seed);
    const names = CLUSTERS.slice(0, clusters);
    this.release = releaseOf({
      clusters: names,
      configClusters: names,
      placement: new Map([
        ['v1', names],
        ['v2', names],
      ]),
      traffic: { routes: ['main'] },
      check: { ingress: new Map(names.map((name) => [name, 'none'])) },
    });
    this.clusters = names.map((name) => this.#cluster(name));
  }

  #cluster(name: string): MemoryCluster {
    const uid = { ...namespaceOf('kube-system'), metadata: { name: 'kube-system', uid: name } };
    const cluster = new MemoryCluster(name, [
      uid,
      namespaceOf(NAMESPACE),
      service(),
      gateway(),
      destinationRule(['v1', 'v2']),
      versionPod('v1'),
      versionPod('v2'),
      firstVirtualService(),
    ]);
    cluster.onStored = (by, object) => {
      if (object.kind === 'VirtualService')
        this.stored.push({ by, cluster: name, held: this.heldIn(cluster) });
      const isReleased =
        object.kind === 'Lease' && (object['spec'] as { holderIdentity?: string }).holderIdentity === '';
      if (isReleased && !this.#atRelease.has(by)) this.#atRelease.set(by, this.held());
      this.log.push(
        `${performance.now().toFixed(0)} ${by} stored ${object.kind} in ${name}: ${object.kind === 'Lease' ? JSON.stringify(object['spec']) + JSON.stringify(object.metadata.annotations) : this.heldIn(cluster)}`,
      );
    };
    return cluster;
  }

  /** `v1=80,v2=20` */
  heldIn(cluster: MemoryCluster): string {
    const vs = cluster.objects.get(VS_PATH) as VirtualService | undefined;
    const held = vs && managedWeights(vs, SERVICE, ['main']).weights;
    return held === undefined ? 'none' : formatWeights(held);
  }

  held(): readonly string[] {
    return this.clusters.map((cluster) => this.heldIn(cluster));
  }

  virtualServiceIn(name: string): VirtualService {
    return this.clusters.find((cluster) => cluster.name === name)?.objects.get(VS_PATH) as VirtualService;
  }

  leases(): ReadonlyMap<string, unknown> {
    return new Map(this.clusters.map((cluster) => [cluster.name, cluster.objects.get(LEASE_PATH)]));
  }

  /** No more faults from here on. */
  calmDown(): void {
    this.#quiet = true;
  }

  async play({ steps }: History): Promise<void> {
    await Promise.all(
      steps.map(async (step, i) => {
        await pass(step.atMs);
        switch (step.kind) {
          case 'run':
            return this.run(step, `run-${String(i)}`);
          case 'edit':
            this.#edit(step, i);
            return undefined;
          case 'outage':
            this.#down.set(step.cluster, performance.now() + step.forMs);
            return undefined;
        }
      }),
    );
  }

  /** The main step and its post step, as a runner runs them. */
  async run(step: Omit<RunStep, 'kind' | 'atMs'>, holder: string): Promise<void> {
    const request = {
      weights: TARGETS[step.target] ?? FIRST,
      direction: step.direction,
      verdict: step.verdict,
    };
    const caller = this.#caller(holder, step.faults);
    const cancelled = new AbortController();
    const { context, events, concluded, lines } = standInRun(
      this.release,
      this.clusters,
      caller,
      holder,
      cancelled.signal,
    );
    if (step.cancelledAfterMs !== undefined)
      setTimeout(() => {
        cancelled.abort(new Error('Cancelled by SIGINT.'));
      }, step.cancelledAfterMs);
    const ended = runStep(context, request).then(
      () => '',
      (error: unknown) => String(error),
    );
    const result = await Promise.race([ended, this.#death(caller)]);
    if (result !== undefined) {
      this.ended.push({
        by: holder,
        request,
        outcome: result === '' ? 'done' : 'failed',
        error: result,
        hasInconsistency: events.some(({ kind }) => kind === 'inconsistent'),
        reportedWrites: events.filter(
          (one) => one.kind === 'changed' && one.change.object.startsWith('VirtualService'),
        ).length,
        atRelease: this.#atRelease.get(holder),
      });
    }
    this.log.push(
      `${performance.now().toFixed(0)} ${holder} ended: ${result ?? 'killed'} ${JSON.stringify(lines)}`,
    );
    const left =
      result === undefined || events.some(({ kind }) => kind === 'inconsistent') || concluded.length > 0;
    if (step.post === undefined || !left) return;
    await this.#post(step.post, holder, concluded.at(-1));
  }

  async #post(faults: readonly Fault[], holder: string, concluded: string | undefined): Promise<void> {
    const caller = this.#caller(holder, faults);
    const { context, lines } = standInRun(
      this.release,
      this.clusters,
      caller,
      holder,
      new AbortController().signal,
    );
    const ended = recoverOwn(context, concluded).catch((error: unknown) => String(error));
    const result = await Promise.race([ended, this.#death(caller)]);
    this.log.push(
      `${performance.now().toFixed(0)} post of ${holder} ended: ${result ?? ''} ${JSON.stringify(lines)}`,
    );
  }

  /** Resolves once a process has ended by itself. */
  async #death(caller: Caller): Promise<undefined> {
    while (!caller.isDead()) await pass(500);
    return undefined;
  }

  #caller(name: string, faults: readonly Fault[]): Caller {
    const counts = new Map<string, number>();
    let isDead = false;
    return {
      name,
      isDead: () => isDead,
      die: () => {
        isDead = true;
      },
      latency: () => 1 + Math.floor(this.#random() * 40),
      fateOf: (cluster, call): Fate => {
        if (this.#quiet) return 'served';
        if ((this.#down.get(cluster) ?? 0) > performance.now()) return 'call lost';
        const purpose = purposeOf(call);
        if (purpose === undefined) return 'served';
        const key = `${cluster} ${purpose}`;
        const nth = counts.get(key) ?? 0;
        counts.set(key, nth + 1);
        const fault = faults.find(
          (one) => one.cluster === cluster && one.purpose === purpose && one.nth === nth,
        );
        if (fault !== undefined)
          this.log.push(`${performance.now().toFixed(0)} ${name} ${key} ${String(nth)}: ${fault.fate}`);
        return fault?.fate ?? 'served';
      },
    };
  }

  #edit({ cluster: name, what }: EditStep, id: number): void {
    const cluster = this.clusters.find((one) => one.name === name);
    if (cluster === undefined) return;
    cluster.edit(VS_PATH, (object) => edited(object as VirtualService, what, id));
    this.edits.push({ cluster: name, what, id });
    this.log.push(`${performance.now().toFixed(0)} somebody edits ${what} in ${name}`);
  }
}

/** The weights that a person sets, which no run asks for. */
export function theirWeights(id: number): string {
  return formatWeights(weightsOf({ v1: 70 + id, v2: 30 - id }));
}

function edited(vs: VirtualService, what: EditStep['what'], id: number): VirtualService {
  const { http = [], hosts = [] } = vs.spec;
  const mark = `edit-${String(id)}`;
  const onMain = (change: Readonly<Record<string, unknown>>): VirtualService => ({
    ...vs,
    spec: {
      ...vs.spec,
      http: http.map((route) => (route.name === 'main' ? { ...route, ...change } : route)),
    },
  });
  switch (what) {
    case 'annotation':
      return {
        ...vs,
        metadata: { ...vs.metadata, annotations: { ...vs.metadata.annotations, [mark]: mark } },
      };
    case 'foreign route':
      return {
        ...vs,
        spec: {
          ...vs.spec,
          http: [{ name: mark, match: [{ uri: { prefix: `/${mark}` } }], route: [toOther(100)] }, ...http],
        },
      };
    case 'timeout':
      return onMain({ timeout: `${String(id + 1)}s` });
    case 'host':
      return { ...vs, spec: { ...vs.spec, hosts: [...hosts, `${mark}.example.com`] } };
    case 'weights': {
      const main = http.find(({ name }) => name === 'main');
      const points = [70 + id, 30 - id];
      return onMain({ route: (main?.route ?? []).map((one, i) => ({ ...one, weight: points[i] ?? 0 })) });
    }
  }
}

function purposeOf({ method, path }: Call): Purpose | undefined {
  const verb = method === 'GET' ? 'read' : 'write';
  if (path.includes('/leases')) return `${verb} lease`;
  return path.includes('/virtualservices') ? `${verb} routes` : undefined;
}

/** Lets timers run as soon as nothing else does, until the work has ended. */
export async function inStandInTime<T>(work: () => Promise<T>): Promise<T> {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  const chance = random(1);
  const dice = jest.spyOn(Math, 'random').mockImplementation(chance);
  try {
    let isOver = false;
    const result = work().finally(() => {
      isOver = true;
    });
    result.catch(() => undefined);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      // TypeScript does not see that the work sets it.
      if (isOver as boolean) return await result;
      if (jest.getTimerCount() === 0) throw new Error('nothing is left to wait for');
      jest.advanceTimersToNextTimer();
    }
  } finally {
    jest.clearAllTimers();
    jest.useRealTimers();
    dice.mockRestore();
  }
}
