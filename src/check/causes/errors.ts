import { failedOf } from './facts.ts';
import type { Facts, Finding } from './facts.ts';

/** Failed requests by kind, the most frequent first: what was seen, and no cause. */
export function errors(facts: Facts): readonly Finding[] {
  return failedOf(facts).flatMap(({ cluster, url, errors: seen, requests }) => {
    if (seen.size === 0) return [];
    const kinds = [...seen]
      .toSorted((a, b) => b[1] - a[1])
      .map(([kind, count]) => `${String(count)} × ${kind}`);
    return [
      {
        title: `Requests fail through ${cluster}`,
        detail: `Of ${String(requests)} requests to ${url}: ${kinds.join(', ')}.`,
        symptom: true,
      },
    ];
  });
}
