import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { IngressClient } from '../src/verify/ingress-client.ts';
import { CONNECTIONS } from '../src/verify/ways.ts';
import { sampleAll } from '../src/verify/sampler.ts';
import type { CheckSpec } from '../src/release/release.ts';
import { paired } from './paired.ts';
import type { Ratio } from './paired.ts';

const REQUESTS = 5_000;
const WEIGHTS = new Map([
  ['v1', 80],
  ['v2', 20],
]);
/** As fast as possible, and undecided until the last sample. */
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

/** Requests that are attributed, counted and tested, compared with bare requests over a pool of connections. */
export async function sampling(): Promise<Ratio> {
  let served = 0;
  const server = createServer((_request, response) => {
    served += 1;
    response.setHeader('x-canary-version', served % 5 === 0 ? 'v2' : 'v1').end('Hello');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const client = await IngressClient.open({ cluster: 'local', url, path: '/', host: undefined, headers: {} });
  const pool = new Pool(url, { connections: CONNECTIONS });
  try {
    return await paired(
      `${String(REQUESTS)} samples : ${String(REQUESTS)} bare requests`,
      () => sample(client),
      () => send(pool),
    );
  } finally {
    await Promise.all([client.close(), pool.destroy()]);
    server.closeAllConnections();
    server.close();
  }
}

async function sample(client: IngressClient): Promise<void> {
  const [evidence] = await sampleAll(
    [client],
    () => ({ weights: WEIGHTS, revision: undefined, sharedWithOtherHosts: false, version: 'v2' }),
    { check: CHECK, signal: new AbortController().signal, onProgress: () => undefined },
  );
  if (evidence?.samples !== REQUESTS)
    throw new Error(`decided after ${String(evidence?.samples)}: ${evidence?.reason ?? ''}`);
}

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
