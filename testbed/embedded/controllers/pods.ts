import { NODE, POD } from '../api/kinds.ts';
import { timestamp, type KubeObject } from '../api/objects.ts';
import type { Resources } from '../api/resources.ts';
import { numberAt, objectAt, objectsAt, textAt, type JsonObject } from '../json.ts';
import { failsToStart } from '../../fleet.ts';
import type { ImageFault } from '../../fleet.ts';
import type { Timers } from '../timers.ts';
import { imageFault, Workload } from '../workload.ts';
import { withCondition } from './conditions.ts';
import { containerStatuses, waiting } from './containers.ts';

const MANAGER = 'kubelet';

/** How long a pod's stages take, in milliseconds; on a real node they take seconds. */
export interface PodTimings {
  readonly scheduleMs: number;
  readonly startMs: number;
  readonly readyMs: number;
  /** From the deletion of a pod to the end of what runs in it. */
  readonly endMs: number;
  /** Between two restarts of a container that crashes. */
  readonly restartMs: number;
}

const POD_TIMINGS: PodTimings = {
  scheduleMs: 5,
  startMs: 15,
  readyMs: 20,
  endMs: 250,
  restartMs: 1000,
};

/** Scheduler and kubelet: starts pods as their images say, runs their workloads, and ends them. */
export class Pods {
  readonly #resources: Resources;
  readonly #timers: Timers;
  readonly #timings: PodTimings;
  /** By the pod's uid; shared by all clusters of the mesh, whose gateways send requests to them. */
  readonly #workloads: Map<string, Workload>;
  readonly #address: () => string;

  constructor(
    resources: Resources,
    timers: Timers,
    workloads: Map<string, Workload>,
    address: () => string,
    timings: PodTimings = POD_TIMINGS,
  ) {
    this.#resources = resources;
    this.#timers = timers;
    this.#workloads = workloads;
    this.#address = address;
    this.#timings = timings;
    resources.store.subscribe(({ kind, type, object, previous }) => {
      if (kind !== POD) return;
      const { uid, deletionTimestamp } = object.metadata;
      if (type === 'DELETED') this.#end(uid);
      else if (type === 'ADDED' && textAt(object, 'status', 'phase') === 'Pending') this.#bring(object);
      else if (deletionTimestamp !== undefined && previous?.metadata.deletionTimestamp === undefined)
        this.#take(object);
    });
  }

