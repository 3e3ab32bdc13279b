import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { workspaceOf } from '../../../src/core/workspace.ts';
import { metrics } from '../../../src/github/parsers/metrics.ts';
import { templateSpecs } from '../../../src/github/metrics/template-specs.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** What is read of a template with the keys beside it. */
function read(template: string, beside = '') {
  const folder = mkdtempSync(join(tmpdir(), 'template-'));
  folders.push(folder);
  const from = join(folder, 'template.yaml');
  writeFileSync(from, template);
  const { data, error } = metrics.safeParse(`- from: ${from}\n${beside.replaceAll(/^/gm, '  ')}`);
  const item = data?.items[0];
  if (item?.form !== 'from') throw new Error(error?.message ?? 'there is no template');
  const { specs, problems } = templateSpecs(item.entry, 'canary.yml:3: metrics[0]', {
    names: {
      app: 'helloworld',
      namespace: 'gray-demo',
      version: 'v2',
      virtualService: 'hello-vs',
      route: undefined,
    },
    clusters: ['east', 'west'],
    workspace: workspaceOf([folder]),
    confined: false,
    address: undefined,
    headers: {},
  });
  return {
    specs,
    problems: problems.map((problem) => problem.replaceAll(/\S*template\.yaml/g, 'template.yaml')),
  };
}

const ARGO = `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: success-rate
spec:
  args:
    - name: service-name
    - name: prometheus-port
      value: "9090"
  metrics:
    - name: success-rate
      interval: 5m
      count: 3
      # NOTE: prometheus queries return results in the form of a vector.
      successCondition: len(result) == 0 || result[0] >= 0.95
      failureLimit: 3
      provider:
        prometheus:
          address: "http://prometheus.istio-system.svc.cluster.local:{{args.prometheus-port}}"
          query: |
            sum(irate(istio_requests_total{destination_service=~"{{args.service-name}}",response_code!~"5.*"}[5m])) /
            sum(irate(istio_requests_total{destination_service=~"{{ args.service-name }}"}[5m]))
`;

const FLAGGER = `
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata:
  name: not-found-percentage
  namespace: test
spec:
  provider:
    type: prometheus
    address: http://prometheus.istio-system:9090
  query: |
    100 - sum(rate(istio_requests_total{destination_workload_namespace="{{ namespace }}",destination_workload="{{ target }}",code!="{{ variables.code }}"}[{{ interval }}]))
`;

test('an AnalysisTemplate is read as it is, filled from the release', () => {
  expect(read(ARGO)).toEqual({
    problems: [],
    specs: [
      {
        kind: 'limit',
        name: 'success-rate',
        origin: expect.stringMatching(/template\.yaml:12: spec\.metrics\[0\]$/),
        source: {
          provider: 'prometheus',
          address: { kind: 'service', namespace: 'istio-system', name: 'prometheus', port: 9090, path: '' },
          headers: {},
        },
        per: 'cluster',
        onNoData: 'inconclusive',
        goodWithout: ['no series'],
        query: expect.stringContaining('{destination_service=~"helloworld"}[5m]'),
        success: { kind: 'compare', operator: '>=', limit: 0.95 },
        failure: undefined,
        failureLimit: 3,
        intervalMs: 300_000,
        initialDelayMs: 0,
      },
    ],
  });
});

test('arguments and the address beside a template come first', () => {
  const { specs } = read(
    ARGO,
    'args: {service-name: "shop.*", prometheus-port: "80"}\naddress: https://prometheus.example\non-no-data: inconclusive',
  );
  expect(specs).toMatchObject([
    {
      source: { address: { kind: 'url', url: 'https://prometheus.example' } },
      onNoData: 'inconclusive',
      query: expect.stringContaining('destination_service=~"shop.*"'),
    },
  ]);
});

test('an argument need not be declared, and one that only the address has is not needed beside another address', () => {
  const template = `kind: AnalysisTemplate
spec:
  args:
    - name: address
  metrics:
    - name: errors
      successCondition: result[0] < {{args.most}}
      interval: "{{ args.every }}"
      initialDelay: 1m30s
      provider:
        prometheus:
          address: "{{args.address}}"
          query: errors{namespace="{{args.namespace}}",service="{{args.service_name}}"}
`;
  expect(
    read(template, 'args: {most: "5", every: 30s}\naddress: service:monitoring/prometheus:9090'),
  ).toMatchObject({
    problems: [],
    specs: [
      {
        source: { address: { kind: 'service', namespace: 'monitoring' } },
        query: 'errors{namespace="gray-demo",service="helloworld"}',
        success: { kind: 'compare', operator: '<', limit: 5 },
        intervalMs: 30_000,
        initialDelayMs: 90_000,
      },
    ],
  });
});

