import { createHash } from 'node:crypto';
import { IMAGE_FAULTS, failsToStart } from '../fleet.ts';
import type { ImageFault } from '../fleet.ts';
import type {
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
} from './kube-objects.ts';

const SIDECAR = 'istio-proxy';
const DEFAULT_PORT = 5000;

/** What a pod serves once it runs. */
export interface Serving {
  readonly ports: readonly number[];
  /** The body of the answer to `GET /hello`; a pod without such an image always answers 404. */
  readonly version: string | undefined;
  /** Whether a sidecar in front of the application speaks mutual TLS. */
  readonly sidecar: boolean;
  readonly fault: ImageFault | undefined;
}

/** The outcome of a pod on this fleet: the status that a kubelet would report, and what it serves, if anything. */
export interface PodOutcome {
  readonly status: PodStatus;
  readonly serving: Serving | undefined;
  /** Whether it has to be started again. */
  readonly again: boolean;
}

/**
 * The outcome of a pod, which depends only on its containers' images (see `IMAGE_FAULTS`).
 * @param now when its containers started
 * @param attempt how often they were started; 1 for the first time
 */
export function outcomeOf(pod: Pod, podIP: string, hostIP: string, now: Date, attempt: number): PodOutcome {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const fault = containers.map(faultOf).find((found) => found !== undefined);
  const statuses = containers.map((container) => containerStatus(pod, container, now, attempt));
  const unready = statuses.filter(({ ready }) => !ready).map(({ name }) => name);
  return {
    status: {
      phase: statuses.some(({ state }) => state?.waiting?.reason?.includes('ImagePull') === true)
        ? 'Pending'
        : 'Running',
      hostIP,
      hostIPs: [{ ip: hostIP }],
      podIP,
      podIPs: [{ ip: podIP }],
      startTime: now,
      conditions: conditionsOf(unready, now),
      initContainerStatuses: initContainers.map((container) => initStatus(container, now)),
      containerStatuses: statuses,
    },
    serving: failsToStart(fault, attempt) ? undefined : servingOf(pod, fault),
    again: (fault === 'crash-twice' || fault === 'late-pull') && failsToStart(fault, attempt),
  };
}

/** Splits `registry:5000/name:tag@sha256:…`, https://github.com/distribution/reference */
export function parseImage(image: string): { repository: string; tag: string } {
  const [named = ''] = image.split('@');
  // A colon before the last slash is that of the registry's port.
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  return colon < 0
    ? { repository: named, tag: 'latest' }
    : { repository: named.slice(0, colon), tag: named.slice(colon + 1) };
}

function faultOf({ name, image = '' }: Container): ImageFault | undefined {
  if (name === SIDECAR) return undefined;
  const { tag } = parseImage(image);
  return IMAGE_FAULTS.find((fault) => fault === tag);
}

function versionOf({ image = '' }: Container): string | undefined {
  return /(?:^|\/)examples-helloworld-([^/]+)$/.exec(parseImage(image).repository)?.[1];
}

function servingOf({ spec }: Pod, fault: ImageFault | undefined): Serving {
  const { containers = [], initContainers = [] } = spec ?? {};
  const applications = containers.filter(({ name }) => name !== SIDECAR);
  const application = applications.find((container) => versionOf(container) !== undefined) ?? applications[0];
  const ports = application?.ports?.map(({ containerPort }) => containerPort) ?? [DEFAULT_PORT];
  return {
    ports: [...new Set(ports)],
    version: application === undefined ? undefined : versionOf(application),
    // Istio injects it as an ordinary container or, where Kubernetes can, as an init container that goes on running.
    sidecar: [...containers, ...initContainers].some(({ name }) => name === SIDECAR),
    fault,
  };
}

function containerStatus(pod: Pod, container: Container, now: Date, attempt: number): ContainerStatus {
  const { image = '' } = container;
  const fault = faultOf(container);
  const running = { ...runningStatus(container, now), restartCount: attempt - 1 };
  if (!failsToStart(fault, attempt)) return fault === 'unready' ? { ...running, ready: false } : running;
  switch (fault) {
    case 'late-pull':
    case 'missing':
      return {
        ...running,
        imageID: '',
        ready: false,
        started: false,
        state: waiting(fault === 'missing' ? 'ImagePullBackOff' : 'ErrImagePull', pullMessage(image)),
      };
    default:
      return {
        ...running,
        ready: false,
        started: false,
        restartCount: attempt,
        state: waiting('CrashLoopBackOff', crashMessage(pod, container)),
        lastState: { terminated: { exitCode: 1, reason: 'Error', startedAt: now, finishedAt: now } },
      };
  }
}

function initStatus(container: Container, now: Date): ContainerStatus {
  const running = runningStatus(container, now);
  if (container.restartPolicy === 'Always') return running;
  const terminated = { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now };
  return { ...running, started: false, state: { terminated } };
}

function runningStatus({ name, image = '' }: Container, now: Date): ContainerStatus {
  const digest = createHash('sha256').update(image).digest('hex');
  return {
    name,
    image,
    imageID: image.includes('@') ? image : `${parseImage(image).repository}@sha256:${digest}`,
    ready: true,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: now } },
  };
}

function waiting(reason: string, message: string): ContainerState {
  return { waiting: { reason, message } };
}

function pullMessage(image: string): string {
  return (
    `Back-off pulling image "${image}": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "${image}": ` +
    `failed to resolve reference "${image}": ${image}: not found`
  );
}

function crashMessage({ metadata }: Pod, container: Container): string {
  const { name = '', namespace = '', uid = '' } = metadata ?? {};
  return `back-off 10s restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`;
}

function conditionsOf(unready: readonly string[], now: Date): PodCondition[] {
  const condition = (type: string, more: Partial<PodCondition> = {}): PodCondition => ({
    type,
    status: 'True',
    lastTransitionTime: now,
    ...more,
  });
  const readiness: Partial<PodCondition> =
    unready.length === 0
      ? {}
      : {
          status: 'False',
          reason: 'ContainersNotReady',
          message: `containers with unready status: [${unready.join(' ')}]`,
        };
  return [
    condition('PodScheduled'),
    condition('PodReadyToStartContainers'),
    condition('Initialized'),
    condition('ContainersReady', readiness),
    condition('Ready', readiness),
  ];
}
