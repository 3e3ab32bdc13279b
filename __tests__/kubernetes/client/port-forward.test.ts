import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Agent, Pool } from 'undici';
import { FORWARD } from '../../../src/core/deadlines.ts';
import type { Cluster } from '../../../src/kubernetes/client/cluster.ts';
import { ForwardError, PortClosed, PortForward } from '../../../src/kubernetes/client/port-forward.ts';
import type { Access } from '../../../src/kubernetes/client/session.ts';
import { openUpgraded } from '../../../src/kubernetes/client/upgrade.ts';
import { SpdyConnection } from '../../../src/kubernetes/client/spdy.ts';
import { WebSocketBytes } from '../../../src/kubernetes/client/web-socket.ts';
import '../../support/one-realm.ts';
import { forwardingServer, refusal } from '../../support/forwarding-server.ts';
import type { Answering, ForwardingServer } from '../../support/forwarding-server.ts';
import { clusterAt } from '../../support/kube-api.ts';
import { Opened, deadUrl, serve } from '../../support/server.ts';
import type { Handler } from '../../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

interface Stage {
  readonly api: ForwardingServer;
  readonly forward: PortForward;
}

async function stage(answering?: Answering, signal?: AbortSignal): Promise<Stage> {
  const api = opened.add(await forwardingServer(answering));
  const cluster: Cluster = opened.add(clusterAt(api.url, signal));
  const forward = cluster.portForward({ namespace: 'istio-system', name: 'gateway-0' });
  opened.add({
    close: () => {
      forward.close();
      return Promise.resolve();
    },
  });
  return { api, forward };
}

async function portOf(handler: Handler): Promise<number> {
  return Number(new URL(opened.add(await serve(handler)).url).port);
}

const GET = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

async function failureOf(connection: Duplex): Promise<unknown> {
  const [error] = (await once(connection.resume(), 'error')) as [unknown];
  return error;
}

test('connections to the ports of a pod are streams of one WebSocket', async () => {
  const { api, forward } = await stage();
  const port = await portOf((_, response) => response.end('hello'));
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const connection = await forward.connect(port);
      connection.write(GET);
      return text(connection);
    }),
  );
  expect(answers.every((answer) => answer.endsWith('hello'))).toBe(true);
  expect(api.asked).toEqual(['GET websocket']);
});

test('requests of undici go over them, and long bodies arrive whole', async () => {
  const { forward } = await stage();
  const long = 'x'.repeat(1_500_000);
  const port = await portOf((_, response) => response.end(long));
  const pool = new Pool('http://gateway', {
    allowH2: false,
    connections: 4,
    maxRequestsPerClient: 2,
    connect: (_, done) => {
      forward.connect(port).then(
        (connection) => {
          done(null, connection as never);
        },
        (error: unknown) => {
          done(error as Error, null);
        },
      );
    },
  });
  const bodies = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const { body } = await pool.request({ path: '/', method: 'GET' });
      return body.text();
    }),
  );
  expect(bodies.every((body) => body === long)).toBe(true);
  await pool.destroy();
});

test('an API server or proxy without such WebSockets is asked for SPDY/3.1 itself', async () => {
  const { api, forward } = await stage(({ headers }) =>
    headers.upgrade === 'websocket'
      ? 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
      : 'forward',
  );
  const connection = await forward.connect(await portOf((_, response) => response.end('hello')));
  connection.write(GET);
  await expect(text(connection)).resolves.toMatch(/hello$/);
  expect(api.asked).toEqual(['GET websocket', 'POST SPDY/3.1']);
});

describe('a refusal', () => {
  test('names both verbs, whichever is missing', async () => {
    const message = 'pods "gateway-0" is forbidden: User "ci" cannot create resource "pods/portforward"';
    const { api, forward } = await stage(() => refusal(403, message));
    await expect(forward.connect(80)).rejects.toThrow(
      `Opening a port-forward to Pod istio-system/gateway-0 in west: ${message}; it takes the verbs get and create on pods/portforward (403 Forbidden). Grant this to the user of the kubeconfig in this cluster.`,
    );
    expect(api.asked).toEqual(['GET websocket']);
  });

  test('of something that upgrades nothing quotes what it said', async () => {
    const { forward } = await stage(
      () => 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\nConnection: close\r\n\r\nnope!',
    );
    await expect(forward.connect(80)).rejects.toThrow(
      'the server does not upgrade the connection: nope! (502',
    );
  });

  test('of rejected credentials is answered with a new login', async () => {
    let asked = 0;
    const { forward } = await stage(() => {
      asked += 1;
      return asked === 1 ? refusal(401, 'Unauthorized') : 'forward';
    });
    await expect(forward.connect(80)).resolves.toBeDefined();
  });
});

test('a cancelled run waits for no upgrade', async () => {
  const stop = new AbortController();
  const { forward } = await stage(() => 'silence', stop.signal);
  const connecting = forward.connect(80);
  setImmediate(() => {
    stop.abort(new Error('cancelled'));
  });
  await expect(connecting).rejects.toThrow('cancelled');
});

