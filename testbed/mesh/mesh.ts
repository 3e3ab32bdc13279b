import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { FleetCluster, FleetPart, MetricsEvent } from '../fleet.ts';
import { bringUp, takeDown } from './breakage.ts';
import { Authority } from './certificates.ts';
import { gatewayOf, startGateway } from './gateway.ts';
import type { IngressGateway } from './gateway.ts';
import { accepts } from './kubelet.ts';
import {
  addRemoteCluster,
  installIstioObjects,
  installWebhooks,
  readIstioObjects,
  startIstiod,
} from './istio.ts';
import type { IstioObjects } from './istio.ts';
import { kubeconfigOf, serverOf, startApiServer, startControllers, startEtcd } from './kubernetes.ts';
import type { Ground, KubernetesCluster } from './kubernetes.ts';
import { addressesOf, closeNetwork, openNetwork } from './network.ts';
import type { Addresses } from './network.ts';
import { PodRunner } from './pod-runner.ts';
import { Processes } from './processes.ts';
import { locatePrograms, runFolder } from './programs.ts';
import { Prometheus } from './prometheus.ts';
import { Baseline } from './reset.ts';
import { until } from './until.ts';

const HOSTS = '/etc/hosts';

export interface MeshOptions {
  readonly clusters: readonly [string, string];
  readonly controlPlane: 'each' | 'first';
  readonly gatewayReplicas: 1 | 2;
  readonly prometheus: boolean;
}

/** The description of a running mesh. */
export interface MeshDescription {
  readonly kubeconfig: string;
  readonly clusters: readonly FleetCluster[];
}

interface Member {
  readonly cluster: KubernetesCluster;
  readonly gateway: IngressGateway;
  readonly runner: PodRunner;
  readonly prometheus: Prometheus | undefined;
  readonly baseline: Baseline;
}

/** Two clusters in one Istio mesh, as processes of this machine. Runs inside the namespaces of `enter.ts`, one at a time. */
export class Mesh {
  readonly #ground: Ground;
  readonly #watches = new AbortController();
  #members: readonly Member[] = [];
  #gatewayReplicas: 1 | 2 = 1;

  private constructor(ground: Ground) {
    this.#ground = ground;
  }

