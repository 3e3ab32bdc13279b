import { total } from '../../verify/evidence.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { failedOf, rivalsAt } from '../snapshot.ts';
import type { Snapshot, Finding } from '../snapshot.ts';

/** A gateway replica that has not got the last change of the routes. */
export function staleReplicas(facts: Snapshot): readonly Finding[] {
  return failedOf(facts).flatMap((one) => {
    const older = new Map(strangeOf(facts, one).filter(([revision]) => !isNewer(revision, one)));
    if (older.size === 0) return [];
    return [
      {
        title: `A gateway replica in ${one.cluster} is still on revision ${[...older.keys()].join(', ')}`,
        detail: `${String(total(older))} of ${String(one.requests)} answers carried it. Look at istioctl proxy-status, and at the logs of the gateway pods.`,
      },
    ];
  });
}

/** Answers under a revision that was not there yet when the check began. */
export function newerRevisions(facts: Snapshot): readonly Finding[] {
  return failedOf(facts).flatMap((one) => {
    const newer = new Map(strangeOf(facts, one).filter(([revision]) => isNewer(revision, one)));
    if (newer.size === 0) return [];
    return [
      {
        title: `Another run changed the release in ${one.cluster} meanwhile`,
        detail: `${String(total(newer))} of ${String(one.requests)} answers carried revision ${[...newer.keys()].join(', ')}, and ${one.revision ?? ''} was the last one when the check began. Wait until that run has ended, then verify again.`,
      },
    ];
  });
}

/** Responses under another revision, but those of another app's route: it counts its own. */
function strangeOf(facts: Snapshot, one: IngressEvidence): readonly (readonly [string, number])[] {
  const others = rivalsAt(facts, one).map(({ revision }) => revision);
  return [...one.stale].filter(([revision]) => !others.includes(revision));
}

function isNewer(revision: string, { revision: expected }: IngressEvidence): boolean {
  return expected !== undefined && Number(revision) > Number(expected);
}
