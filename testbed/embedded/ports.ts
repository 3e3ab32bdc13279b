import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** A port number reserved for one server, which may listen on it, stop, and listen again. */
export interface Port {
  readonly number: number;
  release(): void;
}

/**
 * Below the range of ports for outgoing connections, which could otherwise occupy a port while its server does not
 * listen.
 */
const LOWEST = 15_000;
const HIGHEST = 30_000;

/**
 * Reserves a TCP port on the loopback interface. The UDP port of the same number marks it as reserved for fleets in
 * other processes.
 *
 * @throws Error where no port is free.
 */
export async function reservePort(): Promise<Port> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const number = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const mark = createSocket('udp4');
    const marked = await new Promise<boolean>((resolve) => {
      mark.once('error', () => {
        resolve(false);
      });
      mark.bind({ port: number, address: '127.0.0.1', exclusive: true }, () => {
        resolve(true);
      });
    });
    if (marked && (await canListen(number))) {
      mark.unref();
      return {
        number,
        release: () => {
          mark.close();
        },
      };
    }
    if (marked) mark.close();
  }
  throw new Error(`no free port between ${String(LOWEST)} and ${String(HIGHEST)} on 127.0.0.1`);
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer();
  const listens = await new Promise<boolean>((resolve) => {
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      resolve(true);
    });
  });
  if (listens) await new Promise((resolve) => server.close(resolve));
  return listens;
}
