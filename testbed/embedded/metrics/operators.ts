import type { Labels } from './counters.ts';
import { unsupported } from './query-error.ts';
import type { ScrapedSeries } from './scrapes.ts';

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export type Value = number | readonly Sample[];
type Argument = Value | string | { readonly seconds: number; readonly series: readonly ScrapedSeries[] };

const AGGREGATIONS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((a, b) => a + b, 0),
  count: (values) => values.length,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  avg: (values) => values.reduce((a, b) => a + b, 0) / values.length,
};

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

/** @param by the labels to keep */
export function aggregate(name: string, samples: readonly Sample[], by: readonly string[]): Sample[] {
  const combine = AGGREGATIONS[name];
  if (combine === undefined) throw unsupported(name);
  const groups = Map.groupBy(samples, ({ labels }) =>
    JSON.stringify(by.flatMap((label) => (labels[label] === undefined ? [] : [[label, labels[label]]]))),
  );
  return [...groups].map(([key, group]) => ({
    labels: Object.fromEntries(JSON.parse(key) as [string, string][]),
    value: combine(group.map(({ value }) => value)),
  }));
}

/** @param ignoring the labels that do not matter for which samples belong together */
export function binary(operator: string, left: Value, right: Value, ignoring: readonly string[] = []): Value {
  if (operator === 'or') {
    if (typeof left === 'number' || typeof right === 'number') throw unsupported('or with a number');
    const known = new Set(left.map(keyOf));
    return [...left, ...right.filter((one) => !known.has(keyOf(one)))];
  }
  const compute = ARITHMETIC[operator];
  if (compute === undefined) throw unsupported(operator);
  if (typeof left === 'number')
    return typeof right === 'number' ? compute(left, right) : values(right, (value) => compute(left, value));
  if (typeof right === 'number') return values(left, (value) => compute(value, right));
  const matched = ({ labels, value }: Sample): Sample => ({ labels: without(labels, ignoring), value });
  const others = new Map(right.map((one) => [keyOf(matched(one)), one.value]));
  return left.flatMap((one) => {
    const { labels, value } = matched(one);
    const other = others.get(keyOf({ labels, value }));
    return other === undefined ? [] : [{ labels: unnamed(labels), value: compute(value, other) }];
  });
}

/** @param now seconds since the epoch */
export function call(name: string, operands: readonly Argument[], now: number): Value {
  const [first, second] = operands;
  if (typeof first === 'object' && 'series' in first) {
    const perSecond = { rate: first.seconds, increase: 1 }[name];
    if (perSecond === undefined && name !== 'irate') throw unsupported(name);
    return first.series.flatMap(({ labels, points }) => {
      const used = name === 'irate' ? points.slice(-2) : points;
      const [begin, end] = [used[0], used.at(-1)];
      if (begin === undefined || end === undefined || begin === end) return [];
      const increase = used.reduce((sum, { value }, i) => {
        const before = used[i - 1]?.value ?? value;
        // A counter that fell began again at 0.
        return sum + (value < before ? value : value - before);
      }, 0);
      // As Prometheus does, except for its extrapolation to the ends of the window.
      const over = name === 'increase' ? 1 : end.at - begin.at;
      return [{ labels: unnamed(labels), value: increase / over }];
    });
  }
  switch (name) {
    case 'time':
      return now;
    case 'vector':
      return [{ labels: {}, value: Number(first) }];
    case 'label_replace':
      return labelReplace(operands);
    case 'histogram_quantile':
      if (typeof first === 'number' && isVector(second)) return quantiles(first, second);
      throw unsupported(name);
    default:
      throw unsupported(name);
  }
}

function labelReplace([samples, ...texts]: readonly Argument[]): Sample[] {
  const [to = '', replacement = '', from = '', pattern = ''] = texts.map((one) =>
    typeof one === 'string' ? one : '',
  );
  if (!isVector(samples)) throw unsupported('label_replace of a number');
  const regex = new RegExp(`^(?:${pattern})$`, 's');
  return samples.map(({ labels, value }) => {
    const source = labels[from] ?? '';
    if (!regex.test(source)) return { labels, value };
    const { [to]: _, ...rest } = labels;
    const text = source.replace(regex, replacement);
    return { labels: text === '' ? rest : { ...rest, [to]: text }, value };
  });
}

/** Within its bucket, a quantile is interpolated: https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile */
function quantiles(quantile: number, samples: readonly Sample[]): Sample[] {
  const histograms = Map.groupBy(samples, ({ labels: { le: _, ...labels } }) => keyOf({ labels, value: 0 }));
  return [...histograms.values()].map((buckets) => {
    const sorted = buckets
      .map(({ labels, value }) => ({ bound: Number(labels['le']?.replace('+Inf', 'Infinity')), value }))
      .toSorted((a, b) => a.bound - b.bound);
    const { le: _, ...labels } = unnamed(buckets[0]?.labels ?? {});
    const rank = quantile * (sorted.at(-1)?.value ?? NaN);
    const i = sorted.findIndex(({ value }) => value >= rank);
    const [below, at] = [sorted[i - 1] ?? { bound: 0, value: 0 }, sorted[i]];
    if (at === undefined || at.value === 0) return { labels, value: NaN };
    const value =
      at.bound === Infinity
        ? below.bound
        : below.bound + ((at.bound - below.bound) * (rank - below.value)) / (at.value - below.value);
    return { labels, value };
  });
}

function isVector(argument: Argument | undefined): argument is readonly Sample[] {
  return Array.isArray(argument);
}

function without(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));
}

/** A series that a function computes has no name. */
export function unnamed({ __name__: _, ...labels }: Labels): Labels {
  return labels;
}

function values(samples: readonly Sample[], change: (value: number) => number): Sample[] {
  return samples.map(({ labels, value }) => ({ labels: unnamed(labels), value: change(value) }));
}

/** What two samples have in common that belong together. */
function keyOf({ labels }: Sample): string {
  return JSON.stringify(Object.entries(unnamed(labels)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
