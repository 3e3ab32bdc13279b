import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { FORWARD } from '../../src/core/deadlines.ts';
import type { GatewayPod, GatewayPods } from '../../src/verify/gateway-pods.ts';
import { PodWays } from '../../src/verify/pod-ways.ts';
import { ForwardError } from '../../src/kubernetes/client/port-forward.ts';
import { IngressClient } from '../../src/verify/ingress-client.ts';
import type { Reply } from '../../src/verify/ingress-client.ts';
import { awaitRevision } from '../../src/verify/probe.ts';
import '../support/one-realm.ts';
import { selfSigned } from '../support/certificate.ts';
import { forwardingServer, refusal } from '../support/forwarding-server.ts';
import type { Answering, ForwardingServer } from '../support/forwarding-server.ts';
import { skippingClock } from '../support/clock.ts';
import { clusterAt } from '../support/kube-api.ts';
import { release } from '../support/release.ts';
import { Opened, answer, deadUrl, serve } from '../support/server.ts';
import type { Handler } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());
const { signal } = new AbortController();

interface Stage {
  readonly api: ForwardingServer;
  readonly client: IngressClient;
  /** The pods that the cluster shows; a test may change them. */
  readonly pods: GatewayPod[];
}

function gatewayPod(name: string, port: number): GatewayPod {
  return { name, namespace: 'istio-system', uid: name, port, phase: 'ready', restarts: 0 };
}

async function pod(name: string, handler: Handler): Promise<GatewayPod> {
  const { port } = new URL(opened.add(await serve(handler)).url);
  return gatewayPod(name, Number(port));
}

async function stage(
  pods: readonly GatewayPod[],
  { answering, timeoutMs }: { readonly answering?: Answering; readonly timeoutMs?: number } = {},
): Promise<Stage> {
  const { target, ...parts } = await stageOf(pods, answering);
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  return { ...parts, client: opened.add(await IngressClient.open(target, options)) };
}

async function stageOf(pods: readonly GatewayPod[], answering?: Answering) {
  const api = opened.add(await forwardingServer(answering));
  const cluster = opened.add(clusterAt(api.url, signal));
  const shown = [...pods];
  const gateway: GatewayPods = {
    list: () => Promise.resolve([...shown]),
    forward: (one) => cluster.portForward(one),
  };
  const target = {
    cluster: 'west',
    url: 'http://gateway.svc',
    path: '/hello',
    host: undefined,
    headers: {},
    gateway,
  };
  return { api, pods: shown, gateway, target };
}

const versions =
  (version: string): Handler =>
  (_asked, response) => {
    answer(response, { version });
  };

async function send(client: IngressClient, times: number): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  for (let sent = 0; sent < times; sent += 1) replies.push(await client.send({ signal }));
  return replies;
}

