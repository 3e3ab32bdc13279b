import { total } from '../../verify/evidence.ts';
import { UNREACHED } from '../../verify/failure-kinds.ts';
import { failedOf } from '../snapshot.ts';
import type { Finding } from '../finding.ts';
import type { Snapshot } from '../snapshot.ts';

/** Failed requests by kind, the most frequent first: a symptom, not a cause. */
export function errors(snapshot: Snapshot): readonly Finding[] {
  return failedOf(snapshot).flatMap(({ cluster, url, errors: seen, requests, pods = [] }) => {
    if (seen.size === 0) return [];
    const { path, host } = snapshot.release.check;
    const isOutOfReach =
      pods.length === 0 && total(seen) === requests && [...seen.keys()].every((kind) => UNREACHED.has(kind));
    return [
      {
        title: { kind: 'requestsFailTitle', cluster },
        detail: {
          kind: 'requestsFail',
          requests,
          url,
          kinds: new Map([...seen].toSorted((a, b) => b[1] - a[1])),
          notFound: seen.has('status 404') ? { path, host } : undefined,
          unreached: isOutOfReach ? cluster : undefined,
        },
        symptom: true,
      },
    ];
  });
}
