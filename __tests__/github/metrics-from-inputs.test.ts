import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parseReleaseFile } from '../../src/github/release-file.ts';
import { readInputs } from '../../src/github/inputs.ts';
import { releaseFromInputs } from '../../src/github/release-from-inputs.ts';
import { LEAST } from '../support/inputs.ts';

const URL_OF_ALL = { 'metrics-address': 'https://prometheus.example' };

/** What a step reads that gives these inputs, with this release file. */
function read(texts: Readonly<Record<string, string>>, file = '') {
  const all: Readonly<Record<string, string>> = { ...LEAST, ...texts };
  const released = parseReleaseFile('canary.yml', file);
  const { values, problems, sources, places } = readInputs((name) => all[name] ?? '', released.values);
  const found = releaseFromInputs(values, ['east', 'west'], sources, places);
  return {
    metrics: found.release?.metrics ?? [],
    problems: [...released.problems, ...problems, ...found.problems],
    warnings: found.warnings,
  };
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'metrics-'));
  folders.push(folder);
  const path = join(folder, 'metrics.yml');
  writeFileSync(path, text);
  return path;
}

test("istio stands for the service's shares, errors and slow responses, as the gateways counted them", () => {
  const { metrics, problems } = read({ metrics: 'istio', ...URL_OF_ALL });
  expect(problems).toEqual([]);
  const service = 'destination_service_name="helloworld",destination_service_namespace="gray-demo"';
  const source = `reporter="source",source_workload=~".*gateway.*",${service}`;
  const count = `istio_request_duration_milliseconds_count{${source}}`;
  expect(metrics).toMatchObject([
    { kind: 'shares', name: 'shares', requests: `istio_requests_total{${source}}` },
    {
      kind: 'counts',
      name: 'errors',
      of: 'errors',
      requests: `istio_requests_total{${source}}`,
      hits: `istio_requests_total{${source},response_code=~"5.."} or istio_requests_total{${source},grpc_response_status=~"2|4|12|13|14|15"}`,
      ratio: 2,
    },
    {
      kind: 'counts',
      name: 'slow',
      of: 'slow',
      requests: count,
      hits: `${count} - ignoring(le) istio_request_duration_milliseconds_bucket{${source},le=~"1000(\\\\.0)?"}`,
    },
  ]);
});

test('what both proxies of a request counted is judged apart', () => {
  const { metrics } = read({ metrics: '- istio: {reporter: both}', ...URL_OF_ALL });
  expect(metrics.map(({ name }) => name)).toEqual([
    'shares',
    'errors',
    'slow',
    'errors (sidecars)',
    'slow (sidecars)',
  ]);
  expect(
    metrics.map((metric) => JSON.stringify(metric)).filter((text) => text.includes('source_workload')),
  ).toHaveLength(3);
});

test('a metric of the release file names its line, and an input overrides the file', () => {
  const file =
    'metrics-address: service:istio-system/prometheus:9090\nmetrics:\n\n  - name: queue\n    query: max(queue)\n    max: 100\n';
  const fromFile = read({}, file);
  expect([fromFile.problems, fromFile.metrics]).toMatchObject([
    [],
    [
      {
        kind: 'limit',
        name: 'queue',
        origin: 'canary.yml:4: metrics[0]',
        source: { address: { kind: 'service', namespace: 'istio-system', name: 'prometheus', port: 9090 } },
        per: 'cluster',
        success: { kind: 'compare', operator: '<=', limit: 100 },
      },
    ],
  ]);
  expect(read({ metrics: '- {name: a, query: b, min: 1}' }, file).metrics).toMatchObject([
    { name: 'a', origin: 'Input metrics, line 1: [0]' },
  ]);
});

