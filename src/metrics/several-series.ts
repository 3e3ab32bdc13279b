import type { Message } from '../texts/message.ts';
import type { Series } from './readings.ts';

const MOST_NAMED = 4;

/** Why several series are no value, with the labels that tell them apart. */
export function differingLabels(series: readonly Series[]): Message {
  const names = new Set(series.flatMap(({ labels }) => [...labels.keys()]));
  const differing = [...names].filter(
    (name) => new Set(series.map(({ labels }) => labels.get(name) ?? '')).size > 1,
  );
  const labels = differing.slice(0, MOST_NAMED);
  return { kind: 'differingLabels', series: series.length, labels, more: differing.length > MOST_NAMED };
}