test('requests go to the ready pods in turn, with the Host header of a client in the cluster', async () => {
  let host: string | undefined;
  const first = await pod('a', (asked, response) => {
    ({ host } = asked.headers);
    answer(response, { version: 'v1' });
  });
  const { client } = await stage([first, await pod('b', versions('v2'))]);
  const replies = await send(client, 6);
  expect(replies.map((reply) => reply.pod?.name)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  expect(replies.every(({ kind }) => kind === 'answer')).toBe(true);
  expect(client.pods.size).toBe(2);
  expect(host).toBe('gateway.svc');
});

test('a connection is shared with at most nine others, as to an address', async () => {
  const times = new Map<number, number>();
  const one = await pod('a', ({ connection }, response) => {
    times.set(connection, (times.get(connection) ?? 0) + 1);
    answer(response, { version: 'v1' });
  });
  const { client } = await stage([one]);
  await send(client, 30);
  expect(Math.max(...times.values())).toBe(10);
});

describe('a failure counts', () => {
  test('where the pod is ready and refuses', async () => {
    const closed = Number(new URL(await deadUrl()).port);
    const { client } = await stage([gatewayPod('a', closed)]);
    await expect(send(client, 1)).resolves.toMatchObject([
      { kind: 'failure', what: 'connection refused', pod: { name: 'a' } },
    ]);
  });

  test('where its response breaks off', async () => {
    const broken = await pod('a', (_asked, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('a part', () => response.destroy());
    });
    const { client } = await stage([broken]);
    await expect(send(client, 1)).resolves.toMatchObject([
      { kind: 'failure', what: 'response cut off', pod: { name: 'a' } },
    ]);
  });

  test('where no pod is left', async () => {
    const { client, pods } = await stage([await pod('a', (_asked, response) => response.destroy())]);
    pods.length = 0;
    await expect(send(client, 1)).resolves.toMatchObject([{ kind: 'failure', what: 'connection refused' }]);
  }, 10_000);
});

describe('a failure does not count', () => {
  test('of a pod that has ended: another one is asked', async () => {
    const ended = await pod('a', (_asked, response) => response.destroy());
    const { client, pods } = await stage([ended, await pod('b', versions('v1'))]);
    pods.shift();
    const replies = await send(client, 4);
    expect(replies).toMatchObject(replies.map(() => ({ kind: 'answer', pod: { name: 'b' } })));
  }, 10_000);

  test('of the way to a pod: the request is sent again', async () => {
    let cut = (): void => undefined;
    let asked = 0;
    const one = await pod('a', (_asked, response) => {
      asked += 1;
      if (asked === 1) cut();
      else answer(response, { version: 'v1' });
    });
    const { client, api } = await stage([one]);
    cut = () => {
      for (const socket of api.upgraded) socket.destroy();
    };
    await expect(send(client, 1)).resolves.toMatchObject([{ kind: 'answer', pod: { name: 'a' } }]);
    expect(api.asked).toHaveLength(2);
  });

  test('of an API server that starts', async () => {
    let asked = 0;
    const { client } = await stage([await pod('a', versions('v1'))], {
      answering: () => {
        asked += 1;
        return asked < 3 ? refusal(503, 'starting') : 'forward';
      },
    });
    await expect(send(client, 1)).resolves.toMatchObject([{ kind: 'answer' }]);
  });
});

describe('a pod that is ready is not left out', () => {
  test('while the API server does not reach it: its request waits for it', async () => {
    let refused = 0;
    const { client } = await stage([await pod('a', versions('v1')), await pod('b', versions('v1'))], {
      answering: ({ url = '' }) => {
        if (!url.includes('/pods/a/') || refused === 3) return 'forward';
        refused += 1;
        return refusal(503, 'error dialing backend');
      },
    });
    const replies = await send(client, 4);
    expect(replies.map((reply) => reply.pod?.name)).toEqual(['a', 'b', 'a', 'b']);
    expect(refused).toBe(3);
  });

  test('if the API server never reaches it, whatever the others answer', async () => {
    const { gateway, target } = await stageOf([
      await pod('a', versions('v1')),
      await pod('b', versions('v1')),
    ]);
    const ways = opened.add(await PodWays.open(target, gateway));
    const a = await ways.next(signal);
    if (a === undefined) throw new Error('there is no way');
    ways.answered();
    const lost = new ForwardError('error dialing backend');
    await expect(ways.excuse(a, lost, { attempt: 1, ms: 0, signal })).resolves.toBe('same');
    await expect(ways.excuse(a, lost, { attempt: 9, ms: 60_001, signal })).rejects.toThrow(
      'Gateway pod a of west is ready, but could not be reached through the API server for 60 s: error dialing backend',
    );
  });
});

test('an API server that has just restarted may forbid what it allows a moment later', async () => {
  let answering: () => string = () => 'forward';
  const { client, api } = await stage([await pod('a', versions('v1'))], {
    answering: () => answering(),
  });
  await send(client, 1);
  let refused = 0;
  answering = () => {
    refused += 1;
    return refused < 3 ? refusal(403, 'pods "a" is forbidden: User "ci" cannot create') : 'forward';
  };
  for (const socket of api.upgraded) socket.destroy();
  await expect(send(client, 12)).resolves.toMatchObject(
    Array.from({ length: 12 }, () => ({ kind: 'answer' })),
  );
  expect(refused).toBe(3);
});

test('a missing permission ends the check, and is not asked about again', async () => {
  const { client, api } = await stage([await pod('a', versions('v1'))], {
    answering: () => refusal(403, 'cannot create'),
  });
  await expect(send(client, 1)).rejects.toThrow('takes the verbs get and create on pods/portforward');
  expect(api.asked).toHaveLength(1);
});

describe('of two failures at a time, the one that cut the request decides', () => {
  const cut: Handler = (_asked, response) => response.destroy();
  const silent: Handler = () => undefined;

  test('a pod that cuts its connection fails, though the API server is closing the way', async () => {
    let leave = (): void => undefined;
    const one = await pod('a', (asked, response) => {
      leave();
      cut(asked, response);
    });
    const { client, api } = await stage([one]);
    leave = () => api.last?.leave();
    await expect(send(client, 1)).resolves.toMatchObject([{ kind: 'failure', what: 'connection cut' }]);
  });

  test('a pod that does not respond fails, though the API server is closing the way', async () => {
    let leave = (): void => undefined;
    const one = await pod('a', (asked, response) => {
      leave();
      silent(asked, response);
    });
    const { client, api } = await stage([one], { timeoutMs: 300 });
    leave = () => api.last?.leave();
    await expect(send(client, 1)).resolves.toMatchObject([{ kind: 'failure', what: 'no response in time' }]);
  });

  test('a stream that is reset alone fails', async () => {
    let reset = (): void => undefined;
    const { client, api } = await stage([
      await pod('a', () => {
        reset();
      }),
    ]);
    reset = () => api.last?.resetStreams();
    await expect(send(client, 1)).resolves.toMatchObject([{ kind: 'failure', what: 'connection cut' }]);
  });

  test('a stream that is reset with its connection, as after an idle time, does not', async () => {
    let end = (): void => undefined;
    let asked = 0;
    const one = await pod('a', (_asked, response) => {
      asked += 1;
      if (asked === 1) end();
      else answer(response, { version: 'v1' });
    });
    const { client, api } = await stage([one]);
    end = () => api.last?.end();
    await expect(send(client, 1)).resolves.toMatchObject([{ kind: 'answer' }]);
  });
});

test('the time that the way takes to open is not the time of the request', async () => {
  const target = await stageOf([await pod('a', versions('v1'))], async () => {
    await delay(2_000);
    return 'forward';
  });
  const client = opened.add(await IngressClient.open(target.target, { timeoutMs: 1_500 }));
  await expect(client.send({ signal })).resolves.toMatchObject({ kind: 'answer' });
});

describe('a pod that crashes', () => {
  test('fails the requests that it cuts, like those of users; the next ones go to another', async () => {
    let crash = (): void => undefined;
    const broken = await pod('a', (_asked, response) => {
      crash();
      response.destroy();
    });
    const { client, pods } = await stage([broken, await pod('b', versions('v1'))]);
    crash = () => {
      pods[0] = { ...broken, phase: 'unready', restarts: 1 };
    };
    await expect(send(client, 3)).resolves.toMatchObject([
      { kind: 'failure', what: 'connection cut', pod: { name: 'a', restarts: 1 } },
      { kind: 'answer', pod: { name: 'b' } },
      { kind: 'answer', pod: { name: 'b' } },
    ]);
    expect([...client.leftOut]).toEqual([['Pod a', 'it is not ready (1 restart so far)']]);
  });

  test('is asked again once it is ready', async () => {
    const clock = skippingClock();
    const a = await pod('a', versions('v1'));
    const { gateway, target, pods } = await stageOf([a, await pod('b', versions('v1'))]);
    const ways = opened.add(await PodWays.open(target, gateway, clock));
    const names = async () => {
      await clock.sleep(FORWARD.forgetMs, signal);
      return [await ways.next(signal), await ways.next(signal)].map((way) => way?.pod?.name).toSorted();
    };
    pods[0] = { ...a, phase: 'unready' };
    await expect(names()).resolves.toEqual(['b', 'b']);
    pods[0] = { ...a, restarts: 1 };
    await expect(names()).resolves.toEqual(['a', 'b']);
    expect(ways.leftOut.size).toBe(0);
  });
});

test('pods of the same name in two namespaces are two pods', async () => {
  const [here, there] = [await pod('a', versions('v1')), await pod('a', versions('v2'))];
  const { client } = await stage([here, { ...there, namespace: 'shop', uid: 'another' }]);
  const replies = await send(client, 2);
  expect(replies.map((reply) => reply.pod?.name)).toEqual(['istio-system/a', 'shop/a']);
  expect(client.pods.size).toBe(2);
  // Both are waited for, and no more than these.
  const { check } = release({});
  await awaitRevision(client, '4', { check, signal });
});

test.each<[string, 'connection' | 'request']>([
  ['before its handshake', 'connection'],
  ['before its response', 'request'],
])('over HTTPS, a way that is cut %s costs no request either', async (_, event) => {
  const { key, cert } = await selfSigned('gateway.svc');
  let times = 0;
  const server = createServer({ key, cert }, (_request, response) => {
    if (event === 'connection' || times > 1) answer(response, { version: 'v1' });
  });
  server.prependListener(event, () => {
    times += 1;
    if (times === 1) for (const socket of api.upgraded) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.add({
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
  const { api, gateway, target } = await stageOf([gatewayPod('a', (server.address() as AddressInfo).port)]);
  const trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, cert]);
  try {
    const client = opened.add(await IngressClient.open({ ...target, gateway, url: 'https://gateway.svc' }));
    await expect(send(client, 1)).resolves.toMatchObject([{ kind: 'answer' }]);
  } finally {
    setDefaultCACertificates(trusted);
  }
  expect(times).toBe(2);
});