  /** Each stage sets the timer of the next: timers that run side by side may fire out of order in a busy process. */
  #bring(pod: KubeObject): void {
    const { scheduleMs, startMs } = this.#timings;
    this.#timers.after(scheduleMs, () => {
      this.#schedule(pod);
      this.#timers.after(startMs, () => {
        this.#start(pod, 1);
      });
    });
  }

  #schedule(pod: KubeObject): void {
    const [node] = this.#resources.store.list(NODE);
    const nodeName = node?.metadata.name;
    this.#change(pod, (live) => ({ ...live, spec: { ...objectAt(live, 'spec'), nodeName } }));
    this.#report(pod, (status) => ({
      ...status,
      phase: 'Pending',
      conditions: withCondition(objectsAt(status, 'conditions'), 'PodScheduled', { status: 'True' }),
      containerStatuses: containers(pod).map((container) => waiting(container, 'ContainerCreating')),
    }));
  }

  /** @param attempt 1 for the first time */
  #start(pod: KubeObject, attempt: number): void {
    const { readyMs, restartMs } = this.#timings;
    const faults = faultsOf(pod);
    const fails = [...faults].some((fault) => failsToStart(fault, attempt));
    if (this.#alive(pod) && !fails) this.#workloads.set(pod.metadata.uid, new Workload(pod));
    this.#report(pod, (status) => ({
      ...status,
      ...(attempt === 1 ? this.#place() : {}),
      phase: [...faults].some((fault) => isPulling(fault, attempt)) ? 'Pending' : 'Running',
      conditions: notReady(status, containers(pod)),
      ...containerStatuses(pod, { settled: false, attempt }),
    }));
    this.#timers.after(readyMs, () => {
      this.#settle(pod, attempt);
    });
    if (!fails || faults.has('missing') || attempt > 20) return;
    this.#timers.after(restartMs, () => {
      if (this.#alive(pod)) this.#start(pod, attempt + 1);
    });
  }

  #place(): JsonObject {
    const address = this.#address();
    return {
      podIP: address,
      podIPs: [{ ip: address }],
      hostIP: '127.0.0.1',
      hostIPs: [{ ip: '127.0.0.1' }],
      startTime: timestamp(),
    };
  }

  #settle(pod: KubeObject, attempt: number): void {
    const unready = containers(pod).filter((container) => {
      const fault = faultOf(container);
      return fault === 'unready' || failsToStart(fault, attempt);
    });
    this.#report(pod, (status) => {
      const conditions =
        unready.length > 0
          ? notReady(status, unready)
          : ['Initialized', 'ContainersReady', 'Ready'].reduce(
              (list, type) => withCondition(list, type, { status: 'True' }),
              objectsAt(status, 'conditions'),
            );
      return { ...status, conditions, ...containerStatuses(pod, { settled: true, attempt }) };
    });
  }

  #take(pod: KubeObject): void {
    const immediately = numberAt(pod, 'metadata', 'deletionGracePeriodSeconds') === 0;
    this.#timers.after(immediately ? 0 : this.#timings.endMs, () => {
      this.#end(pod.metadata.uid);
      if (this.#current(pod) !== undefined) {
        this.#resources.store.remove(POD, pod.metadata.namespace, pod.metadata.name);
      }
    });
  }

  #end(uid: string): void {
    const workload = this.#workloads.get(uid);
    if (workload !== undefined) workload.running = false;
    this.#workloads.delete(uid);
  }

  #current(pod: KubeObject): KubeObject | undefined {
    const live = this.#resources.store.get(POD, pod.metadata.namespace, pod.metadata.name);
    return live?.metadata.uid === pod.metadata.uid ? live : undefined;
  }

  #alive(pod: KubeObject): boolean {
    const live = this.#current(pod);
    return live !== undefined && live.metadata.deletionTimestamp === undefined;
  }

  #report(pod: KubeObject, change: (status: JsonObject) => JsonObject): void {
    this.#change(pod, (live) => ({ ...live, status: change(objectAt(live, 'status')) }), 'status');
  }

  #change(pod: KubeObject, change: (live: JsonObject) => JsonObject, subresource?: 'status'): void {
    if (!this.#alive(pod)) return;
    const { namespace, name } = pod.metadata;
    this.#resources.patch(POD, namespace, name, change, { manager: MANAGER, subresource });
  }
}

function containers(pod: KubeObject): JsonObject[] {
  return objectsAt(pod, 'spec', 'containers');
}

function faultOf(container: JsonObject): ImageFault | undefined {
  return imageFault(textAt(container, 'image') ?? '');
}

function isPulling(fault: ImageFault | undefined, attempt: number): boolean {
  return (fault === 'missing' || fault === 'late-pull') && failsToStart(fault, attempt);
}

function faultsOf(pod: KubeObject): ReadonlySet<ImageFault | undefined> {
  return new Set(containers(pod).map(faultOf));
}

function notReady(status: JsonObject, unready: readonly JsonObject[]): JsonObject[] {
  const names = unready.map((container) => textAt(container, 'name') ?? '').join(' ');
  const message = `containers with unready status: [${names}]`;
  const condition = { status: 'False', reason: 'ContainersNotReady', message };
  let conditions = withCondition(objectsAt(status, 'conditions'), 'Initialized', { status: 'True' });
  conditions = withCondition(conditions, 'ContainersReady', condition);
  return withCondition(conditions, 'Ready', condition);
}
