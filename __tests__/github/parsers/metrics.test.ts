import { describe, expect, test } from '@jest/globals';
import { metricAddress } from '../../../src/github/parsers/metric-address.ts';
import { metrics } from '../../../src/github/parsers/metrics.ts';
import { accepts, mapOf, refuses } from '../../support/parsers.ts';

/** What is wrong with a text, as messages after the name of the input. */
function problemsOf(text: string): readonly string[] {
  const { error } = metrics.safeParse(text);
  return error?.issues.map(({ message }) => message) ?? [];
}

describe('the address of metrics', () => {
  accepts(metricAddress, [
    ['https://prometheus.example', { kind: 'url', url: 'https://prometheus.example' }],
    ['https://mimir.example/prometheus/', { kind: 'url', url: 'https://mimir.example/prometheus' }],
    ['http://[::1]:9090/a=b', { kind: 'url', url: 'http://[::1]:9090/a=b' }],
    [
      'service:istio-system/prometheus:9090',
      { kind: 'service', namespace: 'istio-system', name: 'prometheus', port: 9090, path: '' },
    ],
    [
      'service:monitoring/prometheus-operated:http-web/prometheus',
      {
        kind: 'service',
        namespace: 'monitoring',
        name: 'prometheus-operated',
        port: 'http-web',
        path: '/prometheus',
      },
    ],
    [
      'east=https://a.example, west=none',
      {
        kind: 'each',
        servers: mapOf(['east', { kind: 'url', url: 'https://a.example' }], ['west', 'none']),
      },
    ],
    [
      'east=service:monitoring/prometheus:9090\nwest=none',
      {
        kind: 'each',
        servers: mapOf(
          ['east', { kind: 'service', namespace: 'monitoring', name: 'prometheus', port: 9090, path: '' }],
          ['west', 'none'],
        ),
      },
    ],
  ]);
  refuses(metricAddress, [
    'prometheus.example',
    'ftp://prometheus.example',
    'https://user:secret@prometheus.example',
    'https://prometheus.example?a=b',
    'https://prometheus.example/api/v1/query',
    'service:prometheus:9090',
    'service:istio-system/prometheus',
    'east=service:istio-system/prometheus',
    'service:istio-system/prometheus:9090/../../../../namespaces/shop/pods/shop:80/proxy',
    'service:istio-system/prometheus:9090/%2e%2e/%2E%2E/x',
    'service:istio-system/prometheus:9090//x',
  ]);
});

test('a password in an address is not shown', () => {
  const { error } = metricAddress.safeParse('https://user:hunter2@prometheus.example');
  expect(error?.issues.map(({ message }) => message).join('')).not.toContain('hunter2');
});

describe('the list of metrics', () => {
  test.each<[string, readonly unknown[]]>([
    ['istio', ['istio']],
    ['metrics/*.yml, more.yml', ['files', 'files']],
    ['- istio:\n- istio: {reporter: both}\n- deploy/metrics.yml', ['istio', 'istio', 'files']],
    ['{name: a, query: up, max: 1}', ['query']],
    [
      '- {name: a, requests: r, errors: e}\n- {name: b, requests: r}\n- {name: c, provider: web, url: "https://a.example", pointer: /b, min: 1}',
      ['requests', 'requests', 'url'],
    ],
  ])('%j is read', (text, forms) => {
    expect(metrics.safeParse(text).data?.items.map(({ form }) => form)).toEqual(forms);
  });

  // After a space, % is a reserved character of YAML.
  test.each(['istio', '%a.yml', '- istio\n- a.yml'])(
    '%j means the same with white space around it',
    (text) => {
      const { items } = metrics.parse(text);
      expect(metrics.parse(` ${text}\n`).items).toEqual(items);
    },
  );

  test.each<[string, readonly string[]]>([
    ['- {name: a, query: up}', ['line 1: [0]: has neither max nor min, so no value of it would be bad']],
    [
      '- name: a\n  query: up\n  maxx: 1\n  min: x',
      [
        'line 4: [0].min: got "x"; expected a number, such as 0.05',
        'line 3: [0].maxx: is not a key of a metric with a query; did you mean max?',
      ],
    ],
    ['- {name: a, qery: up, max: 1}', ['line 1: [0]: qery is not a key of a metric; did you mean query?']],
    [
      '- istio: {reportr: source}',
      ['line 1: [0].istio.reportr: is not a key of istio; did you mean reporter?'],
    ],
    [
      '- {query: up, max: 1}',
      [
        'line 1: [0].name: is required; expected a name of up to 60 letters, digits, spaces and ( ) . : / - _',
      ],
    ],
    [
      '- name: a\n  requests: r_total\n  errors: sum(rate(r_total{code="500"}[1m]))',
      [
        'line 3: [0].errors: got "sum(rate(r_total{code=\\"500\\"}[1m]))" (sum hides which of the counters started again at 0, as the counters of a restarted pod do); expected a query of raw counters, such as istio_requests_total{…}',
      ],
    ],
    [
      '- {name: a, requests: r, errors: e, slow: s}',
      ['line 1: [0]: has both errors and slow; make two metrics, because each is judged by itself'],
    ],
    [
      '- {name: a, query: up, max: 1, min: 2}',
      ['line 1: [0]: min is 2, above max, which is 1: no value of it would be good'],
    ],
    [
      '- {name: a',
      [
        'line 1 does not parse: Flow map in block collection must be sufficiently indented and end with a }; expected istio, a list of metrics, or globs of files that have some',
      ],
    ],
    [
      '- 5: a\n- []',
      [
        'line 1: [0]: has none of the keys that say what it is: istio; query (with max or min); requests (with errors or slow, or alone for the shares); url (with provider: web); from (a template)',
        'line 2: [1]: got []; expected istio, a list of metrics, or globs of files that have some',
      ],
    ],
    [
      '- {name: a, requests: r, version-label: b, version-pattern: "("}',
      [
        'line 1: [0].version-pattern: got "(" (error parsing regexp: missing closing ): `(`); expected a regular expression in the syntax of RE2, whose first group is the version',
      ],
    ],
  ])('%j is refused', (text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });
});
