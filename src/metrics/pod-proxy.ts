import type { Cluster } from '../kubernetes/client/cluster.ts';
import { statusOf } from '../kubernetes/client/answer.ts';
import type { Answer } from '../kubernetes/client/answer.ts';
import { ClusterError } from '../kubernetes/client/errors.ts';
import { podCall } from '../kubernetes/client/pod-call.ts';
import type { PodPort } from '../kubernetes/client/pod-call.ts';
import type { Pod, Service } from '../kubernetes/objects.ts';
import { findPod } from './pod-finder.ts';
import type { ServicePortName } from './pod-finder.ts';
import type { ReadingFailure } from './readings.ts';
import { PodForward } from './pod-forward.ts';
import { failure, quote } from './server-answer.ts';
import type { ServerAnswer } from './server-answer.ts';
import { unanswered } from './unanswered.ts';

type Found = PodPort | ReadingFailure;

/**
 * Asks a Service of a cluster through a ready pod of it, which is looked up again once it is gone: by `pods/proxy`, or by
 * `pods/portforward` where that is forbidden.
 */
export class PodProxy {
  readonly #cluster: Cluster;
  readonly #service: ServicePortName;
  readonly #address: string;
  #pod: Promise<Found> | undefined;
  #isProxyForbidden = false;
  #forward: PodForward | undefined;

  /** @param address for messages */
  constructor(cluster: Cluster, service: ServicePortName, address: string) {
    this.#cluster = cluster;
    this.#service = service;
    this.#address = address;
  }

  /** @param headers `pods/proxy` does not pass on those of a login */
  async ask(
    path: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
    stop: AbortSignal,
  ): Promise<ServerAnswer | ReadingFailure> {
    const known = this.#pod;
    const first = await this.#askOnce(path, query, headers, stop);
    // The pod may have been replaced since it was found, but not since a moment ago.
    if (!('kind' in first) || known === undefined) return first;
    this.#forget(known);
    return this.#askOnce(path, query, headers, stop);
  }

  async #askOnce(
    path: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
    stop: AbortSignal,
  ): Promise<ServerAnswer | ReadingFailure> {
    const finding = (this.#pod ??= this.#find(stop));
    const pod = await finding;
    if ('kind' in pod) {
      this.#forget(finding);
      return pod;
    }
    try {
      if (this.#isProxyForbidden) return await this.#forwardTo(pod).ask(path, query, headers, stop);
      const answer = await this.#cluster.withSignal(stop).ask(podCall(pod, path, query, headers));
      const refusal = this.#refusalOf(answer, pod);
      if (refusal?.reason === 'forbidden') {
        const other = await this.#askForwarded(pod, [path, query, headers, stop]);
        if (other !== undefined) return other;
      }
      if (refusal !== undefined) this.#forget(finding);
      return refusal ?? answer;
    } catch (error) {
      this.#forget(finding);
      // Perhaps only for now: an API server that has just started forbids everything.
      this.#isProxyForbidden = false;
      return this.#failed(error);
    }
  }

  async close(): Promise<void> {
    await this.#forward?.close();
  }

  /** Tries the other way where `pods/proxy` is forbidden; undefined if the API server does not offer it either. */
  async #askForwarded(
    pod: PodPort,
    request: Parameters<PodForward['ask']>,
  ): Promise<ServerAnswer | undefined> {
    try {
      const answer = await this.#forwardTo(pod).ask(...request);
      this.#isProxyForbidden = true;
      return answer;
    } catch (error) {
      if (error instanceof Error && error.cause instanceof ClusterError) return undefined;
      throw error;
    }
  }

  #forwardTo(pod: PodPort): PodForward {
    const { name, port } = this.#forward?.pod ?? {};
    if (this.#forward !== undefined && name === pod.name && port === pod.port) return this.#forward;
    void this.#forward?.close();
    return (this.#forward = new PodForward(this.#cluster, pod));
  }

  /** Others may have looked it up again meanwhile. */
  #forget(finding: Promise<Found>): void {
    if (this.#pod === finding) this.#pod = undefined;
  }

  async #find(stop: AbortSignal): Promise<Found> {
    const { namespace, name } = this.#service;
    const cluster = this.#cluster.withSignal(stop);
    try {
      const service = await cluster.read<Service>('v1', 'Service', name, namespace);
      if (service === undefined)
        return failure('unreachable', `${this.#address} does not exist. Check the address of the metrics.`);
      const pods = await cluster.list<Pod>('v1', 'Pod', namespace, service.spec?.selector);
      const found = findPod(this.#service, service, pods);
      return 'problem' in found
        ? failure('unreachable', `${this.#address} cannot be asked: ${found.problem}.`)
        : { namespace, ...found };
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** What the API server itself answered, rather than the server in the pod. */
  #refusalOf(
    { status, body, quote: text }: Answer,
    { namespace, name }: PodPort,
  ): ReadingFailure | undefined {
    if (status < 400) return undefined;
    const said = statusOf(body)?.message;
    if (said !== undefined && status === 403)
      return failure(
        'forbidden',
        `${this.#address} cannot be asked: asking pod ${namespace}/${name} in ${this.#cluster.name}: ${quote(said)}. Grant get pods/proxy, or get and create pods/portforward, in namespace ${namespace} to the user of the kubeconfig.`,
      );
    if (said !== undefined)
      return failure(
        status === 401 ? 'unauthorized' : 'unreachable',
        `${this.#address} cannot be asked through pod ${name}: ${quote(said)} (${String(status)}).`,
      );
    // The API server's own text where the pod does not answer.
    return /^Error trying to reach service/i.test(text)
      ? failure('unreachable', `${this.#address} does not answer: ${quote(text)}.`)
      : undefined;
  }

  #failed(error: unknown): ReadingFailure {
    if (!(error instanceof ClusterError)) return unanswered(this.#address, error, 'Is the cluster reachable');
    return failure(
      error.status === 403 ? 'forbidden' : 'unreachable',
      `${this.#address} cannot be asked: ${error.message}`,
    );
  }
}
