import { parser } from '@prometheus-io/lezer-promql';

/** What a query of raw counters must not do, and what it reads. */
export interface CounterQuery {
  /** The first call that hides how far each counter has come, such as `rate`; undefined if there is none. */
  readonly hidden: { readonly name: string; readonly why: string } | undefined;
  /** The selectors with the name of a metric, each once; none where the query does not parse here. */
  readonly selectors: readonly string[];
}

const ESTIMATE =
  'estimates from the samples of a window; the requests between two readings are counted exactly';
const RANGE = 'looks at a window of the past';
const RECORDED = 'is by its name a recorded rate, which is no counter';
/** By the convention for recording rules: `job:requests:rate5m` (https://prometheus.io/docs/practices/rules/#naming). */
const RECORDED_RATE = /:(?:\w*_)?(?:i?rate|i?delta|increase)_?(?:\d+[smhd])?$/;
const SUM = 'hides which of the counters started again at 0, as the counters of a restarted pod do';

/** Functions whose result is no longer a counter. */
const HIDING: ReadonlyMap<string, string> = new Map([
  ...['rate', 'irate', 'increase', 'delta', 'idelta', 'deriv'].map((name) => [name, ESTIMATE] as const),
  ...['changes', 'resets', 'predict_linear', 'holt_winters', 'double_exponential_smoothing'].map(
    (name) => [name, RANGE] as const,
  ),
]);

/**
 * What a query of counters does, by Prometheus' own grammar. A query with a syntax error, or in the dialect of another server, is
 * left to the server.
 */
export function inspectCounterQuery(query: string): CounterQuery {
  const errors: number[] = [];
  let hidden: CounterQuery['hidden'];
  const selectors = new Set<string>();
  parser.parse(query).iterate({
    enter: ({ type, node, from, to }) => {
      if (type.isError) errors.push(from);
      else if (type.name === 'MatrixSelector') hidden ??= { name: query.slice(from, to), why: RANGE };
      else if (type.name === 'VectorSelector' && node.firstChild?.name === 'Identifier') {
        selectors.add(query.slice(from, to));
        const name = query.slice(from, node.firstChild.to);
        if (RECORDED_RATE.test(name)) hidden ??= { name, why: RECORDED };
      } else if (type.name === 'FunctionIdentifier') hidden ??= hidingCall(query.slice(from, to));
      else if (type.name === 'AggregateOp')
        hidden ??= { name: query.slice(from, node.firstChild?.to ?? to).toLowerCase(), why: SUM };
    },
  });
  return errors.length > 0 ? { hidden: undefined, selectors: [] } : { hidden, selectors: [...selectors] };
}

function hidingCall(name: string): CounterQuery['hidden'] {
  const why = HIDING.get(name) ?? (name.endsWith('_over_time') ? RANGE : undefined);
  return why === undefined ? undefined : { name, why };
}

/** Whether a query reads buckets of a histogram. */
export function readsBuckets(query: string): boolean {
  let found = false;
  parser.parse(query).iterate({
    enter: ({ type, from, to }) => {
      if (type.name === 'LabelName' && query.slice(from, to) === 'le') found = true;
      else if (type.name === 'Identifier' && query.slice(from, to).endsWith('_bucket')) found = true;
    },
  });
  return found;
}

/** The label that tells the parts of a combined answer apart. */
export const PART_LABEL = 'canary_part';
export const PARTS = { requests: 'requests', hits: 'hits', scraped: 'scraped' } as const;

/**
 * One query for both counters of a metric, so that both are read at the same moment: each series gets a label that says which part
 * it belongs to. The third part is the times of the scrapes, which `timestamp` knows only of selectors.
 */
export function combinedQuery(requests: string, hits: string | undefined): string {
  const { selectors } = inspectCounterQuery(requests);
  const scraped = selectors.map((selector) => `timestamp(${selector})`).join(' or ');
  return [
    part(PARTS.requests, requests),
    ...(hits === undefined ? [] : [part(PARTS.hits, hits)]),
    ...(scraped === '' ? [] : [part(PARTS.scraped, scraped)]),
  ].join(' or ');
}

/** The line break ends a comment at the end of the query. */
function part(name: string, query: string): string {
  return `label_replace((${query}\n), "${PART_LABEL}", "${name}", "", "")`;
}
