import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { SCHEMA_FILE, releaseFileSchema } from '../../scripts/schema.ts';
import { INPUTS, readInputs } from '../../src/github/inputs.ts';
import { parseReleaseFile } from '../../src/github/release-file.ts';

const schema = await releaseFileSchema();
const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);

test('the committed schema is up to date (npm run schema)', () => {
  expect(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))).toEqual(schema);
});

test('the schema contains every input but those not allowed in the file', () => {
  const own = ['operation', 'kubeconfig', 'config', 'metrics-headers', 'github-token'];
  const keys = Object.keys(INPUTS.shape).filter((name) => !own.includes(name));
  expect(Object.keys(schema.properties ?? {})).toEqual(keys);
});

/** Whether an editor that goes by the schema takes a file, and whether the action does. */
function judged(yaml: string): { readonly editor: boolean; readonly action: boolean } {
  const file = parseReleaseFile('canary.yml', yaml);
  const { problems } = readInputs((name) => LEAST.get(name) ?? '', file.values);
  return { editor: validate(load(yaml)), action: file.problems.length === 0 && problems.length === 0 };
}

const LEAST = new Map([
  ['app', 'a'],
  ['namespace', 'n'],
  ['clusters', 'c'],
]);

const full = `
clusters:
  v1: east
  v2: [west, north]
config-clusters: [east]
ingress:
  east: http://203.0.113.7
  west: none
app: helloworld
namespace: gray-demo
version: v2
image:
  v1: app:1
  v2: app:2
manifests: [deploy/*.yaml]
port: 5000
target-port: 5000
port-name: http-5000
replicas: 2
injection: enabled
pods: sidecar
ready-timeout: 300s
weights: {v1: 80, v2: 20}
steps: [20, 50, 100]
promote-to: 50
bake: 10m
virtual-service: helloworld
destination-rule: helloworld
http-route: helloworld
gateway: istio:istio-system/shared
gateway-selector: {istio: ingressgateway}
hosts: ['*']
routes: [main]
path: /hello
host: hello.example.com
headers: {accept: text/plain}
version-from: 'body:version: (\\S+),'
tolerance: 5
confidence: 99.9
max-samples: 10000
max-rps: 50
verify-timeout: 120
max-error-rate: 0.5
max-latency-increase: 20
metrics:
  - istio: {reporter: both, slow-above: 500ms}
  - name: errors of the shop
    requests: requests_total
    errors: requests_total{code="500"}
    ratio: 3
    version-label: cluster_name
    version-pattern: 'outbound[|]5000[|]([^|]+)[|]'
  - {name: shares, requests: requests_total, per: cluster, on-no-data: pass}
  - {name: queue, query: max(queue_length), max: 100, address: 'https://prometheus.example', headers: {x-scope-orgid: shop}}
  - {name: status, provider: web, url: 'https://status.example/api', pointer: /up, min: 0.9}
metrics-address: service:istio-system/prometheus:9090
on-failure: rollback
comment: true
summary: false
report: out
`;

describe('the action accepts what the schema accepts:', () => {
  test.each([
    ['every key, as YAML has it', full],
    [
      'the text forms',
      'clusters: "v1: east, v2: west"\nweights: v1=80,v2=20\nsteps: 20,50,100\nport: "5000"\nsummary: "true"',
    ],
    ['a plain list of clusters', 'clusters: [east, west]'],
    ['a version like a number', 'version: 20260101'],
    ['one image', 'image: app:2'],
  ])('%s', (_, yaml) => {
    expect(judged(yaml)).toEqual({ editor: true, action: true });
  });
});

describe('the action refuses what the schema refuses:', () => {
  test.each([
    ['an unknown key', 'weight: {v1: 100}'],
    ['a secret', 'kubeconfig: x'],
    ['an operation', 'operation: plan'],
    ['a port that is none', 'port: 70000'],
    ['a port with a fraction', 'port: 80.5'],
    ['weights in a list', 'weights: [80, 20]'],
    ['a negative weight', 'weights: {v1: -20, v2: 120}'],
    ['a step of 0', 'steps: [0, 100]'],
    ['a name in upper case', 'app: Hello'],
    ['a choice that there is not', 'on-failure: stop'],
    ['a duration in days', 'bake: 2d'],
    ['a path without a slash', 'path: hello'],
    ['a map of maps', 'headers: {a: {b: c}}'],
    ['a tolerance of 0', 'tolerance: 0'],
    ['a metric that is neither', 'metrics: [{name: a, max: 5}]'],
    ['a metric with an unknown key', 'metrics: [{name: a, query: up, maximum: 5, max: 5}]'],
    ['headers for metrics, which may be secrets', 'metrics-headers: {authorization: Bearer a}'],
  ])('%s', (_, yaml) => {
    expect(judged(yaml)).toEqual({ editor: false, action: false });
  });
});
