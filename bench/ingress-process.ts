// Ingresses in a process of their own: each answers as a managed route at 80/20 does. Sends their ports to its parent.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

process.on('disconnect', () => {
  process.exit(0);
});

const ports = await Promise.all(
  Array.from({ length: Number(process.argv[2] ?? '1') }, async () => {
    let served = 0;
    const server = createServer((_request, response) => {
      served += 1;
      response.setHeader('x-canary-version', served % 5 === 0 ? 'v2' : 'v1').end('Hello');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }),
);
process.send?.(ports);