describe('a connection fails', () => {
  test('as refused where nothing listens in the pod', async () => {
    const { forward } = await stage();
    const dead = Number(new URL(await deadUrl()).port);
    const error = await failureOf(await forward.connect(dead));
    expect(error).toBeInstanceOf(PortClosed);
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('as lost where the way to the pod breaks, and the next one opens another', async () => {
    const { api, forward } = await stage();
    const port = await portOf((_, response) => response.end('hello'));
    const connection = await forward.connect(port);
    const failed = failureOf(connection);
    for (const socket of api.upgraded) socket.destroy();
    await expect(failed).resolves.toBeInstanceOf(ForwardError);
    const next = await forward.connect(port);
    next.write(GET);
    await expect(text(next)).resolves.toMatch(/hello$/);
    expect(api.asked).toHaveLength(2);
  });

  test('not where the pod ends it', async () => {
    const { forward } = await stage();
    const port = await portOf((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('a part', () => response.destroy());
    });
    const connection = await forward.connect(port);
    connection.write(GET);
    await expect(text(connection)).resolves.toMatch(/a part$/);
  });
});

test('what nobody reads does not hold up the other connections', async () => {
  const { forward } = await stage();
  const endless = await portOf((_, response) => {
    const more = (): void => {
      if (!response.destroyed) response.write('x'.repeat(65_536), more);
    };
    more();
  });
  const port = await portOf((_, response) => response.end('hello'));
  const given = await forward.connect(endless);
  given.write(GET);
  await once(given, 'readable');
  given.destroy();
  const connection = await forward.connect(port);
  connection.write(GET);
  await expect(text(connection)).resolves.toMatch(/hello$/);
});

describe('a server that does not speak the protocol ends the way, rather than let requests wait', () => {
  const frame = (hex: string) => Buffer.from(hex, 'hex');
  test.each<[string, Buffer]>([
    ['a frame of another version', frame('8002000300000008 0000000300000005'.replace(' ', ''))],
    ['data of a stream that nobody opened', frame('0000001100ffffff')],
    ['data of a stream of its own', frame('0000000200000001')],
    ['a control frame without end', frame('8003000200ffffff')],
    ['text', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('%s', async (_, bytes) => {
    const [near, far] = duplexPair();
    const forward = new PortForward(() => Promise.resolve(near));
    const failed = failureOf(await forward.connect(80));
    far.resume().write(bytes);
    await expect(failed).resolves.toBeInstanceOf(ForwardError);
    expect(near.destroyed).toBe(true);
  });

  test('nothing more, though it keeps the connection open', async () => {
    const [near, far] = duplexPair();
    const forward = new PortForward(() => Promise.resolve(near));
    const failed = failureOf(await forward.connect(80));
    far.resume().end();
    await expect(failed).resolves.toBeInstanceOf(ForwardError);
  });

  test.each<[string, string]>([
    ['a masked WebSocket frame', '828100000000ff'],
    ['a reserved bit', 'c201ff'],
    ['a control frame of a megabyte', '897f0000000000100000'],
  ])('%s', async (_, hex) => {
    const [near, far] = duplexPair();
    const forward = new PortForward(() => Promise.resolve(new WebSocketBytes(near)));
    const failed = failureOf(await forward.connect(80));
    far.resume().write(frame(hex));
    await expect(failed).resolves.toBeInstanceOf(ForwardError);
  });
});

test('frames may be split at any byte, and WebSocket messages in fragments with a ping between them', async () => {
  const [near, far] = duplexPair();
  const forward = new PortForward(() => Promise.resolve(new WebSocketBytes(near)));
  const connection = await forward.connect(80);
  const said = text(connection);
  far.resume();
  // Stream 3 carries the data: "hi", then its end.
  const spdy = Buffer.from('00000003000000026869' + '0000000301000000', 'hex');
  const message = Buffer.concat([
    Buffer.from([0x02, 5]),
    spdy.subarray(0, 5),
    Buffer.from([0x89, 1, 0x21]),
    Buffer.from([0x80, 127, 0, 0, 0, 0, 0, 0, 0, spdy.length - 5]),
    spdy.subarray(5),
  ]);
  for (const byte of message) far.write(Buffer.from([byte]));
  await expect(said).resolves.toBe('hi');
  forward.close();
});

describe('a server that sends pings and reads nothing', () => {
  const PINGS = 20_000;
  const ofWebSocket = (n: number): Buffer => {
    const payload = Buffer.from(String(n).padEnd(100, '.'));
    return Buffer.concat([Buffer.from([0x89, payload.length]), payload]);
  };
  const ofSpdy = (n: number): Buffer => {
    const frame = Buffer.from('800300060000000400000000', 'hex');
    frame.writeUInt32BE(2 * n, 8);
    return frame;
  };

  test.each<[string, (transport: Duplex) => unknown, (n: number) => Buffer]>([
    ['WebSocket', (near) => new WebSocketBytes(near).resume(), ofWebSocket],
    ['SPDY/3.1', (near) => new SpdyConnection(near, () => 0), ofSpdy],
  ])('does not fill the memory with their answers (%s)', async (_, open, ping) => {
    const [near, far] = duplexPair();
    open(near);
    for (let n = 1; n <= PINGS; n += 1) if (!far.write(ping(n))) await once(far, 'drain');
    expect(near.writableLength).toBeLessThanOrEqual(2 * near.writableHighWaterMark);
    // The latest is answered as soon as it reads.
    const answers: Buffer[] = [];
    far.on('data', (chunk: Buffer) => answers.push(chunk));
    await once(near, 'drain');
    near.destroy();
    expect(answers.length).toBeGreaterThan(0);
  });
});

test('a server that accepts no connection holds up neither a cancelled run nor the next attempt', async () => {
  const stop = new AbortController();
  const access: Access = {
    server: 'https://10.0.0.1',
    headers: {},
    impersonation: {},
    dispatcher: opened.add(new Agent()),
    connect: () => undefined,
  };
  const opening = openUpgraded(access, '/', stop.signal);
  stop.abort(new Error('cancelled'));
  await expect(opening).rejects.toThrow('cancelled');
});

test('a lost way is noticed before a request through it has run out of time', () => {
  expect(FORWARD.silenceMs + FORWARD.heartbeatMs).toBeLessThan(10_000);
});