test.each<[string, object, object]>([
  ['asFloat(result) >= 0.90', { operator: '>=', limit: 0.9 }, { matches: undefined }],
  ['result == true', { operator: '==', limit: 1 }, { matches: true }],
  ["result != 'down'", { operator: '!=', limit: 1 }, { matches: 'down' }],
])('a value of the provider web is read for %s', (condition, success, source) => {
  const template = `kind: AnalysisTemplate
spec:
  args:
    - name: service-name
  metrics:
    - name: gate
      interval: 30s
      successCondition: ${condition}
      provider:
        web:
          url: "https://gate.example/measure?service={{ args.service-name }}"
          timeoutSeconds: 20
          headers:
            - key: X-Team
              value: "{{ args.namespace }}"
          jsonPath: "{$.data['a/b'][0].value}"
`;
  expect(read(template)).toMatchObject({
    problems: [],
    specs: [
      {
        kind: 'limit',
        name: 'gate',
        per: 'fleet',
        query: undefined,
        intervalMs: 30_000,
        success: { kind: 'compare', ...success },
        source: {
          provider: 'web',
          url: 'https://gate.example/measure?service=helloworld',
          headers: { 'X-Team': 'gray-demo' },
          pointer: '/data/a~1b/0/value',
          ...source,
        },
      },
    ],
  });
});

test('a MetricTemplate takes its limits from beside it', () => {
  expect(read(FLAGGER, 'max: 5\nargs: {code: "404"}\ninterval: 2m')).toMatchObject({
    problems: [],
    specs: [
      {
        name: 'not-found-percentage',
        source: { address: { kind: 'service', namespace: 'istio-system', name: 'prometheus', port: 9090 } },
        query:
          '100 - sum(rate(istio_requests_total{destination_workload_namespace="gray-demo",destination_workload="helloworld-v2",code!="404"}[2m]))',
        success: { kind: 'compare', operator: '<=', limit: 5 },
        onNoData: 'inconclusive',
        intervalMs: 120_000,
      },
    ],
  });
});

