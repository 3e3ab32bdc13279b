/**
 * How long one poll of 20 metrics of 20 clusters takes, and how much memory, where every call takes 50 ms: by URL and through API
 * servers. `node bench/metric-reads.ts`
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { clusterAt } from '../__tests__/support/kube-api.ts';
import { istioCounters } from '../src/metrics/istio-metrics.ts';
import { openMetricReaders } from '../src/metrics/metric-readers.ts';
import type { CountMetric, MetricAddress } from '../src/release/metric-specs.ts';

const CLUSTERS = 20;
const METRICS = 20;
const CALL_MS = 50;
const POLLS = 5;
/** Two pods of a gateway, two versions, and two statuses; or as many as asked for. */
const SERIES = Number(process.argv[2] ?? '8');

/** An answer as Istio's labels make it. */
function answer(): string {
  const labels = Object.fromEntries(
    Array.from({ length: 28 }, (_, i) => [`istio_label_${String(i)}`, `the value of a label ${String(i)}`]),
  );
  const parts = ['requests', 'hits', 'scraped'];
  const result = parts.flatMap((part) =>
    Array.from({ length: SERIES }, (_, i) => ({
      metric: { __name__: 'istio_requests_total', ...labels, pod: String(i), canary_part: part },
      value: [1.7e9, String(1_000 + i)],
    })),
  );
  return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
}

/** Every Prometheus, and every API server, in another process, whose memory is not measured. */
async function serveAll(): Promise<void> {
  const body = answer();
  const pod = {
    metadata: { name: 'prometheus-0', namespace: 'istio-system', labels: { app: 'prometheus' } },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'prometheus', namespace: 'istio-system' },
    spec: { selector: { app: 'prometheus' }, ports: [{ port: 9090 }] },
  };
  const urls = Array.from({ length: CLUSTERS }, async () => {
    const server = createServer((request, response) => {
      request.resume();
      const { url = '' } = request;
      const sent = url.includes('/query')
        ? body
        : JSON.stringify(url.includes('/services/') ? service : { items: [pod] });
      setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(sent), CALL_MS);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });
  process.send?.(await Promise.all(urls));
}

function metricsAt(address: MetricAddress): readonly CountMetric[] {
  const options = { reporter: 'source', sourceWorkload: '.*gateway.*', slowAboveMs: 1_000 } as const;
  const { requests, errors } = istioCounters({ app: 'helloworld', namespace: 'gray-demo' }, options);
  return Array.from({ length: METRICS }, (_, i) => ({
    kind: 'counts',
    name: `errors ${String(i)}`,
    origin: 'the benchmark',
    source: { provider: 'prometheus', address, headers: {} },
    per: 'fleet',
    onNoData: 'inconclusive',
    requests,
    hits: errors,
    of: 'errors',
    version: undefined,
    ratio: 2,
  }));
}

async function measure(name: string, address: MetricAddress, urls: readonly string[]): Promise<void> {
  const { signal } = new AbortController();
  const names = urls.map((_, i) => `cluster-${String(i)}`);
  const clusters = new Map(names.map((cluster, i) => [cluster, clusterAt(urls[i] ?? '')]));
  const clusterOf = (cluster: string) => {
    const found = clusters.get(cluster);
    if (found === undefined) throw new Error(`there is no ${cluster}`);
    return found;
  };
  const { metrics, close } = openMetricReaders({ clusters: names, clusterOf }, metricsAt(address));
  const readers = metrics.flatMap((metric) => metric.readers);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let poll = 1; poll <= POLLS; poll += 1) {
    const begin = performance.now();
    const used = process.cpuUsage();
    const readings = await Promise.all(readers.map((reader) => reader.read(signal)));
    const ms = performance.now() - begin;
    const { user, system } = process.cpuUsage(used);
    const wrong = readings.find(({ kind }) => kind !== 'counters');
    if (wrong !== undefined) throw new Error(JSON.stringify(wrong));
    globalThis.gc?.();
    const mib = (process.memoryUsage().heapUsed - before) / 1024 / 1024;
    process.stdout.write(
      `${name}, poll ${String(poll)}: ${String(readers.length)} readings in ${ms.toFixed(0)} ms, ${((user + system) / 1000).toFixed(0)} ms of the processor, ${mib.toFixed(1)} MiB of readings\n`,
    );
  }
  await close();
  await Promise.all([...clusters.values()].map((cluster) => cluster.close()));
}

if (process.send === undefined) {
  const servers = fork(fileURLToPath(import.meta.url), [String(SERIES)], { execArgv: [] });
  const [urls] = (await once(servers, 'message')) as [readonly string[]];
  process.stdout.write(`${(answer().length / 1024).toFixed(0)} KiB an answer\n`);
  await measure(
    'by URL',
    {
      kind: 'each',
      servers: new Map(urls.map((url, i) => [`cluster-${String(i)}`, { kind: 'url', url } as const])),
    },
    urls,
  );
  await measure(
    'through API servers',
    { kind: 'service', namespace: 'istio-system', name: 'prometheus', port: 9090, path: '' },
    urls,
  );
  servers.kill();
} else await serveAll();
