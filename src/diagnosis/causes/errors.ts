import { total } from '../../verify/evidence.ts';
import { UNREACHED } from '../../verify/failure-kinds.ts';
import { portForwardAdvice } from '../../verify/port-forward-advice.ts';
import { failedOf } from '../snapshot.ts';
import type { Finding } from '../finding.ts';
import type { Snapshot } from '../snapshot.ts';

/** Failed requests by kind, the most frequent first: a symptom, not a cause. */
export function errors(snapshot: Snapshot): readonly Finding[] {
  return failedOf(snapshot).flatMap(({ cluster, url, errors: seen, requests, pods = [] }) => {
    if (seen.size === 0) return [];
    const kinds = [...seen]
      .toSorted((a, b) => b[1] - a[1])
      .map(([kind, count]) => `${String(count)} × ${kind}`);
    const { path, host } = snapshot.release.check;
    const advice = seen.has('status 404')
      ? ` Status 404: does the app serve the path ${path} (input path), and does the Gateway serve ${host === undefined ? 'this host' : `the host ${host}`} (input host)?`
      : '';
    const isOutOfReach =
      pods.length === 0 && total(seen) === requests && [...seen.keys()].every((kind) => UNREACHED.has(kind));
    const way = isOutOfReach ? ` ${portForwardAdvice(cluster)}` : '';
    return [
      {
        title: `Requests fail through ${cluster}`,
        detail: `Of ${String(requests)} requests to ${url}: ${kinds.join(', ')}.${advice}${way}`,
        symptom: true,
      },
    ];
  });
}
