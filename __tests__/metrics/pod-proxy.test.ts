import { afterEach, describe, expect, test } from '@jest/globals';
import type { LimitMetric, MetricAddress } from '../../src/release/metric-specs.ts';
import { openMetricReaders } from '../../src/metrics/metric-readers.ts';
import type { MetricReader } from '../../src/metrics/readings.ts';
import type { Cluster } from '../../src/kubernetes/client/cluster.ts';
import { findPod } from '../../src/metrics/pod-finder.ts';
import type { Pod, Service } from '../../src/kubernetes/objects.ts';
import '../support/one-realm.ts';
import { clusterAt, kubeApi, pathOf } from '../support/kube-api.ts';
import type { Intercept } from '../support/kube-api.ts';
import { forwardingServer } from '../support/forwarding-server.ts';
import { Opened, serve } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const { signal } = new AbortController();
const ADDRESS: MetricAddress = {
  kind: 'service',
  namespace: 'monitoring',
  name: 'prometheus',
  port: 'web',
  path: '/prefix',
};

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'prometheus', namespace: 'monitoring' },
  spec: { selector: { app: 'prometheus' }, ports: [{ name: 'web', port: 80, targetPort: 'http' }] },
};

function pod(name: string, ready = 'True', port = 9090): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'monitoring', labels: { app: 'prometheus' } },
    spec: { containers: [{ name: 'a', ports: [{ name: 'http', containerPort: port }] }] },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  };
}

const metric: LimitMetric = {
  kind: 'limit',
  name: 'busy',
  origin: 'canary.yml:1: metrics[0]',
  source: { provider: 'prometheus', address: ADDRESS, headers: { 'x-scope-orgid': 'shop' } },
  per: 'cluster',
  onNoData: 'inconclusive',
  query: 'up == 1',
  success: undefined,
  failure: { kind: 'compare', operator: '>', limit: 1 },
  failureLimit: 0,
  intervalMs: 0,
  initialDelayMs: 0,
};

const PROXY = /^\/api\/v1\/namespaces\/monitoring\/pods\/([a-z-]+:\d+)\/proxy(\/[^?]*)\?(.*)$/;

/** A cluster with these pods, in which the given one answers through the proxy. */
async function readerOf(pods: readonly Pod[], answer: Intercept, forwarding?: Cluster) {
  const asked: string[] = [];
  const api = opened.add(await kubeApi(service, ...pods));
  api.intercept = (request, response) => {
    const [, name = '', path = '', query = ''] = PROXY.exec(request.path) ?? [];
    if (name === '') return false;
    const { method, headers } = request;
    asked.push(
      `${method} ${name} ${path} ${new URLSearchParams(query).get('query') ?? ''} ${String(headers['x-scope-orgid'])}`,
    );
    return answer(request, response);
  };
  const cluster = opened.add(clusterAt(api.url));
  if (forwarding !== undefined) cluster.portForward = (one) => forwarding.portForward(one);
  const open = opened.add(openMetricReaders({ clusters: ['west'], clusterOf: () => cluster }, [metric]));
  const reader: MetricReader | undefined = open.metrics[0]?.readers[0];
  if (reader === undefined) throw new Error('there is no reader');
  return { api, reader, asked };
}

const answers =
  (status: number, body: unknown): Intercept =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
    return true;
  };
const ONE = { status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: [1, '1'] }] } };

test('a Service is asked through the first ready pod, which is found once', async () => {
  const { reader, asked, api } = await readerOf([pod('a', 'False'), pod('c'), pod('b')], answers(200, ONE));
  expect([reader.cluster, reader.address]).toEqual([
    'west',
    'Service monitoring/prometheus:web/prefix (west)',
  ]);
  for (let poll = 0; poll < 2; poll += 1)
    expect(await reader.read(signal)).toMatchObject({ kind: 'value', series: [{ value: 1 }] });
  const call = 'GET b:9090 /prefix/api/v1/query up == 1 shop';
  expect(asked).toEqual([call, call]);
  expect(api.asked.filter(({ path }) => !path.includes('/proxy'))).toHaveLength(2);
});

