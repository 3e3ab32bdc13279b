import { get as compilePointer } from '@hyperjump/json-pointer';
import { z } from 'zod';
import { textPattern } from '../../core/text-pattern.ts';
import { inspectCounterQuery } from '../../metrics/promql.ts';
import { duration } from './duration.ts';
import { httpUrl, metricAddress } from './metric-address.ts';
import { dnsLabel } from './kubernetes-names.ts';
import { number } from './numbers.ts';
import { choice } from './plain.ts';
import { mapOf, text } from './parser.ts';
import { metricHeaders } from './request.ts';

/** The forms of a metric in the list `metrics`, each a mapping with keys of its own. */

/** Prometheus parses longer queries too; nobody reads them. */
const LONGEST_QUERY = 20_000;

const NAME = /^[\w ().:/-]{1,60}$/;
const name = text(
  'a name of up to 60 letters, digits, spaces and ( ) . : / - _',
  (value) => (NAME.test(value) ? value : undefined),
  { text: { pattern: NAME.source } },
);

const query = text('a query of Prometheus', (value) =>
  value !== '' && value.length <= LONGEST_QUERY ? value : undefined,
);

const counters = text('a query of raw counters, such as istio_requests_total{…}', (value) => {
  const { hidden } = inspectCounterQuery(value);
  if (hidden !== undefined) throw new Error(`${hidden.name} ${hidden.why}`);
  return value !== '' && value.length <= LONGEST_QUERY ? value : undefined;
});

const limit = text(
  'a number, such as 0.05',
  (value) => (value !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined),
  { number: {} },
);

const LABEL = /^[A-Za-z_]\w*$/;
const label = text(
  'the name of a label, such as version',
  (value) => (LABEL.test(value) ? value : undefined),
  {
    text: { pattern: LABEL.source },
  },
);

const pattern = text(
  'a regular expression in the syntax of RE2, whose first group is the version',
  (value) => (value === '' ? undefined : textPattern(value)),
);

const pointer = text('a JSON pointer, such as /data/0/value', (value) => {
  // Throws where the pointer is malformed.
  compilePointer(value);
  return value;
});

const url = text('an http or https URL', (value) => httpUrl(value).href);

/** Where several metrics of one kind differ. */
const COMMON = {
  address: metricAddress.optional(),
  headers: metricHeaders.optional(),
  per: choice('cluster', 'fleet').optional(),
  'on-no-data': choice('inconclusive', 'pass').prefault('inconclusive'),
};
const LIMITS = { max: limit.optional(), min: limit.optional() };
const VERSION = { 'version-label': label.optional(), 'version-pattern': pattern.optional() };
const RATIO = { ratio: number(1, 1_000, 'times the rate of the other versions').prefault(2) };

/** What `metrics: istio` and `- istio: {…}` accept. */
const istio = z.strictObject({
  ...COMMON,
  ...RATIO,
  namespace: dnsLabel.optional(),
  reporter: choice('source', 'destination', 'both').prefault('source'),
  'source-workload': text('a regular expression for the workloads of the gateways', (value) =>
    value === '' ? undefined : value,
  ).prefault('.*gateway.*'),
  'slow-above': duration.prefault('1s'),
});

/** Arguments of a template, by name. */
const args = mapOf('name: value for each argument', (found) => found);

/** The forms by the key that only they have. */
export const FORMS = {
  istio: z.strictObject({ istio }),
  from: z.strictObject({
    from: text('the path of a file with an AnalysisTemplate or a MetricTemplate', (value) =>
      value === '' ? undefined : value,
    ),
    template: text('the name of a template in the file', (value) =>
      value === '' ? undefined : value,
    ).optional(),
    args: args.optional(),
    interval: text('a duration of Prometheus, such as 1m', (value) =>
      /^(?:\d+(?:ms|[smhd]))+$/.test(value) ? value : undefined,
    ).prefault('1m'),
    ...COMMON,
    'on-no-data': choice('inconclusive', 'pass').optional(),
    ...LIMITS,
  }),
  url: z.strictObject({
    name,
    provider: choice('web'),
    url,
    pointer,
    ...LIMITS,
    headers: metricHeaders.optional(),
    'on-no-data': COMMON['on-no-data'],
  }),
  requests: z.strictObject({
    name,
    ...COMMON,
    requests: counters,
    errors: counters.optional(),
    slow: counters.optional(),
    ...VERSION,
    ...RATIO,
  }),
  query: z.strictObject({ name, ...COMMON, query, ...LIMITS }),
};

export type FormName = keyof typeof FORMS;
export type IstioEntry = z.output<typeof istio>;
export type TemplateEntry = z.output<typeof FORMS.from>;
export type WebEntry = z.output<typeof FORMS.url>;
export type CounterEntry = z.output<typeof FORMS.requests>;
export type QueryEntry = z.output<typeof FORMS.query>;

/** A metric as given. */
export type MetricEntry =
  | { readonly form: 'istio'; readonly entry: IstioEntry }
  | { readonly form: 'from'; readonly entry: TemplateEntry }
  | { readonly form: 'url'; readonly entry: WebEntry }
  | { readonly form: 'requests'; readonly entry: CounterEntry }
  | { readonly form: 'query'; readonly entry: QueryEntry };
