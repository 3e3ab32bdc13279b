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
        title: `${replicaOf(one, older)} in ${one.cluster} is still on revision ${[...older.keys()].join(', ')}`,
        detail: `${String(total(older))} of ${String(one.requests)} responses carried it. Check istioctl proxy-status, and the logs of the gateway pods.`,
      },
    ];
  });
}

/** The pods that gave such responses, where they are known. */
function replicaOf({ pods = [] }: IngressEvidence, older: ReadonlyMap<string, number>): string {
  const behind = pods.filter(({ stale }) => [...stale.keys()].some((revision) => older.has(revision)));
  return behind.length === 0 ? 'A gateway replica' : behind.map(({ pod }) => `Gateway pod ${pod}`).join(', ');
}

/** Responses under a revision that did not exist when the check began. */
export function newerRevisions(snapshot: Snapshot): readonly Finding[] {
  return failedOf(snapshot).flatMap((one) => {
    const newer = new Map(strangeOf(snapshot, one).filter(([revision]) => isNewer(revision, one)));
    if (newer.size === 0) return [];
    return [
      {
        title: `Another run changed the release in ${one.cluster} during the check`,
        detail: `${String(total(newer))} of ${String(one.requests)} responses carried revision ${[...newer.keys()].join(', ')}, but ${one.revision ?? ''} was the latest when the check began. Wait for that run to finish, then verify again.`,
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
