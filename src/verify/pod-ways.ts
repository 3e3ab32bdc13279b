import type { Pool } from 'undici';
import { MONOTONIC_CLOCK } from '../core/clock.ts';
import type { Clock } from '../core/clock.ts';
import { API, FORWARD, INGRESS } from '../core/deadlines.ts';
import { CanaryError, messageOf } from '../core/errors.ts';
import { ClusterError, isForbidden } from '../kubernetes/client/errors.ts';
import { forwardConnector } from '../kubernetes/client/forward-connector.ts';
import { ForwardError } from '../kubernetes/client/port-forward.ts';
import type { PortForward } from '../kubernetes/client/port-forward.ts';
import { poolOf } from './address-ways.ts';
import type { GatewayPod, GatewayPods } from './gateway-pods.ts';
import type { Target } from './target.ts';
import type { Excuse, Failed, Way, WayOptions, Ways } from './ways.ts';

/** The way to one pod. */
interface PodWay extends Way {
  readonly pod: string;
  readonly dispatcher: Pool;
  readonly forward: PortForward;
}

/**
 * The ready pods of a gateway, each through the API server. A pod that ends is left, and a new one is taken in. What the API server or
 * the way to it lets fail says nothing about the service.
 */
export class PodWays implements Ways {
  readonly leftOut: ReadonlyMap<string, string> = new Map();
  readonly #target: Target;
  readonly #gateway: GatewayPods;
  readonly #clock: Clock;
  /** By the pod's name and UID. */
  readonly #ways = new Map<string, PodWay>();
  readonly #ended = new AbortController();
  #turn = 0;
  #looking: Promise<void> | undefined;
  #lookingAnew: Promise<void> | undefined;
  #lookedAt = -Infinity;
  #hasAnswered = false;

  private constructor(target: Target, gateway: GatewayPods, clock: Clock) {
    this.#target = target;
    this.#gateway = gateway;
    this.#clock = clock;
  }

  /** @throws ClusterError if the pods cannot be listed */
  static async open(target: Target, gateway: GatewayPods, clock: Clock = MONOTONIC_CLOCK): Promise<PodWays> {
    const ways = new PodWays(target, gateway, clock);
    ways.#take(await gateway.ready());
    ways.#lookedAt = clock.now();
    return ways;
  }

  get pods(): number {
    return this.#ways.size;
  }

  async next(): Promise<Way | undefined> {
    if (this.#ways.size === 0) await this.#lookAnew();
    else if (this.#clock.now() - this.#lookedAt >= FORWARD.lookMs) void this.#look();
    const ways = [...this.#ways.values()];
    return ways[this.#turn++ % ways.length];
  }

  answered(): void {
    this.#hasAnswered = true;
  }

  async excuse(way: Way, error: unknown, { ms, signal }: Failed): Promise<Excuse> {
    // An API server that has just started forbids what it allows a moment later.
    if (isForbidden(error) && (!this.#hasAnswered || ms > API.warmUpMs)) throw error;
    const taken = [...this.#ways.values()].find((one) => one === way);
    if (taken === undefined) return 'anew';
    const isLost = isOfTheWay(error) || !taken.forward.isOpen;
    await this.#lookAnew();
    if (![...this.#ways.values()].includes(taken)) return 'anew';
    if (!isLost) return 'none';
    if (ms > FORWARD.patienceMs) throw this.#lost(taken, error);
    await this.#clock.sleep(FORWARD.againMs, signal);
    return 'same';
  }

  async close(): Promise<void> {
    this.#ended.abort();
    const ways = [...this.#ways.values()];
    this.#ways.clear();
    await Promise.all(ways.map(leave));
  }

  #lost({ pod }: PodWay, error: unknown): CanaryError {
    const { cluster } = this.#target;
    return new CanaryError(
      `Gateway pod ${pod} of ${cluster} is ready, but could not be reached through the API server for ${String(FORWARD.patienceMs / 1000)} s: ${messageOf(error)} This says nothing about the service.`,
      { cause: error },
    );
  }

  /** Looks up the pods after this moment, together with all who ask for that meanwhile. */
  #lookAnew(): Promise<void> {
    this.#lookingAnew ??= this.#lookLater().finally(() => {
      this.#lookingAnew = undefined;
    });
    return this.#lookingAnew;
  }

  async #lookLater(): Promise<void> {
    await this.#looking;
    const wait = Math.max(0, this.#lookedAt + FORWARD.lookAgainMs - this.#clock.now());
    // Whoever waits still gets an answer when the ways are closed.
    await this.#clock.sleep(wait, this.#ended.signal).catch(() => undefined);
    if (!this.#ended.signal.aborted) await this.#look();
  }

  #look(): Promise<void> {
    this.#looking ??= this.#lookUp().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookUp(): Promise<void> {
    try {
      this.#take(await this.#gateway.ready());
    } catch {
      // Those that are known stay: their own failures say more.
    } finally {
      this.#lookedAt = this.#clock.now();
    }
  }

  #take(pods: readonly GatewayPod[]): void {
    const found = new Map(pods.map((pod) => [`${pod.name} ${pod.uid}`, pod]));
    for (const [key, way] of this.#ways) {
      if (found.has(key)) continue;
      this.#ways.delete(key);
      void leave(way);
    }
    for (const [key, pod] of found) if (!this.#ways.has(key)) this.#ways.set(key, this.#wayTo(pod));
  }

  #wayTo(pod: GatewayPod): PodWay {
    const { origin } = new URL(this.#target.url);
    const forward = this.#gateway.forward(pod);
    const options: WayOptions = {
      allowH2: false,
      connect: forwardConnector(forward, pod.port, INGRESS.connectMs),
    };
    return { origin, options, dispatcher: poolOf(origin, options), pod: pod.name, forward };
  }
}

/** Requests under way go another one. */
async function leave({ dispatcher, forward }: PodWay): Promise<void> {
  await dispatcher.destroy();
  forward.close();
}

/** Whether it was not the pod that let a request fail. */
function isOfTheWay(error: unknown): boolean {
  if (error instanceof ForwardError || error instanceof ClusterError) return true;
  return error instanceof Error && error.cause !== undefined && isOfTheWay(error.cause);
}
