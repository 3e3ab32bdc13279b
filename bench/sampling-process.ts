// Samples ingresses with the code of one checkout, in a process of its own: `node sampling-process.ts ROOT PORT…`. Prints a SamplingResult.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Pool } from 'undici';
import type { CheckSpec } from '../src/release/release.ts';
import type * as IngressClients from '../src/verify/ingress-client.ts';
import type * as Sampler from '../src/verify/sampler.ts';
import type * as WaysModule from '../src/verify/ways.ts';
import { paired } from './paired.ts';
import { moduleIn } from './subject.ts';

const REQUESTS = 5_000;
const RATE = 100;
const SECONDS = 10;

export interface SamplingResult {
  /** 5,000 samples compared with as many bare requests, by processor time and on the clock. */
  readonly cpuRatio: number;
  readonly clockRatio: number;
  readonly samplesPerSecond: number;
  /** All ingresses at 100 requests a second each: how far the rate was off, in percent. */
  readonly offRate: number;
  /** Of the event loop, in ms. */
  readonly delayP99: number;
  /** Of the heap after a garbage collection, at the end over at the beginning. */
  readonly heapGrowth: number;
}

const [root = '', ...ports] = process.argv.slice(2);
const { IngressClient } = (await moduleIn(root, 'src/verify/ingress-client.ts')) as typeof IngressClients;
const { sampleAll } = (await moduleIn(root, 'src/verify/sampler.ts')) as typeof Sampler;
const { CONNECTIONS, REQUESTS_PER_CONNECTION } = (await moduleIn(
  root,
  'src/verify/ways.ts',
)) as typeof WaysModule;

const urls = ports.map((port) => `http://127.0.0.1:${port}`);
const WEIGHTS = new Map([
  ['v1', 80],
  ['v2', 20],
]);
/** Undecided until the last sample. */
const CHECK: CheckSpec = {
  path: '/',
  host: undefined,
  headers: {},
  versionFrom: { from: 'auto' },
  tolerance: 0.0001,
  confidence: 0.99,
  maxSamples: REQUESTS,
  maxRps: 1e6,
  propagationMs: 0,
  watchMs: undefined,
  verifyTimeoutMs: 60_000,
  maxErrorRate: 0.01,
  maxLatencyIncrease: 0.5,
  ingress: new Map(),
};

type Client = Awaited<ReturnType<typeof IngressClient.open>>;

async function samplesOf(clients: readonly Client[], check: CheckSpec): Promise<readonly number[]> {
  const evidence = await sampleAll(
    clients,
    () => ({ weights: WEIGHTS, revision: undefined, sharedWithOtherHosts: false, version: 'v2' }),
    { check, signal: new AbortController().signal, onProgress: () => undefined },
  );
  return evidence.map(({ samples }) => samples);
}

/** Bare requests over connections of the same number and life. */
async function send(pool: Pool): Promise<void> {
  let left = REQUESTS;
  const worker = async (): Promise<void> => {
    for (; left > 0; left -= 1) {
      const { body } = await pool.request({ path: '/', method: 'GET' });
      await body.dump();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

const open = (url: string): Promise<Client> =>
  IngressClient.open({ cluster: url, url, path: '/', host: undefined, headers: {} });

const clients = await Promise.all(urls.map(open));
const [first, url = ''] = [clients.slice(0, 1), urls[0]];
const pool = new Pool(url, { connections: CONNECTIONS, maxRequestsPerClient: REQUESTS_PER_CONNECTION });
const cpu = { samples: 0, bare: 0 };
const counted = async (of: keyof typeof cpu, work: () => Promise<unknown>): Promise<void> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  cpu[of] += (user + system) / 1000;
};
const ratio = await paired(
  'samples : bare requests',
  () => counted('samples', () => samplesOf(first, CHECK)),
  () => counted('bare', () => send(pool)),
);

const heapNow = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};
const begin = heapNow();
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const atRate = { ...CHECK, maxSamples: 1e9, maxRps: RATE, verifyTimeoutMs: SECONDS * 1000 };
const samples = await samplesOf(clients, atRate);
delay.disable();
const wanted = RATE * SECONDS;
const result: SamplingResult = {
  cpuRatio: cpu.samples / cpu.bare,
  clockRatio: ratio.ratio,
  samplesPerSecond: (1000 * REQUESTS) / ratio.of,
  offRate: Math.max(...samples.map((n) => (100 * Math.abs(n - wanted)) / wanted)),
  delayP99: delay.percentile(99) / 1e6,
  heapGrowth: heapNow() / begin,
};
process.stdout.write(JSON.stringify(result));
await Promise.all([...clients.map((client) => client.close()), pool.destroy()]);
