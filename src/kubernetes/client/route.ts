import type { Cluster, KubeConfig } from '@kubernetes/client-node';
import { hostOf, isLoopback, proxyAt, proxyFor } from '../../core/proxy.ts';
import type { Proxy } from '../../core/proxy.ts';
import { theInput } from '../../core/wording.ts';
import { clusterOf } from './contexts.ts';

/** The proxy to the server of a context: the `proxy-url` of its cluster, or else that of the environment. */
export function proxyTo({ server, proxyUrl }: Cluster): Proxy | undefined {
  return proxyUrl ? proxyAt(proxyUrl, `proxy-url in ${theInput('kubeconfig')}`) : proxyFor(new URL(server));
}

/** Why others on the way can read or change what goes to the server of a context; undefined if they cannot. */
export function insecurityOf(config: KubeConfig, context: string): string | undefined {
  const cluster = clusterOf(config, context);
  if (cluster === undefined || !URL.canParse(cluster.server)) return undefined;
  const server = new URL(cluster.server);
  if (server.protocol === 'http:') {
    const host = hostOf(server);
    // kubectl proxy and the like: what it passes on is encrypted. Some resolvers ask the network for names below localhost.
    if (isLoopback(host) && !host.endsWith('.localhost') && !cluster.proxyUrl) return undefined;
    return `its server ${server.origin} is reached without encryption, so others on the network can read its credentials and change what it receives`;
  }
  return cluster.skipTLSVerify
    ? `insecure-skip-tls-verify is set, so anyone on the network can pose as its server ${server.origin} and receive its credentials`
    : undefined;
}
