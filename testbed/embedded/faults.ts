import type { Json } from './json.ts';

/** Verbs as Kubernetes authorization names them. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** One call of a cluster's API, as a client made it. The fleet's own controllers make no calls. */
export interface ApiCall {
  readonly cluster: string;
  /** `admin`, or `system:serviceaccount:NAMESPACE:NAME`. */
  readonly user: string;
  /** Number among the calls of all clusters since the last reset, from 1. */
  readonly index: number;
  readonly verb: Verb;
  /** `VirtualService`; `APIResourceList` and the like for discovery. */
  readonly kind: string;
  /** API group of the kind; empty for the core group. */
  readonly group: string;
  readonly namespace: string | undefined;
  /** Empty for a list, or for a create whose name is in the body. */
  readonly name: string;
  readonly subresource: string | undefined;
  readonly dryRun: boolean;
  readonly body: Json | undefined;
  /** Whether the call is meant to change something: not a read, a dry run or a review. */
  readonly write: boolean;
  /** The bearer token that came with it. */
  readonly token: string;
}

/**
 * What happens to a call instead of the usual processing:
 * an answer with the given status; the usual processing after a delay, or once something has happened; or
 *
 * - `cut`: the connection is cut before the call is processed
 * - `cut-after`: it is cut after that, so that the answer is lost
 * - `hang`: the call is not processed, and gets no answer
 * - `malformed`: the call is not processed, and a success without JSON comes back
 * - `garbled`: the call is processed, and a success without JSON comes back
 * - `truncated`: the call is processed, and the connection is cut in the middle of the answer
 * - `stale`: a list is answered with what it held before the latest write of a client
 */
export type CallAction =
  | {
      readonly status: number;
      /** `reason` of the Status; by default that of the code. */
      readonly reason?: string;
      /** `message` of the Status. */
      readonly message?: string;
      /** Seconds in `Retry-After`. */
      readonly retryAfter?: number;
    }
  | 'cut'
  | 'cut-after'
  | 'hang'
  | 'malformed'
  | 'garbled'
  | 'truncated'
  | 'stale'
  | { readonly delayMs: number }
  | { readonly after: Promise<unknown> };

export type CallHandler = (call: ApiCall) => CallAction | undefined;

/** A request at an ingress, before it is routed. */
export interface IngressRequest {
  readonly cluster: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export type IngressObserver = (request: IngressRequest) => void;

/** What nobody may do in a cluster, whatever the roles say; an omitted part applies to all. */
export interface Denial {
  readonly verbs?: readonly Verb[];
  /** `VirtualService` */
  readonly kind?: string;
  readonly namespace?: string;
}

/** The faults of one fleet: which calls and requests are not processed as usual. */
export class Faults {
  readonly calls: ApiCall[] = [];
  readonly #callHandlers = new Set<CallHandler>();
  readonly #ingressObservers = new Set<IngressObserver>();
  readonly #denials = new Set<{ readonly cluster: string; readonly denial: Denial }>();

  onCall(handler: CallHandler): () => void {
    return added(this.#callHandlers, handler);
  }

  onRequest(observer: IngressObserver): () => void {
    return added(this.#ingressObservers, observer);
  }

  deny(cluster: string, denial: Denial): () => void {
    return added(this.#denials, { cluster, denial });
  }

  /** Logs a call and asks the handlers, in the order they were added, until one returns an action. */
  receive(call: Omit<ApiCall, 'index'>): CallAction | undefined {
    const received: ApiCall = { ...call, index: this.calls.length + 1 };
    this.calls.push(received);
    for (const handler of this.#callHandlers) {
      const action = handler(received);
      if (action !== undefined) return action;
    }
    return undefined;
  }

  request(request: IngressRequest): void {
    for (const observe of this.#ingressObservers) observe(request);
  }

  isDenied(cluster: string, verb: string, kind: string, namespace: string | undefined): boolean {
    for (const { cluster: where, denial } of this.#denials) {
      if (
        where === cluster &&
        (denial.verbs?.some((denied) => denied === verb) ?? true) &&
        (denial.kind ?? kind) === kind &&
        (denial.namespace ?? namespace) === namespace
      ) {
        return true;
      }
    }
    return false;
  }

  hasDenials(cluster: string): boolean {
    return [...this.#denials].some((one) => one.cluster === cluster);
  }

  clear(): void {
    this.calls.length = 0;
    this.#callHandlers.clear();
    this.#ingressObservers.clear();
    this.#denials.clear();
  }
}

function added<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => set.delete(item);
}
