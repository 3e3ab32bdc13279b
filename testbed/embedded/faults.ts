import type { Json } from './json.ts';

/** Verbs as Kubernetes authorization names them. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** One call of a cluster's API, as a client made it. Calls of the fleet's own controllers are not among them. */
export interface ApiCall {
  readonly cluster: string;
  /** Place in the order in which all clusters received their calls since the last reset; the first is 1. */
  readonly index: number;
  readonly verb: Verb;
  /** `VirtualService`; `APIResourceList` and the like for discovery. */
  readonly kind: string;
  /** API group of the kind; empty for the core group. */
  readonly group: string;
  readonly namespace: string | undefined;
  /** Empty for a list or a create that leaves it to the body. */
  readonly name: string;
  readonly subresource: string | undefined;
  readonly dryRun: boolean;
  readonly body: Json | undefined;
  /** Whether the call asks for a change: it writes, is no dry run and no review. */
  readonly write: boolean;
}

/**
 * What happens to a call in place of its usual course:
 * an answer with a status of its own; the connection cut before the call is processed (`cut`) or after it, so that
 * the answer is lost (`cut-after`); no answer at all (`hang`); or the usual course after a delay.
 */
export type CallAction =
  | {
      readonly status: number;
      /** `reason` of the Status; the usual one of the code where it is left out. */
      readonly reason?: string;
      /** `message` of the Status. */
      readonly message?: string;
      /** Seconds in `Retry-After`. */
      readonly retryAfter?: number;
      /** The whole body in place of a Status. */
      readonly body?: string;
    }
  | 'cut'
  | 'cut-after'
  | 'hang'
  | { readonly delayMs: number };

export type CallHandler = (call: ApiCall) => CallAction | undefined;

/** A request at an ingress, before it is routed. */
export interface IngressRequest {
  readonly cluster: string;
  readonly replica: number;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export type IngressAction =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | 'cut'
  | 'hang'
  | { readonly delayMs: number };

export type IngressHandler = (request: IngressRequest) => IngressAction | undefined;

/** What the admin of the kubeconfig may not do in a cluster; a part that is left out means every one. */
export interface Denial {
  readonly verbs?: readonly Verb[];
  /** `VirtualService` */
  readonly kind?: string;
  readonly namespace?: string;
}

/** The switches of one fleet: which calls and requests go another way than they usually would. */
export class Faults {
  readonly calls: ApiCall[] = [];
  readonly #callHandlers = new Set<CallHandler>();
  readonly #ingressHandlers = new Set<IngressHandler>();
  readonly #denials = new Set<{ readonly cluster: string; readonly denial: Denial }>();
  readonly #unserved = new Set<{ readonly cluster: string; readonly kind: string }>();

  onCall(handler: CallHandler): () => void {
    return added(this.#callHandlers, handler);
  }

  onRequest(handler: IngressHandler): () => void {
    return added(this.#ingressHandlers, handler);
  }

  deny(cluster: string, denial: Denial): () => void {
    return added(this.#denials, { cluster, denial });
  }

  unserve(cluster: string, kind: string): () => void {
    return added(this.#unserved, { cluster, kind });
  }

  /** Logs a call and asks the handlers, in the order in which they were set, until one wants an action. */
  receive(call: Omit<ApiCall, 'index'>): CallAction | undefined {
    const received: ApiCall = { ...call, index: this.calls.length + 1 };
    this.calls.push(received);
    for (const handler of this.#callHandlers) {
      const action = handler(received);
      if (action !== undefined) return action;
    }
    return undefined;
  }

  /** Whether a request could be asked for an action at all, so that the usual case costs nothing. */
  get watchesIngress(): boolean {
    return this.#ingressHandlers.size > 0;
  }

  request(request: IngressRequest): IngressAction | undefined {
    for (const handler of this.#ingressHandlers) {
      const action = handler(request);
      if (action !== undefined) return action;
    }
    return undefined;
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

  isServed(cluster: string, kind: string): boolean {
    for (const entry of this.#unserved) if (entry.cluster === cluster && entry.kind === kind) return false;
    return true;
  }

  clear(): void {
    this.calls.length = 0;
    this.#callHandlers.clear();
    this.#ingressHandlers.clear();
    this.#denials.clear();
    this.#unserved.clear();
  }
}

function added<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => set.delete(item);
}
