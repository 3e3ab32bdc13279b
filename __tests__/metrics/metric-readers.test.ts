import { afterEach, describe, expect, test } from '@jest/globals';
import type { CountMetric, LimitMetric, MetricAddress, MetricSpec } from '../../src/release/metric-specs.ts';
import { openMetricReaders } from '../../src/metrics/metric-readers.ts';
import type { Reading } from '../../src/metrics/readings.ts';
import { inEnglish } from '../../src/texts/texts.ts';
import '../support/one-realm.ts';
import { Opened, deadUrl, serve } from '../support/server.ts';
import type { LocalServer } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const { signal } = new AbortController();
const BASE = { origin: 'canary.yml:1: metrics[0]', per: 'fleet', onNoData: 'inconclusive' } as const;

const NO_CLUSTERS = {
  clusters: [],
  clusterOf: (): never => {
    throw new Error('there are no clusters');
  },
};

const from = (address: MetricAddress, headers: Readonly<Record<string, string>> = {}) =>
  ({ provider: 'prometheus', address, headers }) as const;

function limit(url: string, headers?: Readonly<Record<string, string>>): LimitMetric {
  return {
    ...BASE,
    kind: 'limit',
    name: 'busy',
    source: from({ kind: 'url', url }, headers),
    query: 'up',
    success: { kind: 'compare', operator: '<', limit: 1 },
    failure: undefined,
    failureLimit: 0,
    intervalMs: 0,
    initialDelayMs: 0,
  };
}

function counts(url: string): CountMetric {
  return {
    ...BASE,
    kind: 'counts',
    name: 'errors',
    source: from({ kind: 'url', url }),
    requests: 'r_total',
    hits: 'r_total{code="500"}',
    of: 'errors',
    version: undefined,
    ratio: 2,
  };
}

async function prometheus(status: number, body: unknown, type = 'application/json'): Promise<LocalServer> {
  return opened.add(
    await serve((_, response) => {
      response.writeHead(status, { 'content-type': type });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    }),
  );
}

const vector = (...result: readonly unknown[]) => ({
  status: 'success',
  data: { resultType: 'vector', result },
});

async function read(spec: MetricSpec): Promise<Reading> {
  const open = opened.add(openMetricReaders(NO_CLUSTERS, [spec]));
  const reader = open.metrics[0]?.readers[0];
  if (reader === undefined) throw new Error('there is no reader');
  return reader.read(signal);
}

test('a value is read by one POST, with the headers of its source', async () => {
  const server = await prometheus(200, vector({ metric: { pod: 'a' }, value: [1700000000.5, '0.25'] }));
  const reading = await read(limit(`${server.url}/prefix/`, { 'x-scope-orgid': 'shop' }));
  expect(reading).toEqual({
    kind: 'value',
    series: [{ labels: new Map([['pod', 'a']]), value: 0.25, scrapedAt: undefined }],
    notes: [],
  });
  expect(
    server.asked.map(({ method, path, headers, body }) => [method, path, headers['x-scope-orgid'], body]),
  ).toEqual([['POST', '/prefix/api/v1/query', 'shop', 'query=up']]);
});

describe('a query for errors that finds none', () => {
  const requests = vector({
    metric: { __name__: 'r_total', canary_part: 'requests' },
    value: [1_700_086_400, '120'],
  });
  /** A Prometheus without errors, where the metric has these labels. */
  const knowing = async (...labels: readonly string[]): Promise<LocalServer> =>
    opened.add(
      await serve(({ path }, response) => {
        const body = path.endsWith('/labels') ? { status: 'success', data: labels } : requests;
        response.end(JSON.stringify(body));
      }),
    );

  test.each([
    ['is right where its metric has the label', ['__name__', 'code'], undefined],
    [
      'cannot find any where it has not',
      ['__name__'],
      expect.stringMatching(/no series of r_total has the label code$/),
    ],
    [
      'cannot find any where nobody knows its metric',
      [],
      expect.stringMatching(/^http:\S+ knows no metric r_total$/),
    ],
  ])('%s', async (_what, labels, unknown) => {
    const server = await knowing(...labels);
    const reading = await read(counts(server.url));
    expect(reading).toMatchObject({ kind: 'counters', hits: [] });
    const told = 'unknown' in reading && reading.unknown ? inEnglish(reading.unknown) : undefined;
    expect(told).toEqual(unknown);
    expect(server.asked.map(({ path, body }) => [path, new URLSearchParams(body).get('start')])).toEqual([
      ['/api/v1/query', null],
      ['/api/v1/labels', '1700000000'],
    ]);
  });

  test('is asked about no more once it is known, nor where no data passes', async () => {
    const server = await knowing('code');
    const open = opened.add(
      openMetricReaders(NO_CLUSTERS, [
        counts(server.url),
        { ...counts(server.url), name: 'lenient', onNoData: 'pass' },
      ]),
    );
    for (let poll = 0; poll < 3; poll += 1)
      for (const { readers } of open.metrics) await readers[0]?.read(signal);
    expect(server.asked.filter(({ path }) => path === '/api/v1/labels')).toHaveLength(1);
  });
});

