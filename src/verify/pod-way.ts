import type { Pool } from 'undici';
import { INGRESS } from '../core/deadlines.ts';
import { unlessAborted } from '../core/signals.ts';
import { forwardConnector } from '../kubernetes/client/forward-connector.ts';
import type { PortForward } from '../kubernetes/client/port-forward.ts';
import { poolOf } from './address-ways.ts';
import type { GatewayPod, PodPhase } from './gateway-pods.ts';
import type { IngressPod, Way, WayOptions } from './ways.ts';

/** The way to one pod of a gateway, through its API server. It stays the same while its pod is away for a moment. */
export class PodWay implements Way {
  readonly origin: string;
  readonly options: WayOptions;
  readonly dispatcher: Pool;
  readonly forward: PortForward;
  #phase: PodPhase | 'gone';
  #pod: IngressPod;

  constructor(origin: string, forward: PortForward, pod: GatewayPod, name: string) {
    this.origin = origin;
    this.forward = forward;
    this.options = { allowH2: false, connect: forwardConnector(forward, pod.port, INGRESS.connectMs) };
    this.dispatcher = poolOf(origin, this.options);
    this.#phase = pod.phase;
    this.#pod = { uid: pod.uid, name, restarts: pod.restarts };
  }

  get pod(): IngressPod {
    return this.#pod;
  }

  get phase(): PodPhase | 'gone' {
    return this.#phase;
  }

  /** @param pod as it is now */
  update({ phase, uid, restarts }: GatewayPod, name: string): void {
    this.#phase = phase;
    this.#pod = { uid, name, restarts };
  }

  /** There is no such pod any more. */
  leave(): void {
    this.#phase = 'gone';
  }

  async open(signal: AbortSignal): Promise<void> {
    await unlessAborted(this.forward.open(), signal);
  }

  async close(): Promise<void> {
    await this.dispatcher.destroy();
    this.forward.close();
  }
}
