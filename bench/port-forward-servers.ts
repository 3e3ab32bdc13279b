/**
 * The other end of the benchmark of port-forwards, in a process of its own: a server, and an API server that forwards to it. Sends
 * their addresses to its parent, and ends with it.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { forwardingServer } from '../__tests__/support/forwarding-server.ts';

const server = createServer((_request, response) => {
  response.setHeader('x-canary-version', 'v1').end('Hello');
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const { url } = await forwardingServer();
process.once('disconnect', () => {
  process.exit();
});
process.send?.({ port, url });