test('requests and hits come from one answer, each with the time of its scrape', async () => {
  const labels = { __name__: 'r_total', destination_version: 'v2' };
  const server = await prometheus(200, {
    ...vector(
      { metric: { ...labels, canary_part: 'requests' }, value: [1700000000, '120'] },
      { metric: { ...labels, code: '500', canary_part: 'hits' }, value: [1700000000, '3'] },
      { metric: { destination_version: 'v2', canary_part: 'scraped' }, value: [1700000000, '1699999990.25'] },
    ),
    infos: ['a metric might not be a counter'],
  });
  const known = new Map([
    ['__name__', 'r_total'],
    ['destination_version', 'v2'],
  ]);
  expect(await read(counts(server.url))).toEqual({
    kind: 'counters',
    evaluatedAt: 1_700_000_000_000,
    requests: [{ labels: known, value: 120, scrapedAt: 1699999990250 }],
    hits: [{ labels: new Map([...known, ['code', '500']]), value: 3, scrapedAt: undefined }],
    notes: ['a metric might not be a counter'],
  });
  expect(new URLSearchParams(server.asked[0]?.body).get('query')).toContain('timestamp(r_total)');
});

test.each(['NaN', '+Inf', '-Inf', '1e-9'])('the value %s is read as Prometheus means it', async (text) => {
  const server = await prometheus(200, {
    status: 'success',
    data: { resultType: 'scalar', result: [1, text] },
  });
  const reading = await read(limit(server.url));
  expect(reading).toMatchObject({ series: [{ value: Number(text.replace('Inf', 'Infinity')) }] });
});