test('every problem is reported at once, with its place', () => {
  const file = fileWith('- name: a\n  query: up\n  max: 1\n- name: b\n  querry: up\n');
  const { problems } = read(
    { 'metrics-headers': 'Authorization: Bearer a' },
    [
      'metrics-address: https://prometheus.example',
      'metrics:',
      '  - name: a',
      '    query: up',
      '    min: 1',
      '    per: cluster',
      '  - name: c',
      '    query: up',
      '    max: 1',
      '    address: {east: https://a.example}',
      '  - {name: d, query: up, max: 1}',
      '  - {name: d, query: up, max: 2}',
      `  - ${file}`,
      '  - istio: {slow-above: 300ms}',
    ].join('\n'),
  );
  expect(problems).toEqual([
    `canary.yml:13: metrics[4]: ${file} is outside the workspace. The release file can name only files in it; use the input metrics.`,
    'canary.yml:6: metrics[0].per: has one address for all clusters; give one for each (east=https://…), or a Service in each (service:NAMESPACE/NAME:PORT).',
    'canary.yml:10: metrics[1].address: the address has no entry for west; add one for every cluster, or west=none where no metrics are read.',
    'canary.yml:14: metrics[5].istio.slow-above: 300 ms is not the bound of a bucket of istio_request_duration_milliseconds; expected one of 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000 ms.',
    'canary.yml:12: metrics[3]: the name d is taken by canary.yml:11: metrics[2]; each metric needs its own.',
    'Input metrics-headers: these are sent only to the address in the input metrics-address, which is in the release file (canary.yml:1: metrics-address). Set it beside them.',
  ]);
});

test('the metrics of files have the places of those files', () => {
  const file = fileWith('- name: a\n  query: up\n  max: 1\n- name: b\n  querry: up\n');
  const { metrics, problems } = read({ metrics: file, ...URL_OF_ALL });
  expect(metrics).toMatchObject([{ name: 'a', origin: expect.stringMatching(/metrics\.yml:1: \[0\]$/) }]);
  expect(problems).toEqual([
    expect.stringMatching(/metrics\.yml:4: \[1\]: querry is not a key of a metric; did you mean query\?\.$/),
  ]);
});

test('a file without metrics is refused, since nothing would be judged', () => {
  const { problems } = read({ metrics: fileWith('# later\n'), ...URL_OF_ALL });
  expect(problems).toEqual([expect.stringMatching(/^Input metrics: \S+metrics\.yml is empty\.$/)]);
});

test('one address for two clusters is refused, since its counters would count twice', () => {
  const { problems } = read({
    metrics: 'istio',
    'metrics-address': 'east=https://prometheus.example, west=https://prometheus.example/',
  });
  expect(problems).toEqual([
    'Input metrics: https://prometheus.example is the address of both east and west, so its counters would count twice; give it once, without clusters, if it has the metrics of all.',
  ]);
});

describe('headers', () => {
  const secret = { 'metrics-headers': 'Authorization: Bearer a' };
  const own =
    '- {name: a, query: up, max: 1}\n- {name: b, query: up, max: 1, address: "https://other.example"}';

  test('of the input go to its address, and to no other', () => {
    const { metrics } = read({ metrics: own, ...URL_OF_ALL, ...secret });
    expect(metrics.map(({ source }) => source.headers)).toEqual([{ Authorization: 'Bearer a' }, {}]);
  });

  test('that are secret are not sent without encryption in silence', () => {
    const { warnings } = read({
      metrics: own,
      'metrics-address': 'http://prometheus.example:9090',
      ...secret,
    });
    expect(warnings).toEqual([
      'The header Authorization is sent to http://prometheus.example:9090 without encryption. Use https.',
    ]);
    expect(read({ metrics: own, 'metrics-address': 'http://127.0.0.1:9090', ...secret }).warnings).toEqual(
      [],
    );
  });

  test('of a login cannot pass an API server', () => {
    const { problems } = read({ metrics: 'istio', 'metrics-address': 'service:a/b:1', ...secret });
    expect(problems).toEqual([expect.stringContaining('the header Authorization does not reach a Service')]);
  });
});

test('metrics without an address are refused', () => {
  expect(read({ metrics: 'istio' }).problems).toEqual([
    'Input metrics: has no address of Prometheus; set the input metrics-address (a URL, or service:NAMESPACE/NAME:PORT), or the key address.',
  ]);
});
