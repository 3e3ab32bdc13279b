import type { ClusterName } from '../core/names.ts';

/** What may help where nothing answers at the address of an ingress. */
export function portForwardAdvice(cluster: ClusterName): string {
  return `If this runner cannot reach that address, set the input ingress to ${cluster}=port-forward: it reaches the gateway's pods through the API server, and takes get and create on pods/portforward.`;
}
