import { z } from 'zod';
import { PARTS, PART_LABEL } from './promql.ts';
import type { Reading, ReadingFailure, Series } from './readings.ts';
import { failure, quote, unusable } from './server-answer.ts';
import type { ServerAnswer } from './server-answer.ts';

// The HTTP API of Prometheus: https://prometheus.io/docs/prometheus/latest/querying/api/

const notes = z.array(z.string()).optional().catch(undefined);
const error = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });
const sample = z.tuple([z.number(), z.string()]);
/** The series are checked one by one: an answer may have thousands, with dozens of labels each. */
const vector = z.object({ resultType: z.literal('vector'), result: z.array(z.unknown()) });
const scalar = z.object({ resultType: z.literal('scalar'), result: sample });
const other = z.object({ resultType: z.string() });
const success = z.object({
  status: z.literal('success'),
  data: z.union([vector, scalar, other]),
  warnings: notes,
  infos: notes,
});

type Success = z.output<typeof success>;

/** How many warnings of an answer are shown. */
const MOST_NOTES = 5;

/** The values that an instant query found. `address` is for messages. */
export function readValues(address: string, answer: ServerAnswer): Reading {
  const found = successOf(address, answer);
  if ('kind' in found) return found;
  const series = seriesOf(address, found);
  if ('kind' in series) return series;
  return {
    kind: 'value',
    series: series.map(({ labels, value }) => ({ labels, value, scrapedAt: undefined })),
    notes: notesOf(found),
  };
}

/** The counters that a combined query found; see `combinedQuery`. */
export function readCounters(address: string, answer: ServerAnswer): Reading {
  const found = successOf(address, answer);
  if ('kind' in found) return found;
  const series = seriesOf(address, found);
  if ('kind' in series) return series;
  const parts = Map.groupBy(series, ({ part }) => part);
  const scrapes = new Map(
    (parts.get(PARTS.scraped) ?? []).map(({ labels, value }) => [keyOf(labels), 1000 * value]),
  );
  const partOf = (name: string): readonly Series[] =>
    (parts.get(name) ?? []).map(({ labels, value }) => ({
      labels,
      value,
      scrapedAt: scrapes.get(keyOf(labels)),
    }));
  const requests = partOf(PARTS.requests);
  const hits = partOf(PARTS.hits);
  const wrong = [...requests, ...hits].find(({ value }) => !(Number.isInteger(value) && value >= 0));
  if (wrong !== undefined)
    return failure(
      'invalid answer',
      `${address} answered with the value ${String(wrong.value)} for ${describe(wrong.labels)}, which is not a counter of requests: that is a whole number from 0. Use a counter as it is, such as istio_requests_total, and no rate.`,
    );
  return { kind: 'counters', requests, hits, evaluatedAt: series[0]?.evaluatedAt, notes: notesOf(found) };
}

const names = z.object({ status: z.literal('success'), data: z.array(z.string()) });

/** The names of labels that a server knows; undefined where it does not say. */
export function readLabels(answer: ServerAnswer): ReadonlySet<string> | undefined {
  const found = answer.status < 300 ? names.safeParse(answer.body).data : undefined;
  return found === undefined ? undefined : new Set(found.data);
}

function successOf(address: string, answer: ServerAnswer): Success | ReadingFailure {
  const problem = unusable(address, answer);
  if (problem !== undefined) return problem;
  const refusal = error.safeParse(answer.body).data;
  if (refusal !== undefined) return refused(address, answer.status, refusal);
  const found = success.safeParse(answer.body).data;
  if (found !== undefined && answer.status < 300) return found;
  return failure(
    answer.status >= 500 ? 'server error' : 'invalid answer',
    `${address} answered ${String(answer.status)} with JSON that is not an answer of Prometheus: ${quote(answer.quote)}. Is the path before /api/v1/query missing from the address?`,
  );
}

