import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import type { PortForward } from './port-forward.ts';

/** Connections of undici to a port of a pod, secured where the URL is. */
export function forwardConnector(
  forward: PortForward,
  port: number,
  timeoutMs: number,
): buildConnector.connector {
  const secure = buildConnector({ allowH2: false, timeout: timeoutMs });
  return (options, callback) => {
    forward.connect(port).then(
      (connection) => {
        const httpSocket = asSocket(connection);
        if (options.protocol === 'https:') secure({ ...options, httpSocket }, callback);
        else callback(null, httpSocket);
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)), null);
      },
    );
  };
}

function asSocket(connection: Duplex): Socket {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- undici is typed for sockets, and works with every stream
  return connection as Socket;
}
