import type { ClusterName } from '../core/names.ts';
import type { GatewayPods } from './gateway-pods.ts';

/** Where and how to send requests to one ingress. */
export interface Target {
  readonly cluster: ClusterName;
  readonly url: string;
  readonly path: string;
  /** Host header, and SNI unless it is an IP address; undefined: the URL's own. */
  readonly host: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: requests go to the URL; else to these pods, through the API server. */
  readonly gateway?: GatewayPods | undefined;
}
