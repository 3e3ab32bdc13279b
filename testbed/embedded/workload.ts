import { IMAGE_FAULTS, type ImageFault } from '../fleet.ts';
import { hasSidecar } from './api/injection.ts';
import type { KubeObject } from './api/objects.ts';
import { numberAt, objectsAt, textAt, type JsonObject } from './json.ts';

/** Time that a healthy workload takes to answer, in milliseconds. */
const USUAL_MS = 5;
const SLOW_MS = 1_200;
const PATHS: ReadonlySet<string> = new Set(['/hello', '/orders']);
/** Longer than any test waits. */
const NEVER_MS = 3_600_000;

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Milliseconds until the answer begins. */
  readonly afterMs: number;
  /** Whether the body, which claims to be longer, breaks off. */
  readonly breaksOff?: boolean | undefined;
}

/** The fault that the tag of an image names. The tag follows the last colon that is not a registry's port. */
export function imageFault(image: string): ImageFault | undefined {
  const [reference = ''] = image.split('@');
  const tag = /:([^/:]+)$/.exec(reference)?.[1];
  return IMAGE_FAULTS.find((fault) => fault === tag);
}

/** The version in an image's name: `…/examples-helloworld-v2:1.0` is `v2`. */
function imageVersion(image: string): string | undefined {
  const [reference = ''] = image.split('@');
  return /(?:^|\/)examples-helloworld-([^/:]+)(?::[^/:]+)?$/.exec(reference)?.[1];
}

/** The port of a container that declares none. */
const DEFAULT_PORT = 5000;

/** What runs in a pod: it answers requests as the pod's images say (see `IMAGE_FAULTS`). */
export class Workload {
  readonly pod: string;
  readonly version: string | undefined;
  /** The port on which it listens in the pod. */
  readonly ports: ReadonlySet<number>;
  /** Whether it has a sidecar, and so accepts mutual TLS. */
  readonly sidecar: boolean;
  running = true;
  readonly #faults: ReadonlySet<ImageFault>;
  #answered = 0;
  #orders = 0;

  constructor(pod: KubeObject) {
    const containers = objectsAt(pod, 'spec', 'containers');
    const images = containers.map(imageOf);
    this.pod = pod.metadata.name;
    this.version = images.map(imageVersion).find((version) => version !== undefined);
    this.ports = portsOf(
      containers.find((container) => imageVersion(imageOf(container)) !== undefined) ?? containers[0],
    );
    this.sidecar = hasSidecar(pod);
    this.#faults = new Set(images.map(imageFault).filter((fault) => fault !== undefined));
  }

  answer(method: string, path: string): Answer {
    this.#answered += 1;
    if (path === '/orders') this.#orders += 1;
    const every = (fault: ImageFault, nth: number): boolean =>
      this.#faults.has(fault) && path === '/orders' && this.#orders % nth === 0;
    const afterMs = this.#faults.has('silent')
      ? NEVER_MS
      : every('slow-orders', 5)
        ? SLOW_MS
        : this.#faults.has('slow')
          ? 3 * USUAL_MS
          : USUAL_MS;
    if ((this.#faults.has('errors') && this.#answered % 10 === 0) || every('order-errors', 10)) {
      return { status: 500, body: 'Internal Server Error\n', afterMs };
    }
    if (this.version === undefined || !PATHS.has(path)) return { status: 404, body: 'Not Found\n', afterMs };
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'Method Not Allowed\n', afterMs };
    if (this.#faults.has('broken') && this.#answered % 30 === 0)
      return { status: 200, body: 'Hello', afterMs, breaksOff: true };
    return { status: 200, body: `Hello version: ${this.version}, instance: ${this.pod}\n`, afterMs };
  }
}

function imageOf(container: JsonObject): string {
  return textAt(container, 'image') ?? '';
}

function portsOf(container: JsonObject | undefined): ReadonlySet<number> {
  const declared = objectsAt(container, 'ports').flatMap((port) => numberAt(port, 'containerPort') ?? []);
  return new Set(declared.length > 0 ? declared : [DEFAULT_PORT]);
}
