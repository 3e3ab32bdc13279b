import type { Client, Dispatcher } from 'undici';

/** Connections to one address, or one pod, of an ingress: enough to reach several gateway replicas behind a load balancer. */
export const CONNECTIONS = 16;
/**
 * A connection is closed after this many requests. A load balancer chooses a gateway replica per connection: a run of some
 * hundred requests must open some dozens of them, or it may miss a stale replica.
 */
export const REQUESTS_PER_CONNECTION = 10;

/**
 * Over HTTP/2, all requests would share one connection, and so one gateway replica. undici sets the server name (SNI): the Host
 * header without its port, and none for an IP address (RFC 6066), whose certificate must name the address.
 */
export type WayOptions = Pick<Client.Options, 'allowH2' | 'connect'>;

/** A pod of an ingress, as it was seen last. */
export interface IngressPod {
  readonly uid: string;
  /** With its namespace where a pod of another one has the same name. */
  readonly name: string;
  /** How often its proxy has been restarted since it was created. */
  readonly restarts: number;
}

/** One of the ways to an ingress. */
export interface Way {
  readonly origin: string;
  /** The connections that requests share. */
  readonly dispatcher: Dispatcher;
  /** For a connection of a request's own. */
  readonly options: WayOptions;
  /** The pod that it leads to; undefined where a load balancer chooses. */
  readonly pod: IngressPod | undefined;
  /**
   * Opens what its connections share. A request's time begins only then.
   *
   * @throws an error to be excused; the signal's reason
   */
  open(signal: AbortSignal): Promise<void>;
}

/**
 * `again`: the failure says nothing about the service, so the request goes another way; `anew`: the same, and its time begins anew;
 * `same`: as `anew`, but the same way, which must not be left out.
 */
export type Excuse = 'none' | 'again' | 'anew' | 'same';

/** A request that failed. */
export interface Failed {
  /** How often. */
  readonly attempt: number;
  /** Since it was sent first. */
  readonly ms: number;
  readonly signal: AbortSignal;
}

/** The ways to one ingress, which requests take in turn. */
export interface Ways {
  /** The UIDs of the pods that requests go to; none where a load balancer chooses. */
  readonly pods: ReadonlySet<string>;
  /** All pods as they were seen last, those that are not ready included; a new list each time. */
  readonly shown: readonly IngressPod[];
  /** What is not used, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** The next way; undefined where the ingress has none now. */
  next(signal: AbortSignal): Promise<Way | undefined>;
  /** A response came this way. */
  answered(way: Way): void;
  /**
   * @throws CanaryError if the request cannot get through, which says nothing about the service
   */
  excuse(way: Way, error: unknown, failed: Failed): Promise<Excuse>;
  close(): Promise<void>;
}
