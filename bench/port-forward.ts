/**
 * Requests through port-forwards, of the API server of the embedded fleet's kind: one pod as fast as possible, compared with the same
 * requests without a port-forward, and how much of their rate many pods keep at a time.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { clusterAt } from '../__tests__/support/kube-api.ts';
import type { GatewayPod } from '../src/verify/gateway-pods.ts';
import { IngressClient } from '../src/verify/ingress-client.ts';
import { CONNECTIONS } from '../src/verify/ways.ts';
import { paired } from './paired.ts';
import type { Ratio } from './paired.ts';

const REQUESTS = 2_000;
const PODS = 20;
const RPS_PER_POD = 100;
const RATE_MS = 5_000;
const { signal } = new AbortController();

interface Stage {
  readonly direct: IngressClient;
  /** A client of so many pods. */
  readonly forwarded: (pods: number) => Promise<IngressClient>;
  readonly close: () => Promise<void>;
}

/** The servers are another process, so that only the client's work counts for the client. */
async function stage(): Promise<Stage> {
  const servers = fork(join(import.meta.dirname, 'port-forward-servers.ts'));
  const [{ port, url }] = (await once(servers, 'message')) as [{ port: number; url: string }];
  const cluster = clusterAt(url);
  const target = { cluster: 'local', path: '/', host: undefined, headers: {} };
  const direct = await IngressClient.open({ ...target, url: `http://127.0.0.1:${String(port)}` });
  return {
    direct,
    forwarded: async (pods) => {
      const ready = Array.from({ length: pods }, (_, i): GatewayPod => {
        const name = `gateway-${String(i)}`;
        return { namespace: 'istio-system', name, uid: name, port, phase: 'ready', restarts: 0 };
      });
      return IngressClient.open({
        ...target,
        url: 'http://gateway.svc',
        gateway: { list: () => Promise.resolve(ready), forward: (pod) => cluster.portForward(pod) },
      });
    },
    close: async () => {
      await direct.close();
      await cluster.close();
      servers.disconnect();
      await once(servers, 'exit');
    },
  };
}

async function ask(client: IngressClient): Promise<void> {
  const reply = await client.send({ signal });
  if (reply.kind !== 'answer') throw new Error(`a request failed: ${reply.what}`);
}

async function send(client: IngressClient): Promise<void> {
  let left = REQUESTS;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await ask(client);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

/** The time of requests through one pod, compared with that of direct ones. */
export async function portForward(): Promise<Ratio> {
  const { direct, forwarded, close } = await stage();
  const client = await forwarded(1);
  try {
    return await paired(
      `${String(REQUESTS)} requests over a port-forward : ${String(REQUESTS)} direct ones`,
      () => send(client),
      () => send(direct),
    );
  } finally {
    await client.close();
    await close();
  }
}

interface Kept {
  /** The part of its rate that a client of many pods keeps; less also where the machine is busy with other work. */
  readonly percent: number;
  readonly grownMiB: number;
  /** How much of a processor the client uses for that, in percent: other load does not change it much. */
  readonly cpu: number;
}

async function keptRate(): Promise<Kept> {
  const { forwarded, close } = await stage();
  const client = await forwarded(PODS);
  try {
    // Each pod's way is open before the time begins.
    await Promise.all(Array.from({ length: PODS }, () => ask(client)));
    const before = process.memoryUsage().rss;
    const used = process.cpuUsage();
    const start = performance.now();
    const interval = 1000 / (PODS * RPS_PER_POD);
    let slot = 0;
    const worker = async (): Promise<void> => {
      for (;;) {
        const at = start + slot * interval;
        if (at >= start + RATE_MS) return;
        slot += 1;
        const wait = at - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        await ask(client);
      }
    };
    await Promise.all(Array.from({ length: 4 * PODS }, worker));
    const { user, system } = process.cpuUsage(used);
    return {
      percent: (100 * RATE_MS) / Math.max(RATE_MS, performance.now() - start),
      grownMiB: (process.memoryUsage().rss - before) / 2 ** 20,
      cpu: (user + system) / 1000 / (RATE_MS / 100),
    };
  } finally {
    await client.close();
    await close();
  }
}

/** @param print receives a line */
export async function printKeptRate(print: (line: string) => void): Promise<void> {
  const { percent, grownMiB, cpu } = await keptRate();
  print(
    `${percent.toFixed(1)}% of ${String(PODS)} pods × ${String(RPS_PER_POD)} requests/s kept over port-forwards, with ${cpu.toFixed(0)}% of a processor and ${grownMiB.toFixed(0)} MiB more memory; load average ${(loadavg()[0] ?? NaN).toFixed(1)} on ${String(availableParallelism())} processors`,
  );
}