function refused(
  address: string,
  status: number,
  { errorType, error: said }: z.output<typeof error>,
): ReadingFailure {
  switch (errorType) {
    case 'bad_data':
      return failure('invalid query', `${address} does not accept the query: ${quote(said)}.`);
    case 'timeout':
    case 'canceled':
      return failure(
        'timed out',
        `${address} gave up on the query: ${quote(said)}. Narrow it by labels, or record it by a rule.`,
      );
    case 'execution':
      return failure('server error', `${address} could not evaluate the query: ${quote(said)}.`);
    default:
      return failure('server error', `${address} answered ${String(status)} (${errorType}): ${quote(said)}.`);
  }
}

/** A series, and which part of a combined answer it belongs to. */
interface Found {
  readonly part: string | undefined;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  /** In ms since the epoch. */
  readonly evaluatedAt: number;
}

function seriesOf(address: string, { data }: Success): readonly Found[] | ReadingFailure {
  if (!('result' in data)) return notAVector(address, data.resultType);
  if (data.resultType === 'scalar')
    return [
      {
        part: undefined,
        labels: new Map(),
        value: numberOf(data.result[1]),
        evaluatedAt: 1000 * data.result[0],
      },
    ];
  const series: Found[] = [];
  for (const one of data.result) {
    const found = foundIn(one);
    if (found === undefined)
      return failure(
        'invalid answer',
        `${address} answered with a series that is not one of Prometheus: ${quote(JSON.stringify(one))}.`,
      );
    const { part, labels, evaluatedAt, text } = found;
    if (text === undefined)
      return failure(
        'invalid answer',
        `${address} answered with a native histogram for ${describe(labels)}; expected a number. Use histogram_quantile, histogram_fraction or histogram_count.`,
      );
    series.push({ part, labels, value: numberOf(text), evaluatedAt });
  }
  return series;
}

/** A series of a vector; `text` is undefined for a native histogram. */
function foundIn(
  series: unknown,
): (Omit<Found, 'value'> & { readonly text: string | undefined }) | undefined {
  if (!isMapping(series) || !isMapping(series['metric'])) return undefined;
  const labels = new Map<string, string>();
  let part: string | undefined;
  for (const [name, value] of Object.entries(series['metric'])) {
    if (typeof value !== 'string') return undefined;
    if (name === PART_LABEL) part = value;
    else labels.set(name, value);
  }
  if (series['histogram'] !== undefined) return { part, labels, evaluatedAt: 0, text: undefined };
  const read = sample.safeParse(series['value']).data;
  return read === undefined ? undefined : { part, labels, evaluatedAt: 1000 * read[0], text: read[1] };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notAVector(address: string, type: string): ReadingFailure {
  const remedy =
    type === 'matrix'
      ? ': the query ends with a range such as [5m]. Remove it, or pass it to a function'
      : '';
  return failure('invalid answer', `${address} answered with a ${type}; expected numbers${remedy}.`);
}

/** Prometheus writes `NaN`, `+Inf` and `-Inf`. */
function numberOf(text: string): number {
  return Number(text.replace(/Inf$/, 'Infinity'));
}

function notesOf({ warnings = [], infos = [] }: Success): readonly string[] {
  return [...new Set([...warnings, ...infos])].slice(0, MOST_NOTES).map(quote);
}

/** What is the same in all parts of an answer: `timestamp` drops the name of the metric. */
function keyOf(labels: ReadonlyMap<string, string>): string {
  let key = '';
  let last = '';
  for (const [name, value] of labels) {
    if (name === '__name__') continue;
    // Prometheus sends them in this order.
    if (name < last) return keyOf(new Map([...labels].toSorted(([a], [b]) => (a < b ? -1 : 1))));
    last = name;
    key += `${name}\n${String(value.length)}\n${value}`;
  }
  return key;
}

const MOST_LABELS = 4;

/** `istio_requests_total{app="helloworld", …}` */
function describe(labels: ReadonlyMap<string, string>): string {
  const others = [...labels].filter(([name]) => name !== '__name__');
  const shown = others.slice(0, MOST_LABELS).map(([name, value]) => `${name}="${quote(value)}"`);
  return `${labels.get('__name__') ?? ''}{${[...shown, ...(others.length > MOST_LABELS ? ['…'] : [])].join(', ')}}`;
}
