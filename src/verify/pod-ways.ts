import { MONOTONIC_CLOCK } from '../core/clock.ts';
import type { Clock } from '../core/clock.ts';
import { API, FORWARD } from '../core/deadlines.ts';
import { CanaryError, messageOf } from '../core/errors.ts';
import { count } from '../core/plural.ts';
import { unlessAborted } from '../core/signals.ts';
import { ClusterError, isForbidden } from '../kubernetes/client/errors.ts';
import { ForwardError } from '../kubernetes/client/port-forward.ts';
import { StreamReset } from '../kubernetes/client/spdy.ts';
import type { GatewayPod, GatewayPods } from './gateway-pods.ts';
import { PodWay } from './pod-way.ts';
import type { Target } from './target.ts';
import type { Excuse, Failed, IngressPod, Way, Ways } from './ways.ts';

/**
 * The ready pods of a gateway, each through the API server. What a pod that is being deleted lets fail does not count, as users are led
 * elsewhere before that, nor what the API server or the way to it lets fail. What a pod lets fail that crashes does: users were cut off
 * in the same way.
 */
export class PodWays implements Ways {
  readonly #target: Target;
  readonly #gateway: GatewayPods;
  readonly #clock: Clock;
  /** Of each pod that was ready once, by its name and UID. */
  readonly #ways = new Map<string, PodWay>();
  readonly #ended = new AbortController();
  /** Those that requests take in turn. */
  #ready: readonly PodWay[] = [];
  #shown: readonly IngressPod[] = [];
  #leftOut: ReadonlyMap<string, string> = new Map();
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
    ways.#take(await gateway.list());
    ways.#lookedAt = clock.now();
    return ways;
  }

  get pods(): ReadonlySet<string> {
    return new Set(this.#ready.map(({ pod }) => pod.uid));
  }

  get shown(): readonly IngressPod[] {
    return this.#shown;
  }

  /** The pods that are not ready, as long as they are not. */
  get leftOut(): ReadonlyMap<string, string> {
    return this.#leftOut;
  }

  async next(signal: AbortSignal): Promise<Way | undefined> {
    const age = this.#clock.now() - this.#lookedAt;
    if (this.#ready.length === 0) await this.#lookAnew();
    // After a pause, nothing that was known needs to be true.
    else if (age >= FORWARD.forgetMs) await unlessAborted(this.#look(), signal);
    else if (age >= FORWARD.lookMs) void this.#look();
    const ways = this.#ready;
    return ways[this.#turn++ % ways.length];
  }

  answered(): void {
    this.#hasAnswered = true;
  }

  async excuse(way: Way, error: unknown, { ms, signal }: Failed): Promise<Excuse> {
    // An API server that has just started forbids what it allows a moment later.
    if (isForbidden(error) && (!this.#hasAnswered || ms > API.warmUpMs)) throw error;
    const own = [...this.#ways.values()].find((one) => one === way);
    if (own === undefined) return 'anew';
    await this.#lookAnew();
    if (own.phase === 'ending' || own.phase === 'gone') return 'anew';
    if (!isOfTheWay(error)) return 'none';
    if (own.phase === 'unready') return 'anew';
    if (ms > FORWARD.patienceMs) throw this.#lost(own, error);
    await this.#clock.sleep(FORWARD.againMs, signal);
    return 'same';
  }

  async close(): Promise<void> {
    this.#ended.abort();
    const ways = [...this.#ways.values()];
    this.#ways.clear();
    this.#ready = [];
    await Promise.all(ways.map((way) => way.close()));
  }

  #lost({ pod }: PodWay, error: unknown): CanaryError {
    const { cluster } = this.#target;
    return new CanaryError(
      `Gateway pod ${pod.name} of ${cluster} is ready, but could not be reached through the API server for ${String(FORWARD.patienceMs / 1000)} s: ${messageOf(error)} This says nothing about the service.`,
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
      this.#take(await this.#gateway.list());
    } catch {
      // Those that are known stay: their own failures say more.
    } finally {
      this.#lookedAt = this.#clock.now();
    }
  }

  #take(pods: readonly GatewayPod[]): void {
    const found = new Map(pods.map((pod) => [`${pod.name} ${pod.uid}`, pod]));
    const nameOf = ({ name, namespace }: GatewayPod): string =>
      pods.some((other) => other.name === name && other.namespace !== namespace)
        ? `${namespace}/${name}`
        : name;
    for (const [key, way] of this.#ways) {
      const pod = found.get(key);
      if (pod === undefined) way.leave();
      else way.update(pod, nameOf(pod));
    }
    const { origin } = new URL(this.#target.url);
    for (const [key, pod] of found)
      if (pod.phase === 'ready' && !this.#ways.has(key))
        this.#ways.set(key, new PodWay(origin, this.#gateway.forward(pod), pod, nameOf(pod)));
    this.#ready = [...this.#ways.values()].filter(({ phase }) => phase === 'ready');
    this.#shown = pods.map((pod) => ({ uid: pod.uid, name: nameOf(pod), restarts: pod.restarts }));
    const unready = pods.filter(({ phase }) => phase === 'unready');
    this.#leftOut = new Map(
      unready.map((pod) => [
        `Pod ${nameOf(pod)}`,
        `it is not ready (${count(pod.restarts, 'restart')} so far)`,
      ]),
    );
  }
}

/** Whether it was not the pod that let a request fail: the error itself says so, whatever has happened to the way since. */
function isOfTheWay(error: unknown): boolean {
  if (error instanceof ForwardError || error instanceof ClusterError) return true;
  if (error instanceof StreamReset) return error.wasOfConnection();
  return error instanceof Error && error.cause !== undefined && isOfTheWay(error.cause);
}
