import { timestamp, type KubeObject } from '../api/objects.ts';
import { objectsAt, textAt, type JsonObject } from '../json.ts';
import { failsToStart } from '../../fleet.ts';
import { imageFault } from '../workload.ts';

/** The state of a pod's containers. */
export interface Progress {
  /** Whether the containers have had the time they need to become ready. */
  readonly settled: boolean;
  /** How often a container was started; 1 for the first time. */
  readonly attempt: number;
}

/** The statuses of a pod's containers, as the kubelet would report them for their images. */
export function containerStatuses(pod: KubeObject, progress: Progress): JsonObject {
  const statuses = objectsAt(pod, 'spec', 'containers').map((container) =>
    statusOf(pod, container, progress),
  );
  const inits = objectsAt(pod, 'spec', 'initContainers').map((container) =>
    container['restartPolicy'] === 'Always' ? running(container, true) : completed(container),
  );
  return { containerStatuses: statuses, ...(inits.length > 0 ? { initContainerStatuses: inits } : {}) };
}

function statusOf(pod: KubeObject, container: JsonObject, { settled, attempt }: Progress): JsonObject {
  const image = textAt(container, 'image') ?? '';
  const fault = imageFault(image);
  if (!failsToStart(fault, attempt))
    return { ...running(container, settled && fault !== 'unready'), restartCount: attempt - 1 };
  switch (fault) {
    case 'late-pull':
    case 'missing': {
      const failure =
        `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": ` +
        `failed to resolve reference "${image}": ${image}: not found`;
      return settled
        ? waiting(
            container,
            'ImagePullBackOff',
            `Back-off pulling image "${image}": ErrImagePull: ${failure}`,
          )
        : waiting(container, 'ErrImagePull', failure);
    }
    default: {
      const { name, namespace = '', uid } = pod.metadata;
      const which = `container=${textAt(container, 'name') ?? ''} pod=${name}_${namespace}(${uid})`;
      const status = waiting(container, 'CrashLoopBackOff', `back-off 10s restarting failed ${which}`);
      const ended = { exitCode: 1, reason: 'Error', startedAt: timestamp(), finishedAt: timestamp() };
      return { ...status, restartCount: attempt, lastState: { terminated: ended } };
    }
  }
}

export function waiting(container: JsonObject, reason: string, message?: string): JsonObject {
  const state = { waiting: { reason, ...(message === undefined ? {} : { message }) } };
  return { ...base(container), ready: false, started: false, state };
}

function running(container: JsonObject, ready: boolean): JsonObject {
  return { ...base(container), ready, started: true, state: { running: { startedAt: timestamp() } } };
}

function completed(container: JsonObject): JsonObject {
  const terminated = { exitCode: 0, reason: 'Completed', startedAt: timestamp(), finishedAt: timestamp() };
  return { ...base(container), ready: true, started: false, state: { terminated } };
}

function base(container: JsonObject): JsonObject {
  const image = textAt(container, 'image') ?? '';
  return { name: container['name'], image, imageID: '', restartCount: 0, lastState: {} };
}
