import { Agent, fetch } from 'undici';
import { METRICS } from '../core/deadlines.ts';
import { readAnswer } from '../kubernetes/client/answer.ts';
import type { Answer } from '../kubernetes/client/answer.ts';
import type { Cluster } from '../kubernetes/client/cluster.ts';
import { forwardConnector } from '../kubernetes/client/forward-connector.ts';
import type { PodPort } from '../kubernetes/client/pod-call.ts';
import type { PortForward } from '../kubernetes/client/port-forward.ts';

/** Asks a server in a pod over connections that the API server forwards. */
export class PodForward {
  readonly pod: PodPort;
  readonly #forward: PortForward;
  readonly #agent: Agent;

  constructor(cluster: Cluster, pod: PodPort) {
    this.pod = pod;
    this.#forward = cluster.portForward(pod);
    this.#agent = new Agent({
      keepAliveTimeout: METRICS.idleMs,
      keepAliveMaxTimeout: METRICS.idleMs,
      connect: forwardConnector(this.#forward, pod.port, METRICS.connectMs),
    });
  }

  /**
   * @param headers the server receives all of them, a login included
   * @throws the reason why no answer came; the signal's reason once it is aborted
   */
  async ask(
    path: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
    stop: AbortSignal,
  ): Promise<Answer> {
    // The connector knows where it leads.
    const response = await fetch(`http://localhost${path}?${new URLSearchParams(query).toString()}`, {
      headers: { accept: 'application/json', ...headers },
      dispatcher: this.#agent,
      signal: stop,
      redirect: 'manual',
    });
    return readAnswer(response);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
    this.#forward.close();
  }
}
