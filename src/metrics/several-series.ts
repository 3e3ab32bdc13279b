import { count } from '../core/plural.ts';
import type { Series } from './readings.ts';

const MOST_NAMED = 4;

/** Why several series are no value, with the labels that tell them apart. */
export function differingLabels(series: readonly Series[]): string {
  const names = new Set(series.flatMap(({ labels }) => [...labels.keys()]));
  const differing = [...names].filter(
    (name) => new Set(series.map(({ labels }) => labels.get(name) ?? '')).size > 1,
  );
  const shown = differing.slice(0, MOST_NAMED).join(', ');
  const more = differing.length > MOST_NAMED ? ' and others' : '';
  return `the query found ${count(series.length, 'series', 'series')} where one value is expected; they differ in ${shown}${more}: make one of them, such as by sum(…)`;
}
