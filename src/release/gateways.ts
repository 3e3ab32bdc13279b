import type { Gateway, GatewayServer, Labels } from './objects.ts';

/** A Gateway made anew: plain HTTP on port 80 for the hosts, served by the pods that the selector picks. */
export function newGateway(
  apiVersion: string,
  key: { readonly name: string; readonly namespace: string },
  selector: Labels,
  hosts: readonly string[],
): Gateway {
  return {
    apiVersion,
    kind: 'Gateway',
    metadata: { name: key.name, namespace: key.namespace },
    spec: { selector, servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts }] },
  };
}

/** `name` or `namespace/name`, as a VirtualService of namespace `from` refers to a Gateway. */
export function gatewayKey(
  reference: string,
  from: string,
): { readonly namespace: string; readonly name: string } {
  const [first = '', second] = reference.split('/');
  return second === undefined
    ? { namespace: from, name: first }
    : { namespace: first === '.' ? from : first, name: second };
}

/** Whether a server is reached over TLS that the gateway terminates. */
export function isHttps(server: GatewayServer): boolean {
  return server.port.protocol?.toUpperCase() === 'HTTPS';
}

/** The server of a Gateway to sample: plain HTTP before HTTPS; a server that only redirects, or passes TLS through, is none. */
export function sampledServer(gateway: Gateway): GatewayServer | undefined {
  const servers = gateway.spec.servers ?? [];
  const plain = servers.find(
    ({ port, tls }) =>
      ['HTTP', 'HTTP2', 'GRPC'].includes(port.protocol?.toUpperCase() ?? '') && tls?.httpsRedirect !== true,
  );
  return plain ?? servers.find((server) => isHttps(server) && server.tls?.mode !== 'PASSTHROUGH');
}
