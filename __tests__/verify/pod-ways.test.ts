import { afterEach, describe, expect, test } from '@jest/globals';
import type { GatewayPod, GatewayPods } from '../../src/verify/gateway-pods.ts';
import { PodWays } from '../../src/verify/pod-ways.ts';
import { ForwardError } from '../../src/kubernetes/client/port-forward.ts';
import { IngressClient } from '../../src/verify/ingress-client.ts';
import type { Reply } from '../../src/verify/ingress-client.ts';
import '../support/one-realm.ts';
import { forwardingServer, refusal } from '../support/forwarding-server.ts';
import type { Answering, ForwardingServer } from '../support/forwarding-server.ts';
import { clusterAt } from '../support/kube-api.ts';
import { Opened, answer, deadUrl, serve } from '../support/server.ts';
import type { Handler } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());
const { signal } = new AbortController();

interface Stage {
  readonly api: ForwardingServer;
  readonly client: IngressClient;
  /** The pods that the cluster shows as ready; a test may change them. */
  readonly ready: GatewayPod[];
}

async function pod(name: string, handler: Handler): Promise<GatewayPod> {
  const { port } = new URL(opened.add(await serve(handler)).url);
  return { name, namespace: 'istio-system', uid: name, port: Number(port) };
}

async function stage(pods: readonly GatewayPod[], answering?: Answering): Promise<Stage> {
  const { target, ...parts } = await stageOf(pods, answering);
  return { ...parts, client: opened.add(await IngressClient.open(target)) };
}

async function stageOf(pods: readonly GatewayPod[], answering?: Answering) {
  const api = opened.add(await forwardingServer(answering));
  const cluster = opened.add(clusterAt(api.url, signal));
  const ready = [...pods];
  const gateway: GatewayPods = {
    ready: () => Promise.resolve([...ready]),
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
  return { api, ready, gateway, target };
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
  expect(replies.map(({ pod: name }) => name)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  expect(replies.every(({ kind }) => kind === 'answer')).toBe(true);
  expect(client.pods).toBe(2);
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
    const { client } = await stage([{ name: 'a', namespace: 'istio-system', uid: 'a', port: closed }]);
    await expect(send(client, 1)).resolves.toMatchObject([
      { kind: 'failure', what: 'connection refused', pod: 'a' },
    ]);
  });

  test('where its response breaks off', async () => {
    const broken = await pod('a', (_asked, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('a part', () => response.destroy());
    });
    const { client } = await stage([broken]);
    await expect(send(client, 1)).resolves.toMatchObject([
      { kind: 'failure', what: 'response cut off', pod: 'a' },
    ]);
  });

  test('where no pod is left', async () => {
    const { client, ready } = await stage([await pod('a', (_asked, response) => response.destroy())]);
    ready.length = 0;
    await expect(send(client, 1)).resolves.toMatchObject([{ kind: 'failure', what: 'connection refused' }]);
  }, 10_000);
});

describe('a failure does not count', () => {
  test('of a pod that has ended: another one is asked', async () => {
    const ended = await pod('a', (_asked, response) => response.destroy());
    const { client, ready } = await stage([ended, await pod('b', versions('v1'))]);
    ready.shift();
    const replies = await send(client, 4);
    expect(replies).toMatchObject(replies.map(() => ({ kind: 'answer', pod: 'b' })));
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
    await expect(send(client, 1)).resolves.toMatchObject([{ kind: 'answer', pod: 'a' }]);
    expect(api.asked).toHaveLength(2);
  });

  test('of an API server that starts', async () => {
    let asked = 0;
    const { client } = await stage([await pod('a', versions('v1'))], () => {
      asked += 1;
      return asked < 3 ? refusal(503, 'starting') : 'forward';
    });
    await expect(send(client, 1)).resolves.toMatchObject([{ kind: 'answer' }]);
  });
});

describe('a pod that is ready is not left out', () => {
  test('while the API server does not reach it: its request waits for it', async () => {
    let refused = 0;
    const { client } = await stage(
      [await pod('a', versions('v1')), await pod('b', versions('v1'))],
      ({ url = '' }) => {
        if (!url.includes('/pods/a/') || refused === 3) return 'forward';
        refused += 1;
        return refusal(503, 'error dialing backend');
      },
    );
    const replies = await send(client, 4);
    expect(replies.map(({ pod: name }) => name)).toEqual(['a', 'b', 'a', 'b']);
    expect(refused).toBe(3);
  });

  test('if the API server never reaches it, whatever the others answer', async () => {
    const { gateway, target } = await stageOf([
      await pod('a', versions('v1')),
      await pod('b', versions('v1')),
    ]);
    const ways = opened.add(await PodWays.open(target, gateway));
    const a = await ways.next();
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
  const { client, api } = await stage([await pod('a', versions('v1'))], () => answering());
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
  const { client, api } = await stage([await pod('a', versions('v1'))], () => refusal(403, 'cannot create'));
  await expect(send(client, 1)).rejects.toThrow('takes the verbs get and create on pods/portforward');
  expect(api.asked).toHaveLength(1);
});
