import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFixedPod } from './fixed-pod.ts';
import { namespaces, pods, serviceAccounts, services } from './kube-objects.ts';
import { MONITORING } from './kubernetes.ts';
import type { Ground, KubernetesCluster } from './kubernetes.ts';
import { scrapeConfig } from './scrape-config.ts';
import { until } from './until.ts';

const NAME = 'prometheus';
const LABELS = { app: NAME };
const PORT = 9090;
const EVERY = '1s';
/** Longer than a mesh lives. */
const NEVER = '1h';

/** The Prometheus of a cluster, which counts the requests of users at the cluster's gateway. */
export class Prometheus {
  readonly #ground: Ground;
  readonly #cluster: KubernetesCluster;
  #pods = 0;
  #gateways = 0;

  private constructor(ground: Ground, cluster: KubernetesCluster) {
    this.#ground = ground;
    this.#cluster = cluster;
  }

  /** Starts it as the Service `monitoring/prometheus`, and waits until it has scraped the gateway, which must run. */
  static async start(ground: Ground, cluster: KubernetesCluster): Promise<Prometheus> {
    const { api, name } = cluster;
    const prometheus = new Prometheus(ground, cluster);
    await mkdir(prometheus.#folder, { recursive: true });
    await Promise.all([
      prometheus.#configure(EVERY),
      api.create(namespaces, { metadata: { name: MONITORING } }),
    ]);
    ground.processes.start(
      prometheusOf(name),
      [
        ground.programs.prometheus,
        `--config.file=${prometheus.#config}`,
        `--storage.tsdb.path=${join(prometheus.#folder, 'data')}`,
        '--storage.tsdb.retention.time=2h',
        `--web.listen-address=${cluster.addresses.prometheus}:${String(PORT)}`,
      ],
      { cwd: prometheus.#folder, env: { GOMAXPROCS: '1', GOMEMLIMIT: '96MiB' } },
    );
    await Promise.all([prometheus.#createObjects(), prometheus.awaitScrape()]);
    return prometheus;
  }

  get url(): string {
    return `http://${this.#cluster.addresses.prometheus}:${String(PORT)}`;
  }

  /** Kills it, as a crash does. */
  async kill(): Promise<void> {
    await this.#ground.processes.kill(prometheusOf(this.#cluster.name));
  }

  /** Starts it again with its data. */
  async restart(): Promise<void> {
    this.#ground.processes.restart(prometheusOf(this.#cluster.name));
    await this.awaitScrape();
  }

  /** From now on it answers with what it scraped last, for the five minutes in which it takes a sample for current. */
  async stall(): Promise<void> {
    await this.#reload(NEVER);
  }

  async resume(): Promise<void> {
    await this.#reload(EVERY);
    await this.awaitScrape();
  }

  /** Has no pod of the gateway to scrape any more, and knows that its series have ended. */
  async forgetGateway(): Promise<void> {
    await writeFile(this.#config, scrapeConfig(this.#cluster, undefined, EVERY));
    this.#ground.processes.signal(prometheusOf(this.#cluster.name), 'SIGHUP');
    await this.#awaitValue('forget the gateway', 'count(up)', (value) => value === undefined);
  }

  /** Finds the gateway again, as another pod. */
  async scrapeAnotherGateway(): Promise<void> {
    this.#gateways += 1;
    await this.resume();
  }

  /** Puts another pod in the place of its pod. */
  async replacePod(): Promise<void> {
    await this.#deletePod();
    this.#pods += 1;
    await this.#createPod();
  }

  /** Undoes every fault. */
  async restore(): Promise<void> {
    const { processes } = this.#ground;
    if (!processes.isRunning(prometheusOf(this.#cluster.name))) await this.restart();
    this.#gateways = 0;
    await this.resume();
    if (this.#pods === 0) return;
    await this.#deletePod();
    this.#pods = 0;
    await this.#createPod();
  }

  /** Waits until it has scraped the gateway, from now on. */
  async awaitScrape(): Promise<void> {
    const since = Date.now() / 1000;
    const up = `up{pod="${this.#gatewayPod}"}`;
    const query = `min(timestamp(${up})) and (sum(${up}) == count(${up}))`;
    const what = `scrape the gateway every ${EVERY}`;
    await this.#awaitValue(what, query, (at) => at !== undefined && at > since);
  }

  /** Waits until a query has a value, or none, as wished. */
  async #awaitValue(
    what: string,
    query: string,
    isWished: (value: number | undefined) => boolean,
  ): Promise<void> {
    const path = `/api/v1/query?${new URLSearchParams({ query }).toString()}`;
    await this.#ground.processes.until(prometheusOf(this.#cluster.name), what, async () => {
      const answer = await fetch(`${this.url}${path}`);
      const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
      const [found] = data.result;
      return isWished(found === undefined ? undefined : Number(found.value[1]));
    });
  }

  get #gatewayPod(): string {
    return `istio-ingressgateway-${String(this.#gateways)}`;
  }

  get #folder(): string {
    return join(this.#ground.folder, `prometheus-${this.#cluster.name}`);
  }

  get #config(): string {
    return join(this.#folder, 'prometheus.yml');
  }

  async #configure(interval: string): Promise<void> {
    await writeFile(this.#config, scrapeConfig(this.#cluster, this.#gatewayPod, interval));
  }

  async #reload(interval: string): Promise<void> {
    await this.#configure(interval);
    this.#ground.processes.signal(prometheusOf(this.#cluster.name), 'SIGHUP');
    const what = `scrape every ${interval}`;
    await this.#ground.processes.until(prometheusOf(this.#cluster.name), what, async () => {
      const answer = await fetch(`${this.url}/api/v1/status/config`);
      const { data } = (await answer.json()) as { data: { yaml: string } };
      return data.yaml.includes(`scrape_interval: ${interval}`);
    });
  }

  async #createObjects(): Promise<void> {
    const { api } = this.#cluster;
    await until(
      `the default service account in ${MONITORING}`,
      async () => {
        await api.get(serviceAccounts, { namespace: MONITORING, name: 'default' });
        return true;
      },
      { seconds: 30 },
    );
    await api.create(services, {
      metadata: { name: NAME, namespace: MONITORING, labels: LABELS },
      spec: { selector: LABELS, ports: [{ name: 'http-web', port: PORT, targetPort: PORT }] },
    });
    await this.#createPod();
  }

  async #createPod(): Promise<void> {
    await createFixedPod(this.#cluster, {
      name: this.#podName,
      namespace: MONITORING,
      labels: LABELS,
      address: this.#cluster.addresses.prometheus,
      container: { name: NAME, image: 'prom/prometheus', ports: [PORT] },
    });
  }

  async #deletePod(): Promise<void> {
    const pod = { namespace: MONITORING, name: this.#podName };
    await this.#cluster.api.delete(pods, pod, { gracePeriodSeconds: 0 });
  }

  get #podName(): string {
    return `${NAME}-${String(this.#pods)}`;
  }
}

/** What the processes call the Prometheus of a cluster. */
function prometheusOf(cluster: string): string {
  return `prometheus of ${cluster}`;
}