test('a pod that was replaced is looked up again', async () => {
  const { reader, asked, api } = await readerOf([pod('old')], (request, response) =>
    request.path.includes('old') && asked.length > 1
      ? answers(404, { kind: 'Status', message: 'pods "old" not found' })(request, response)
      : answers(200, ONE)(request, response),
  );
  await reader.read(signal);
  api.objects.delete('/api/v1/namespaces/monitoring/pods/old');
  const replacement = pod('new', 'True', 9091);
  api.objects.set(pathOf(replacement), replacement);
  expect(await reader.read(signal)).toMatchObject({ kind: 'value' });
  expect(asked.map((call) => call.split(' ')[1])).toEqual(['old:9090', 'old:9090', 'new:9091']);
});

test('where pods/proxy is forbidden, the pod is asked over a port-forward, which is opened once', async () => {
  const seen: string[] = [];
  const server = opened.add(
    await serve(({ path, headers }, response) => {
      seen.push(`${path} ${String(headers['x-scope-orgid'])}`);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(ONE));
    }),
  );
  const api = await forwardingServer();
  const forwarding = opened.add(clusterAt(opened.add(api).url));
  const { reader, asked } = await readerOf(
    [pod('a', 'True', Number(new URL(server.url).port))],
    answers(403, { kind: 'Status', message: 'pods "a" is forbidden: User "ci" cannot get "pods/proxy"' }),
    forwarding,
  );
  for (let poll = 0; poll < 3; poll += 1)
    expect(await reader.read(signal)).toMatchObject({ kind: 'value', series: [{ value: 1 }] });
  expect(seen).toEqual(seen.map(() => '/prefix/api/v1/query?query=up+%3D%3D+1 shop'));
  expect([seen.length, asked.length, api.asked]).toEqual([3, 1, ['GET websocket']]);
});

describe('a reading through the API server fails, and says why, for', () => {
  test.each<[string, Intercept, string, string]>([
    [
      'a missing permission',
      answers(403, {
        kind: 'Status',
        message: 'pods "a" is forbidden: User "ci" cannot get resource "pods/proxy"',
      }),
      'forbidden',
      'Grant get pods/proxy, or get and create pods/portforward, in namespace monitoring to the user of the kubeconfig.',
    ],
    [
      'a pod that does not listen',
      answers(503, { kind: 'Status', message: 'error trying to reach service: connection refused' }),
      'unreachable',
      'cannot be asked through pod a: error trying to reach service: connection refused (503).',
    ],
    [
      'a query that does not parse',
      answers(400, { status: 'error', errorType: 'bad_data', error: 'parse error' }),
      'invalid query',
      'Service monitoring/prometheus:web/prefix (west) does not accept the query: parse error.',
    ],
    ['a server that wants a login', answers(401, 'Unauthorized'), 'unauthorized', '(401)'],
  ])('%s', async (_, answer, reason, message) => {
    const { reader } = await readerOf([pod('a')], answer);
    expect(await reader.read(signal)).toEqual({
      kind: 'failure',
      reason,
      message: expect.stringContaining(message),
    });
  });

  test('a Service without a ready pod', async () => {
    const { reader, asked } = await readerOf([pod('a', 'False')], answers(200, ONE));
    expect(await reader.read(signal)).toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('Service monitoring/prometheus has no ready pod.'),
    });
    expect(asked).toEqual([]);
  });
});

describe('the port of a pod', () => {
  const at = (port: number | string, { spec }: Service = service, pods = [pod('a')]) =>
    findPod(
      { namespace: 'monitoring', name: 'prometheus', port },
      { ...service, ...(spec && { spec }) },
      pods,
    );
  const withPort = (port: Readonly<Record<string, unknown>>): Service => ({
    ...service,
    spec: { selector: { app: 'prometheus' }, ports: [{ port: 80, ...port }] },
  });

  test.each<[string, ReturnType<typeof findPod>]>([
    ['by number', at(80)],
    ['by name', at('web')],
    ['without a target', at(9090, withPort({ port: 9090 }))],
    ['with a number as target', at(80, withPort({ targetPort: 9090 }))],
  ])('is found %s', (_, found) => {
    expect(found).toEqual({ name: 'a', port: 9090 });
  });

  test.each<[string, ReturnType<typeof findPod>]>([
    ['Service monitoring/prometheus has no port 81; it has 80 web', at(81)],
    [
      'no ready pod of Service monitoring/prometheus has a port named other',
      at(80, withPort({ targetPort: 'other' })),
    ],
    [
      'Service monitoring/prometheus has no selector, so its pods are unknown',
      at(80, { ...service, spec: { ports: [{ port: 80 }] } }),
    ],
  ])('is not found: %s', (problem, found) => {
    expect(found).toEqual({ problem });
  });
});
