// The process in front of a cluster's gateway: it keeps the network namespace of the gateway open, and forwards the ports of
// the load balancer and of the node to the ports of Envoy.
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';

/** Connections to `address:port` are forwarded to Envoy's port `to`. */
export interface Forward {
  readonly address: string;
  readonly port: number;
  readonly to: number;
}
/** All forwards, sent to this process at every change. It sends one message itself, when it is ready. */
export type FrontMessage = readonly Forward[];

const open = new Map<string, Server>();

process.on('message', (forwards: FrontMessage) => {
  const wanted = new Map(forwards.map((forward) => [JSON.stringify(forward), forward]));
  for (const [key, server] of open) {
    if (wanted.has(key)) continue;
    server.close();
    open.delete(key);
  }
  for (const [key, forward] of wanted) {
    if (!open.has(key)) open.set(key, listen(forward));
  }
});
process.on('disconnect', () => {
  process.exit(0);
});
process.send?.('ready');

function listen({ address, port, to }: Forward): Server {
  const server = createServer((client) => {
    const envoy = connect(to, '127.0.0.1');
    client.pipe(envoy).pipe(client);
    // Nobody listens: the client's connection is reset, as by a load balancer.
    client.on('error', () => envoy.destroy());
    envoy.on('error', () => client.resetAndDestroy());
  });
  server.on('error', (error) => {
    process.stderr.write(
      `mesh: cannot forward ${address}:${String(port)} to ${String(to)}: ${error.message}\n`,
    );
  });
  return server.listen(port, address);
}
