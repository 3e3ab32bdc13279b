import { RequestCounters } from '../metrics/counters.ts';
import type { GatewayConfig } from './config.ts';
import type { MeshSnapshot } from './mesh.ts';

/** One pod of a gateway: it serves the state of the mesh with a delay. */
export class GatewayReplica {
  /** Milliseconds between a change in a cluster and its effect here. */
  readonly #delayMs: number;
  readonly counters: RequestCounters;
  /** Receives no updates from its control plane. */
  frozen = false;
  /** Its pod has ended. */
  lost = false;
  #snapshot: MeshSnapshot;

  constructor(cluster: string, delayMs: number, snapshot: MeshSnapshot) {
    this.counters = new RequestCounters(cluster);
    this.#delayMs = delayMs;
    this.#snapshot = snapshot;
  }

  /** Advances to the newest snapshot that has arrived. */
  advance(now = performance.now()): MeshSnapshot {
    while (
      !this.frozen &&
      this.#snapshot.next !== undefined &&
      this.#snapshot.next.at + this.#delayMs <= now
    ) {
      this.#snapshot = this.#snapshot.next;
    }
    return this.#snapshot;
  }

  /** Advances to the current state at once. */
  catchUp(): void {
    while (this.#snapshot.next !== undefined) this.#snapshot = this.#snapshot.next;
  }
}

/** Compiled configurations by snapshot: replicas of a gateway share them, and unused snapshots are never compiled. */
export class ConfigCache {
  readonly #configs = new WeakMap<MeshSnapshot, GatewayConfig>();
  readonly #compile: (snapshot: MeshSnapshot) => GatewayConfig;

  constructor(compile: (snapshot: MeshSnapshot) => GatewayConfig) {
    this.#compile = compile;
  }

  of(snapshot: MeshSnapshot): GatewayConfig {
    let config = this.#configs.get(snapshot);
    if (config === undefined) {
      config = this.#compile(snapshot);
      this.#configs.set(snapshot, config);
    }
    return config;
  }
}
