import { total } from '../../verify/evidence.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { failedOf, rivalRevisionsAt } from '../snapshot.ts';
import type { Finding } from '../finding.ts';
import type { Snapshot } from '../snapshot.ts';

/** A gateway replica that has not received the last change of the routes. */
export function staleReplicas(snapshot: Snapshot): readonly Finding[] {
  return failedOf(snapshot).flatMap((one) => {
    const older = new Map(strangeOf(snapshot, one).filter(([revision]) => !isNewer(revision, one)));
    if (older.size === 0) return [];
    return [
      {
        title: {
          kind: 'staleTitle',
          cluster: one.cluster,
          pods: podsBehind(one, older),
          revisions: [...older.keys()],
        },
        detail: { kind: 'stale', responses: total(older), requests: one.requests },
      },
    ];
  });
}

/** The pods that gave such responses, where they are known. */
function podsBehind({ pods = [] }: IngressEvidence, older: ReadonlyMap<string, number>): readonly string[] {
  const behind = pods.filter(({ stale }) => [...stale.keys()].some((revision) => older.has(revision)));
  return behind.map(({ pod }) => pod);
}

/** Responses under a revision that did not exist when the check began. */
export function newerRevisions(snapshot: Snapshot): readonly Finding[] {
  return failedOf(snapshot).flatMap((one) => {
    const newer = new Map(strangeOf(snapshot, one).filter(([revision]) => isNewer(revision, one)));
    if (newer.size === 0) return [];
    return [
      {
        title: { kind: 'newerTitle', cluster: one.cluster },
        detail: {
          kind: 'newer',
          responses: total(newer),
          requests: one.requests,
          revisions: [...newer.keys()],
          latest: one.revision ?? '',
        },
      },
    ];
  });
}

/** Responses under another revision, except those of another app's route, which has its own revisions. */
function strangeOf(snapshot: Snapshot, one: IngressEvidence): readonly (readonly [string, number])[] {
  const others = rivalRevisionsAt(snapshot, one);
  return [...one.stale].filter(([revision]) => !others.includes(revision));
}

function isNewer(revision: string, { revision: expected }: IngressEvidence): boolean {
  return expected !== undefined && Number(revision) > Number(expected);
}