describe('a reading fails for', () => {
  const error = (errorType: string, text: string) => ({ status: 'error', errorType, error: text });

  test.each<[string, number, unknown, string, string]>([
    [
      'a query that does not parse',
      400,
      error('bad_data', '1:3: parse error: unexpected end'),
      'invalid query',
      'does not accept the query: 1:3: parse error: unexpected end.',
    ],
    [
      'a query that cannot be evaluated',
      422,
      error('execution', 'many-to-many matching not allowed'),
      'server error',
      'could not evaluate the query: many-to-many matching not allowed.',
    ],
    [
      'a query that takes too long',
      503,
      error('timeout', 'query timed out in expression evaluation'),
      'timed out',
      'gave up on the query',
    ],
    [
      'a server that is starting',
      503,
      'Service Unavailable',
      'server error',
      'answered 503: Service Unavailable.',
    ],
    ['a missing login', 401, 'Unauthorized', 'unauthorized', 'Set the input metrics-headers'],
    ['a login without rights', 403, 'no tenant', 'forbidden', 'does not allow the query (403): no tenant.'],
    [
      'a login page',
      200,
      '<!doctype html><title>Log in</title>',
      'invalid answer',
      'a web page (200), perhaps a login page',
    ],
    [
      'JSON of something else',
      200,
      { hello: 'world' },
      'invalid answer',
      'is not an answer of Prometheus: {"hello":"world"}',
    ],
    [
      'an address without its path',
      404,
      '404 page not found',
      'invalid answer',
      'answered 404 with text that is not JSON: 404 page not found.',
    ],
    [
      'a range',
      200,
      { status: 'success', data: { resultType: 'matrix', result: [] } },
      'invalid answer',
      'ends with a range such as [5m]',
    ],
    [
      'a text',
      200,
      { status: 'success', data: { resultType: 'string', result: [1, 'a'] } },
      'invalid answer',
      'answered with a string; expected numbers.',
    ],
    [
      'a native histogram',
      200,
      vector({ metric: { __name__: 'h' }, histogram: [1, { count: '5' }] }),
      'invalid answer',
      'a native histogram for h{}',
    ],
  ])('%s', async (_, status, body, reason, text) => {
    const server = await prometheus(status, body, typeof body === 'string' ? 'text/html' : undefined);
    expect(await read(limit(server.url))).toEqual({
      kind: 'failure',
      reason,
      message: expect.stringContaining(text),
    });
  });

  test.each(['NaN', '-1'])('a counter of %s', async (value) => {
    const server = await prometheus(
      200,
      vector({ metric: { __name__: 'r_total', canary_part: 'requests' }, value: [1, value] }),
    );
    expect(await read(counts(server.url))).toMatchObject({ reason: 'invalid answer' });
  });

  test('a redirect, which is not followed', async () => {
    const other = await prometheus(200, vector());
    const server = opened.add(
      await serve((_, response) => {
        response.writeHead(307, { location: `${other.url}/api/v1/query?token=a` });
        response.end();
      }),
    );
    expect(await read(limit(server.url))).toEqual({
      kind: 'failure',
      reason: 'invalid answer',
      message: expect.stringContaining(`redirects to ${other.url}, which is not followed`),
    });
    expect(other.asked).toEqual([]);
  });

  test('an address on which nobody listens', async () => {
    expect(await read(limit(await deadUrl()))).toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('service:NAMESPACE/NAME:PORT'),
    });
  });

  test('an answer without an end', async () => {
    const server = opened.add(
      await serve((_, response) => {
        response.writeHead(200);
        const more = (): void => {
          while (response.write(' '.repeat(65_536)));
          response.once('drain', more);
        };
        more();
      }),
    );
    expect(await read(limit(server.url))).toMatchObject({
      reason: 'invalid answer',
      message: expect.stringContaining('more than is read'),
    });
  });

  test('a run that is cancelled', async () => {
    const server = opened.add(await serve(() => undefined));
    const open = opened.add(openMetricReaders(NO_CLUSTERS, [limit(server.url)]));
    const reading = open.metrics[0]?.readers[0]?.read(AbortSignal.abort(new Error('cancelled')));
    expect(await reading).toMatchObject({ kind: 'failure', reason: 'unreachable' });
  });
});

describe('the value of a web page', () => {
  const web = (url: string, matches?: string | boolean): LimitMetric => ({
    ...limit(url),
    query: undefined,
    source: { provider: 'web', url: `${url}/status?token=a`, headers: {}, pointer: '/data/0/rate', matches },
  });

  test.each<[found: unknown, wanted: string | boolean, reading: object]>([
    [true, true, { series: [{ value: 1 }] }],
    [false, true, { series: [{ value: 0 }] }],
    ['ok', 'ok', { series: [{ value: 1 }] }],
    ['down', 'ok', { series: [{ value: 0 }] }],
    [1, true, { message: expect.stringContaining('expected a boolean, such as true') }],
    ['true', true, { message: expect.stringContaining('expected a boolean, such as true') }],
    [null, 'ok', { message: expect.stringContaining('expected a string, such as "ok"') }],
  ])('%j, compared with %j, is read so', async (rate, wanted, reading) => {
    const server = await prometheus(200, { data: [{ rate }] });
    expect(await read(web(server.url, wanted))).toMatchObject(reading);
  });

  test.each([0.5, '0.5'])('is %j at its pointer', async (rate) => {
    const server = await prometheus(200, { data: [{ rate }] });
    expect(await read(web(server.url))).toMatchObject({ kind: 'value', series: [{ value: 0.5 }] });
    expect(server.asked.map(({ method, path }) => [method, path])).toEqual([['GET', '/status?token=a']]);
  });

  test.each<[number, unknown, string]>([
    [200, { data: [] }, 'has nothing at the pointer /data/0/rate'],
    [200, { data: [{ rate: true }] }, 'has true at the pointer'],
    [500, { message: 'broken' }, 'answered 500: {"message":"broken"}'],
  ])('of %i %j is none: %s', async (status, body, text) => {
    const server = await prometheus(status, body);
    expect(await read(web(server.url))).toMatchObject({
      kind: 'failure',
      message: expect.stringMatching(
        new RegExp(`^${server.url}/status ${text.replaceAll(/[[\]{}]/g, '\\$&')}`),
      ),
    });
  });
});
