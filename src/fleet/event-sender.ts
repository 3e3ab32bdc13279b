import { randomUUID } from 'node:crypto';
import { EVENTS } from '../core/deadlines.ts';
import { messageOf } from '../core/errors.ts';
import type { ClusterName } from '../core/names.ts';
import { endAfter } from '../core/signals.ts';
import { isForbidden } from '../kubernetes/client/errors.ts';
import { eventAbout } from '../kubernetes/events.ts';
import type { ObjectEvent } from '../kubernetes/events.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { Fleet } from './fleet.ts';

/**
 * Sends Kubernetes Events, which tell people what happened to an object and decide nothing: nobody waits for one before the end of the
 * run, and one that cannot be sent is left out.
 */
export class EventSender {
  readonly #fleet: Fleet;
  readonly #instance: string;
  readonly #underWay: Promise<void>[] = [];
  readonly #forbidden = new Set<ClusterName>();
  readonly #failures = new Map<ClusterName, string>();

  /** @param instance the run */
  constructor(fleet: Fleet, instance: string) {
    this.#fleet = fleet;
    this.#instance = instance;
  }

  /** Begins to send, and returns at once. */
  send(cluster: ClusterName, object: KubeObject, event: ObjectEvent): void {
    // A cluster that has refused one refuses all.
    if (this.#forbidden.has(cluster)) return;
    const by = { instance: this.#instance, id: randomUUID(), time: new Date() };
    this.#underWay.push(this.#sendNow(cluster, eventAbout(object, event, by)));
  }

  /**
   * Waits for what is under way, unless the run is cancelled.
   *
   * @returns a sentence for each reason why Events are missing
   */
  async settle(run: AbortSignal): Promise<readonly string[]> {
    if (run.aborted) return [];
    await Promise.all(this.#underWay);
    const forbidden = [...this.#forbidden];
    return [
      ...(forbidden.length === 0
        ? []
        : [
            `No Kubernetes Events in ${forbidden.join(', ')}: the user of the kubeconfig may not create events.events.k8s.io there (optional; see examples/rbac/optional.yaml).`,
          ]),
      ...[...this.#failures].map(
        ([cluster, reason]) => `A Kubernetes Event could not be written in ${cluster}: ${reason}`,
      ),
    ];
  }

  async #sendNow(name: ClusterName, event: KubeObject): Promise<void> {
    const signal = endAfter(EVENTS.sendMs, 'Writing an Event');
    try {
      await this.#fleet.cluster(name).withSignal(signal).create(event);
    } catch (error) {
      if (isForbidden(error)) this.#forbidden.add(name);
      else this.#failures.set(name, messageOf(error));
    }
  }
}
