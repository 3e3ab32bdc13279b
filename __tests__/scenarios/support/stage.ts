import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { request } from 'undici';
import type { FleetOptions, TestFleet } from '../../../testbed/fleet.ts';
import { until } from '../../../testbed/mesh/until.ts';
import { startLoad } from '../../../testbed/load.ts';
import type { LoadOptions } from '../../../testbed/load.ts';
import { startFleet } from '../../../testbed/start.ts';
import { runAction } from '../../../testbed/run-action.ts';
import type { Run } from '../../../testbed/run-action.ts';
import { openIngress } from './gateway-api.ts';
import { Kube } from './kube.ts';
import type { Obj } from './kube.ts';
import { APP, NAMESPACE, SEED, deployment, destinationRule, gateway, namespace, service } from './objects.ts';
import { inputsOf, versionOf, weightsIn } from './traffic-api.ts';
import type { TrafficApi } from './traffic-api.ts';

/** The traffic objects that a team has in both clusters. */
export interface Standing {
  readonly vs: readonly Obj[];
  readonly rule?: Obj;
  readonly gateways?: readonly Obj[];
  /** The host that users request, any by default; false if their requests are not all served yet. */
  readonly asked?: string | false;
}

const isAvailable = ({ status }: Obj): boolean =>
  (status as { availableReplicas?: number } | undefined)?.availableReplicas === 1;

type Answer = Pick<Awaited<ReturnType<typeof request>>, 'statusCode' | 'body'>;

/** Resolves once ten requests in a row have been answered with this status, as each worker of a gateway changes at its own time. */
export async function tenAnswers(who: string, status: number, ask: () => Promise<Answer>): Promise<void> {
  let row = 0;
  const look = async (): Promise<boolean> => {
    const { statusCode, body } = await ask();
    await body.dump();
    row = statusCode === status ? row + 1 : 0;
    return row === 10;
  };
  await until(`${who} to answer with ${String(status)}`, look, { seconds: 20, everyMs: 10 });
}

interface Opened {
  readonly fleet: TestFleet;
  readonly east: Kube;
  readonly west: Kube;
}

/** A fleet, the action with the seed's inputs, and a person with kubectl in each cluster. */
export class Stage {
  readonly api: TrafficApi;
  #open: Opened | undefined;

  /** @param fleet none where `open` brings it later */
  constructor(fleet?: TestFleet, api: TrafficApi = 'VirtualService') {
    this.api = api;
    if (fleet !== undefined) this.open(fleet);
  }

  open(fleet: TestFleet): void {
    this.#open = { fleet, east: new Kube(fleet, 'east'), west: new Kube(fleet, 'west') };
  }

  get fleet(): TestFleet {
    return this.#opened().fleet;
  }

  get east(): Kube {
    return this.#opened().east;
  }

  get west(): Kube {
    return this.#opened().west;
  }

  #opened(): Opened {
    if (this.#open === undefined)
      throw new Error('The fleet starts before the first test: use the stage in tests and hooks.');
    return this.#open;
  }

  /** Runs the action with the inputs of the seed and of the stage's kind of route, and these; an input set to '' is omitted. */
  async run(
    inputs: Readonly<Record<string, string>> = {},
    options: Parameters<typeof runAction>[1] = {},
  ): Promise<Run> {
    return runAction(
      { kubeconfig: this.fleet.kubeconfig, ...SEED, ...inputsOf(this.api), ...inputs },
      options,
    );
  }

  /** Runs the action and expects it to pass; the message of a failure is its log. */
  async pass(
    inputs: Readonly<Record<string, string>> = {},
    options: Parameters<typeof runAction>[1] = {},
  ): Promise<Run> {
    const run = await this.run(inputs, options);
    if (run.code !== 0) throw new Error(`The action failed:\n${run.log}`);
    return run;
  }

  /** Creates the Gateway of the Gateway API in each cluster, or in those that are given, and waits until it is programmed. */
  async openIngress(
    clusters: readonly string[] = this.fleet.clusters.map(({ name }) => name),
  ): Promise<void> {
    await openIngress(this.fleet, clusters);
  }