  /**
   * Brings everything up; takes about 12 s on 2 cores.
   * @param signal aborts the start
   * @throws Error with the end of the log of the program that failed; nothing of the mesh runs then
   */
  static async start(options: MeshOptions, signal: AbortSignal): Promise<Mesh> {
    const programs = await locatePrograms();
    await openNetwork();
    const folder = await mkdtemp(join(runFolder(), 'mesh-'));
    const mesh = new Mesh({
      programs,
      folder,
      processes: new Processes(join(folder, 'logs')),
      authority: await Authority.create(),
      token: randomBytes(16).toString('hex'),
    });
    // Makes everything that is being waited for fail.
    signal.addEventListener('abort', () => void mesh.#ground.processes.end(), { once: true });
    try {
      signal.throwIfAborted();
      await mesh.#bringUp(options);
      return mesh;
    } catch (error) {
      await mesh.stop();
      throw error;
    }
  }

  async describe(): Promise<MeshDescription> {
    const { authority, token, folder } = this.#ground;
    const tls = { certificate: join(folder, 'example.com.pem'), key: join(folder, 'example.com-key.pem') };
    const { certificate, key } = await authority.issue({ dns: ['*.example.com', 'example.com'] });
    await Promise.all([writeFile(tls.certificate, certificate), writeFile(tls.key, key)]);
    return {
      kubeconfig: kubeconfigOf(
        this.#members.map(({ cluster: { name, addresses } }) => ({ name, server: serverOf(addresses) })),
        authority.root,
        token,
      ),
      clusters: this.#members.map(({ cluster: { name, addresses }, prometheus }) => ({
        name,
        ingress: `http://${addresses.loadBalancer}`,
        hostname: hostnameOf(name),
        tls,
        ...(prometheus === undefined ? {} : { prometheus: prometheus.url }),
      })),
    };
  }

  /** See `TestFleet.reset`. */
  async reset(): Promise<void> {
    await Promise.all(
      this.#members.map(async ({ baseline, gateway, prometheus }) => {
        await prometheus?.restore();
        await baseline.restore();
        await gateway.restore();
      }),
    );
    await until('every workload to end', () => this.#members.every(({ runner }) => runner.idle), {
      seconds: 30,
    });
    const ports = this.#members.flatMap(({ cluster: { addresses } }) =>
      [80, 443].flatMap((port) =>
        [addresses.gatewayPod, ...(this.#gatewayReplicas === 2 ? [addresses.secondGatewayPod] : [])].map(
          (host) => ({ host, port }),
        ),
      ),
    );
    await until(
      'the gateways to serve no route',
      async () => {
        const open = await Promise.all(ports.map(accepts));
        return !open.includes(true);
      },
      { seconds: 30 },
    );
  }

  /** See `Breakage`. */
  async takeDown(cluster: string, part: FleetPart): Promise<void> {
    await takeDown(this.#ground, this.#member(cluster).cluster, part);
  }

  /** See `Breakage`. */
  async bringUp(cluster: string, part: FleetPart): Promise<void> {
    await bringUp(this.#ground, this.#member(cluster).cluster, part);
  }

  /** See `Breakage`. */
  async losePod(cluster: string, namespace: string, version: string): Promise<void> {
    await this.#member(cluster).runner.lose(namespace, version);
  }

  /** See `TestFleet.crashGateway`. */
  async crashGateway(cluster: string, replica: number): Promise<void> {
    await this.#member(cluster).gateway.crash(replica);
  }

  /** See `Breakage`. */
  async loseGateway(cluster: string, replica: number): Promise<void> {
    await this.#member(cluster).gateway.lose(replica);
  }

  /** See `Breakage`. */
  freezeGateway(cluster: string, replica: number): void {
    this.#ground.processes.signal(gatewayOf(cluster, replica), 'SIGSTOP');
  }

  /** See `Breakage`. */
  thawGateway(cluster: string, replica: number): void {
    this.#ground.processes.signal(gatewayOf(cluster, replica), 'SIGCONT');
  }

  /** See `MetricsEvent`. */
  async disturbMetrics(name: string, event: MetricsEvent): Promise<void> {
    const { prometheus, gateway } = this.#member(name);
    if (prometheus === undefined) throw new Error('The mesh was started without Prometheus.');
    switch (event) {
      case 'prometheus ends':
        return prometheus.kill();
      case 'prometheus starts':
        return prometheus.restart();
      case 'scrapes stall':
        return prometheus.stall();
      case 'scrapes resume':
        return prometheus.resume();
      case 'counters restart':
        return gateway.resetCounters();
      case 'gateway replaced':
        await prometheus.forgetGateway();
        await gateway.resetCounters();
        return prometheus.scrapeAnotherGateway();
      case 'prometheus replaced':
        return prometheus.replacePod();
    }
  }

  #member(name: string): Member {
    const member = this.#members.find(({ cluster }) => cluster.name === name);
    if (member === undefined) throw new Error(`The mesh has no cluster ${name}.`);
    return member;
  }

  /** Ends every process, and deletes every file. Safe to call twice. */
  async stop(): Promise<void> {
    this.#watches.abort();
    await this.#ground.processes.end();
    await Promise.all(this.#members.map(({ cluster }) => cluster.api.close()));
    this.#members = [];
    await execa('umount', [HOSTS], { reject: false });
    await closeNetwork();
    await rm(this.#ground.folder, { recursive: true, force: true });
  }

  async #bringUp({ clusters: names, controlPlane, gatewayReplicas, prometheus }: MeshOptions): Promise<void> {
    const ground = this.#ground;
    this.#gatewayReplicas = gatewayReplicas;
    const [istio] = await Promise.all([readIstioObjects(ground.programs), startEtcd(ground)]);
    const bare = names.map((name, index) => ({ name, index, addresses: addressesOf(index) }));
    await nameIngresses(ground.folder, bare);
    const clusters = await Promise.all(bare.map((cluster) => startApiServer(ground, cluster)));
    await Promise.all(
      clusters.map((cluster) =>
        Promise.all([startControllers(ground, cluster), installIstioObjects(cluster, istio)]),
      ),
    );
    const homes = controlPlane === 'each' ? clusters : clusters.slice(0, 1);
    await Promise.all(homes.map((home) => startControlPlane(ground, home, clusters)));
    const [first] = homes;
    this.#members = await Promise.all(
      clusters.map((cluster) =>
        this.#join(cluster, homes.find((home) => home === cluster) ?? first ?? cluster, istio, prometheus),
      ),
    );
  }

  /** Connects a cluster to the control plane of `home`. */
  async #join(
    cluster: KubernetesCluster,
    home: KubernetesCluster,
    istio: IstioObjects,
    withPrometheus: boolean,
  ): Promise<Member> {
    const { signal } = this.#watches;
    const runner = new PodRunner(this.#ground, cluster, signal);
    const [gateway] = await Promise.all([
      startGateway(this.#ground, cluster, home, { replicas: this.#gatewayReplicas, signal }),
      installWebhooks(cluster, home, istio, this.#ground.authority),
    ]);
    const prometheus = withPrometheus ? await Prometheus.start(this.#ground, cluster) : undefined;
    return { cluster, gateway, runner, prometheus, baseline: await Baseline.take(cluster) };
  }
}

async function startControlPlane(
  ground: Ground,
  home: KubernetesCluster,
  clusters: readonly KubernetesCluster[],
): Promise<void> {
  await Promise.all(
    clusters.filter((cluster) => cluster !== home).map((remote) => addRemoteCluster(home, remote)),
  );
  await startIstiod(ground, home);
}

function hostnameOf(cluster: string): string {
  return `ingress.${cluster}.test`;
}

/** Names the ingresses in a file that stands in for /etc/hosts in this mount namespace alone. */
async function nameIngresses(
  folder: string,
  clusters: readonly { name: string; addresses: Addresses }[],
): Promise<void> {
  const names = clusters.flatMap(({ name, addresses }) =>
    addresses.named.map((address) => `${address} ${hostnameOf(name)}\n`),
  );
  const file = join(folder, 'hosts');
  await writeFile(file, [await readFile(HOSTS, 'utf8'), '\n', ...names].join(''));
  await execa('mount', ['--bind', file, HOSTS]);
}
