import type { MetricsEvent } from '../../fleet.ts';
import type { PodServers } from '../api/handler.ts';
import type { Resources } from '../api/resources.ts';
import { reservePort, type Port } from '../ports.ts';
import {
  GATEWAY_NAMESPACE,
  GATEWAY_SERVICE,
  MONITORING,
  PROMETHEUS_PORT,
  replacePrometheusPod,
} from '../seed.ts';
import type { Timers } from '../timers.ts';
import type { Counter, RequestCounters } from './counters.ts';
import { EmbeddedPrometheus } from './prometheus.ts';
import { Scrapes } from './scrapes.ts';

/** What the metrics need of their cluster. */
interface Site {
  readonly name: string;
  readonly timers: Timers;
  readonly resources: Resources;
  readonly address: () => string;
}

interface Replica {
  readonly counters: RequestCounters;
}

/** The metrics of a cluster: the counters of its gateway's pods, and the Prometheus that scrapes them. */
export class ClusterMetrics {
  readonly #site: Site;
  readonly #replicas: readonly Replica[];
  readonly #port: Port;
  readonly #prometheus: EmbeddedPrometheus;
  /** How often the gateway's pods were replaced. */
  #generation = 0;

  private constructor(site: Site, replicas: readonly Replica[], port: Port) {
    this.#site = site;
    this.#replicas = replicas;
    this.#port = port;
    this.#prometheus = new EmbeddedPrometheus(new Scrapes(() => this.#scrape(), site.timers), port);
  }

  static async start(site: Site, replicas: readonly Replica[]): Promise<ClusterMetrics> {
    const metrics = new ClusterMetrics(site, replicas, await reservePort());
    await metrics.#prometheus.start();
    return metrics;
  }

  get url(): string {
    return this.#prometheus.url;
  }

  /** undefined where nothing listens */
  askPod(...[{ metadata }, port, path, query]: Parameters<PodServers>): ReturnType<PodServers> | undefined {
    const isPrometheus = metadata.namespace === MONITORING && port === PROMETHEUS_PORT;
    return isPrometheus && this.#prometheus.isUp ? this.#prometheus.answer(path, query) : undefined;
  }

  /** See `MetricsEvent`. */
  async disturb(event: MetricsEvent): Promise<void> {
    switch (event) {
      case 'prometheus ends':
        return this.#prometheus.stop();
      case 'prometheus starts':
        return this.#prometheus.start();
      case 'scrapes stall':
        this.#prometheus.scrapes.stall();
        return;
      case 'scrapes resume':
        this.#prometheus.scrapes.start();
        return;
      case 'counters restart':
        for (const { counters } of this.#replicas) counters.reset();
        return;
      case 'gateway replaced':
        this.#generation += 1;
        for (const { counters } of this.#replicas) counters.clear();
        return;
      case 'prometheus replaced':
        replacePrometheusPod(this.#site.resources, this.#site.name, this.#site.address());
    }
  }

  /** Forgets every request, and undoes every fault. */
  async reset(): Promise<void> {
    this.#generation = 0;
    for (const { counters } of this.#replicas) counters.clear();
    this.#prometheus.scrapes.clear();
    await this.#prometheus.start();
  }

  async stop(): Promise<void> {
    await this.#prometheus.stop();
    this.#port.release();
  }

  #scrape(): Counter[] {
    return this.#replicas.flatMap(({ counters }, index) => {
      const number = index + this.#generation * this.#replicas.length;
      return counters.scrape({
        namespace: GATEWAY_NAMESPACE,
        pod: `${GATEWAY_SERVICE}-${String(number)}`,
        instance: `${this.#site.name}-gateway-${String(index)}:15090`,
      });
    });
  }
}
