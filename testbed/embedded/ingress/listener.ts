import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Port } from '../ports.ts';
import type { Listener } from './config.ts';
import { defaultCertificate, selectContext } from './tls.ts';

export interface ListenerEvents {
  connected(socket: Socket): void;
  request(request: IncomingMessage, response: ServerResponse): void;
  /** What the port serves now, to choose the certificate by SNI. */
  listener(): Listener | undefined;
}

/** Both are tried, as a host name such as `localhost` may resolve to both; IPv6 may be missing. */
const ADDRESSES = ['127.0.0.1', '::1'] as const;

/** One port of a gateway on this machine. It listens only while a Gateway object asks for it. */
export class PortListener {
  readonly #port: Port;
  readonly #events: ListenerEvents;
  #servers: Server[] = [];
  #secure = false;

  constructor(port: Port, events: ListenerEvents) {
    this.#port = port;
    this.#events = events;
  }

  /** Listens for HTTP or HTTPS; does nothing if it already does. */
  async open(secure: boolean): Promise<void> {
    if (this.#servers.length > 0 && this.#secure === secure) return;
    await this.close();
    this.#secure = secure;
    for (const address of ADDRESSES) {
      const server = this.#create(secure);
      const listens = await listen(server, this.#port.number, address);
      if (listens) this.#servers.push(server);
      else if (address === '127.0.0.1')
        throw new Error(`port ${String(this.#port.number)} is already in use`);
    }
  }

  /** Refuses new connections; existing ones end with their current answers. */
  async close(): Promise<void> {
    const servers = this.#servers;
    this.#servers = [];
    await Promise.all(
      servers.map(async (server) => {
        const closed = new Promise<void>((resolve) => {
          server.close(() => {
            resolve();
          });
        });
        server.closeIdleConnections();
        const grace = setTimeout(() => {
          server.closeAllConnections();
        }, 200);
        await closed;
        clearTimeout(grace);
      }),
    );
  }

  #create(secure: boolean): Server {
    const request = (incoming: IncomingMessage, response: ServerResponse): void => {
      this.#events.request(incoming, response);
    };
    const options = { keepAliveTimeout: 60_000, requestTimeout: 0 };
    const server = secure
      ? createHttpsServer(
          {
            ...options,
            SNICallback: (name, done) => {
              const context = selectContext(this.#events.listener(), name);
              if (context === undefined) done(new Error(`no server for ${name}`));
              else done(null, context);
            },
            // Without SNI there is no choice.
            ...defaultCertificate(this.#events.listener()),
          },
          request,
        )
      : createHttpServer(options, request);
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#events.connected(socket);
    });
    server.on('tlsClientError', (_error, socket: Socket) => {
      socket.destroy();
    });
    return server;
  }
}

function listen(server: Server, port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, address, () => {
      server.unref();
      resolve(true);
    });
  });
}