  /** Creates the same objects in both clusters. */
  async everywhere(...objects: readonly Obj[]): Promise<void> {
    await Promise.all([this.east.create(...objects), this.west.create(...objects)]);
  }

  /** Runs a scenario while users send requests through every ingress, by default for the sampled path; none of these may fail. */
  async underLoad(
    scenario: () => Promise<void>,
    { path = SEED.path, ...options }: LoadOptions & { readonly path?: string } = {},
  ): Promise<void> {
    const urls = this.fleet.clusters.map(({ ingress }) => `${ingress}${path}`);
    const load = await startLoad(urls, options);
    try {
      await scenario();
    } finally {
      const report = await load.stop();
      expect({ failed: report.failed, failures: report.failures }).toEqual({ failed: 0, failures: [] });
      expect(report.sent).toBeGreaterThan(0);
    }
  }

  /** Creates what a team has that already runs both versions and routes to them by hand. */
  async adopt({
    vs,
    rule = destinationRule(['v1', 'v2']),
    gateways = [gateway()],
    asked = 'any',
  }: Standing): Promise<void> {
    await this.everywhere(namespace(), service());
    await Promise.all([this.east.create(deployment('v1')), this.west.create(deployment('v2'))]);
    await Promise.all([
      this.east.settled('apps/v1', 'Deployment', `${APP}-v1`, NAMESPACE, isAvailable),
      this.west.settled('apps/v1', 'Deployment', `${APP}-v2`, NAMESPACE, isAvailable),
    ]);
    await this.everywhere(rule, ...gateways, ...vs);
    // A gateway responds with errors until it has received all of these objects, so users come later.
    if (asked !== false) await this.served(asked);
  }

  /** Resolves once every ingress has answered ten requests in a row. */
  async served(host: string): Promise<void> {
    await Promise.all(this.fleet.clusters.map(({ name }) => this.answers(name, 200, host)));
  }

  /** Resolves once the ingress of a cluster has answered ten requests in a row with this status. */
  async answers(cluster: string, status: number, host = 'any'): Promise<void> {
    const { ingress } = this.fleet.clusters.find(({ name }) => name === cluster) ?? {};
    await tenAnswers(`the ingress of ${cluster}`, status, async () =>
      request(`${ingress ?? ''}${SEED.path}`, { headers: { host } }),
    );
  }

  /** The object with the weights, of each cluster. */
  async routes(): Promise<readonly Obj[]> {
    return Promise.all(
      [this.east, this.west].map((kube) => kube.get(versionOf(this.api), this.api, APP, NAMESPACE)),
    );
  }

  /** The weights of the users' route in each cluster, as `v1=80,v2=20`; undefined without one. */
  async weights(): Promise<readonly (string | undefined)[]> {
    const found = await Promise.all(
      [this.east, this.west].map((kube) => kube.find(versionOf(this.api), this.api, APP, NAMESPACE)),
    );
    return found.map((route) => (route === undefined ? undefined : weightsIn(route)));
  }
}

/**
 * The stage of a file or a `describe`: its fleet starts before the first test, is emptied after each, and ends after the last. For HTTPRoutes
 * each cluster has a Gateway to attach them to.
 */
export function useStage({ api, ...options }: FleetOptions & { readonly api?: TrafficApi } = {}): Stage {
  const stage = new Stage(undefined, api);
  beforeAll(async () => {
    stage.open(await startFleet(options));
  });
  if (api === 'HTTPRoute')
    beforeEach(() => stage.openIngress(options.controlPlane === 'first' ? ['east'] : undefined));
  afterEach(() => stage.fleet.reset());
  afterAll(() => stage.fleet.stop());
  return stage;
}

/** The subsets that a VirtualService names, each once. */
export function subsetsIn({ spec }: Obj): readonly string[] {
  const found = JSON.stringify(spec).matchAll(/"subset":"([^"]+)"/g);
  return [...new Set([...found].map(([, subset = '']) => subset))];
}