describe('what a template has and is not read is named with its line:', () => {
  test.each<[string, string, string, readonly string[]]>([
    [
      'another provider, values from the cluster, a condition that is code',
      `kind: AnalysisTemplate
spec:
  args:
    - name: token
      valueFrom:
        secretKeyRef: {name: a, key: b}
  metrics:
    - name: latency
      provider:
        datadog: {query: avg:latency}
      successCondition: result < 5
    - name: errors
      successCondition: all(result, {# < 5})
      consecutiveSuccessLimit: 2
      initialDelay: soon
      failureLimit: -1
      provider:
        prometheus:
          query: errors{a="{{args.other}}"}
          authentication: {sigv4: {region: a}}
  templates:
    - templateName: other
`,
      '',
      [
        'template.yaml:21: spec.templates: is not supported; remove it, or write the metric in the list metrics instead.',
        'template.yaml:5: spec.args[0].valueFrom: secretKeyRef is not read; give token in args beside the file.',
        'template.yaml:10: spec.metrics[0].provider.datadog: the provider datadog is not supported; expected prometheus or web.',
        'template.yaml:14: spec.metrics[1].consecutiveSuccessLimit: is not supported; remove it, or write the metric in the list metrics instead.',
        'template.yaml:13: spec.metrics[1].successCondition: "{# < 5})" is not known.',
        'template.yaml:16: spec.metrics[1].failureLimit: got -1; expected a whole number from 0, which is how many bad values are tolerated.',
        'template.yaml:15: spec.metrics[1].initialDelay: got soon; expected a duration, such as 30s, 5m or 1m30s.',
        'template.yaml:20: spec.metrics[1].provider.prometheus.authentication: is not supported; remove it, or write the metric in the list metrics instead.',
        'template.yaml:19: spec.metrics[1].provider.prometheus.query: has no value for {{args.other}}; give it in args beside the file.',
      ],
    ],
    [
      'a template without conditions, and an argument that it does not have',
      'kind: ClusterAnalysisTemplate\nspec:\n  metrics:\n    - name: a\n      provider: {prometheus: {address: "http://a.b:1", query: up}}\n',
      'args: {x: y}',
      [
        'template.yaml:4: spec.metrics[0]: has neither successCondition nor failureCondition, so no value of it would be bad.',
        'template.yaml:2: spec.args: there is no argument x, which args gives.',
      ],
    ],
    [
      'a provider that has a metric of its own here, and a Service without its namespace',
      `kind: AnalysisTemplate
spec:
  metrics:
    - name: gate
      successCondition: result.ok
      provider:
        web: {url: "https://gate.example", jsonPath: "{$.ok}"}
    - name: errors
      successCondition: result == "none"
      failureCondition: result.rate > 5
      provider:
        prometheus: {address: "http://prometheus:9090", query: errors}
    - name: nothing
`,
      '',
      [
        'template.yaml:5: spec.metrics[0].successCondition: .ok is a field of the result, which must be a number.',
        'template.yaml:9: spec.metrics[1].successCondition: "none" is text; only numbers are compared.',
        'template.yaml:10: spec.metrics[1].failureCondition: .rate > 5 is a field of the result, which must be a number.',
        'template.yaml:13: spec.metrics[2]: needs one provider; expected prometheus or web.',
        'template.yaml:8: spec.metrics[1]: the address http://prometheus:9090 names a Service without its namespace; give address: service:NAMESPACE/prometheus:PORT beside the file.',
      ],
    ],
    [
      'what the provider web does beyond a GET of one value',
      `kind: AnalysisTemplate
spec:
  metrics:
    - name: gate
      successCondition: result == "ok"
      failureCondition: result == "down"
      provider:
        web:
          method: POST
          url: gate.example
          body: "{}"
          insecure: true
          headers:
            - key: Authorization
              value: Bearer {{args.token}}
          jsonPath: "{$.items[?(@.a==1)].ok}"
`,
      'args: {token: a}',
      [
        'template.yaml:11: spec.metrics[0].provider.web.body: is not supported; remove it, or write the metric in the list metrics instead.',
        'template.yaml:12: spec.metrics[0].provider.web.insecure: is not supported; remove it, or write the metric in the list metrics instead.',
        'template.yaml:9: spec.metrics[0].provider.web.method: POST is not supported; expected GET.',
        'template.yaml:14: spec.metrics[0].provider.web.headers[0]: the header Authorization is a login, and whoever may change this file could send it to any url. Write the metric in the input metrics instead (provider: web, with url, pointer and headers).',
        'template.yaml:16: spec.metrics[0].provider.web.jsonPath: {$.items[?(@.a==1)].ok} is more than keys and indexes, such as {$.data.items[0].ok}.',
        'template.yaml:10: spec.metrics[0].provider.web.url: "gate.example" is not an http or https URL.',
        'template.yaml:8: spec.metrics[0].provider.web: has conditions with different texts or truth values, or with numbers too; only one is compared.',
        'template.yaml:2: spec.args: there is no argument token, which args gives.',
      ],
    ],
    [
      'a template of Helm, which is no YAML before it is rendered',
      `{{- if .Values.canary }}\n${ARGO}{{- end }}\n`,
      '',
      [
        'template.yaml:1 does not parse: Block collections are not allowed within flow collections. It is a template of Helm: render it first (helm template).',
      ],
    ],
    [
      'a function in a MetricTemplate',
      FLAGGER.replace('{{ target }}', '{{ printf "%s-canary" target }}'),
      'max: 5',
      [
        'template.yaml:11: spec.query: has {{ printf "%s-canary" target }}, which is more than a name and is not evaluated; write out what it stands for.',
      ],
    ],
    [
      'a metric without a name, with a condition that is empty',
      'kind: AnalysisTemplate\nspec:\n  metrics:\n    - successCondition: ""\n      provider: {prometheus: {address: "http://a.b:1", query: up}}\n',
      '',
      [
        'template.yaml:4: spec.metrics[0]: has no name.',
        'template.yaml:4: spec.metrics[0]: has neither successCondition nor failureCondition, so no value of it would be bad.',
      ],
    ],
    [
      'a MetricTemplate of another provider',
      'kind: MetricTemplate\nmetadata: {name: a}\nspec:\n  provider:\n    type: newrelic\n  query: a\n',
      'max: 1',
      ['template.yaml:5: spec.provider.type: the provider newrelic is not supported; expected prometheus.'],
    ],
    [
      'a MetricTemplate without limits',
      FLAGGER,
      '',
      [
        'canary.yml:3: metrics[0]: needs max or min, or both, beside a MetricTemplate: the thresholdRange of the metric in the Canary.',
      ],
    ],
    [
      'an AnalysisTemplate with limits beside it',
      ARGO,
      'max: 1',
      [
        'canary.yml:3: metrics[0]: has max or min beside an AnalysisTemplate, which has conditions of its own; remove them.',
      ],
    ],
    [
      'a file of something else',
      'kind: Canary\n',
      '',
      [
        'canary.yml:3: metrics[0]: template.yaml has no AnalysisTemplate, ClusterAnalysisTemplate, MetricTemplate.',
      ],
    ],
  ])('%s', (_, template, beside, problems) => {
    expect(read(template, beside).problems).toEqual(problems);
  });

  test('a variable without a value', () => {
    expect(read(FLAGGER, 'max: 1').problems).toEqual([
      'template.yaml:11: spec.query: has no value for {{ variables.code }}; give it in args beside the file.',
    ]);
  });
});
