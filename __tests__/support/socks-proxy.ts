import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A SOCKS5 proxy on 127.0.0.1 that opens connections (RFC 1928) for one user (RFC 1929), and nothing else. */
export interface SocksProxy {
  readonly url: string;
  /** What it was asked to connect to, as `host:port`. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

interface Settings {
  readonly user: string;
  readonly password: string;
  /** Where names lead that exist only behind the proxy, as `host:port`. */
  readonly routes: Readonly<Record<string, string>>;
}

const VERSION = 5;
const BY_PASSWORD = 2;
const CONNECT = 1;
const [IPV4, NAME] = [1, 3];
const SUCCEEDED = Buffer.from([VERSION, 0, 0, IPV4, 0, 0, 0, 0, 0, 0]);

export async function socksProxy({ user, password, routes }: Settings): Promise<SocksProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const handle = async (client: Socket): Promise<void> => {
    const read = reader(client);
    const [version = 0, count = 0] = await read(2);
    const methods = await read(count);
    if (version !== VERSION || !methods.includes(BY_PASSWORD)) throw new Error('no login offered');
    client.write(Buffer.from([VERSION, BY_PASSWORD]));
    const texts = [await readText(read, 1), await readText(read, 0)];
    const isKnown = texts[0] === user && texts[1] === password;
    client.write(Buffer.from([1, isKnown ? 0 : 1]));
    if (!isKnown) throw new Error('wrong login');
    const [, command, , kind] = await read(4);
    if (command !== CONNECT) throw new Error('not a connection');
    const host = kind === NAME ? await readText(read, 0) : [...(await read(4))].join('.');
    const port = (await read(2)).readUInt16BE();
    const authority = `${host}:${String(port)}`;
    asked.push(authority);
    const to = new URL(`tcp://${routes[authority] ?? authority}`);
    const target = connect(Number(to.port), to.hostname);
    sockets.add(target);
    target.on('error', () => client.destroy());
    client.on('close', () => target.destroy());
    await once(target, 'connect');
    client.write(SUCCEEDED);
    target.pipe(client).pipe(target);
  };
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    handle(client).catch(() => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `socks5://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${String(port)}`,
    asked,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

type Read = (length: number) => Promise<Buffer>;

/** Reads as many bytes as are asked for, and leaves the rest. */
function reader(socket: Socket): Read {
  return async (length) => {
    for (;;) {
      const bytes = socket.read(length) as Buffer | null;
      if (bytes !== null) return bytes;
      await once(socket, 'readable');
    }
  };
}

/** A text behind its length. */
async function readText(read: Read, skipped: number): Promise<string> {
  const head = await read(skipped + 1);
  return (await read(head[skipped] ?? 0)).toString('utf8');
}
