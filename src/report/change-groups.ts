import type { ClusterName } from '../core/names.ts';
import type { Message } from '../texts/message.ts';
import { distinctMessages, textsIn } from '../texts/texts.ts';
import { comparedChanges, effectOf } from './net-changes.ts';
import type { ComparedChange } from './net-changes.ts';
import { whyUnchecked } from './planned-change.ts';
import type { PlannedChange, PlannedRollout } from './run-events.ts';
import type { RunRecord } from './run-record.ts';

/** What a change does to an object, in whatever way it is shown. */
interface ShownChange {
  readonly cluster: ClusterName;
  /** `VirtualService gray-demo/helloworld` */
  readonly object: string;
}

/** The same change to the same object in several clusters. */
export interface ChangeGroup<T> {
  /** In the order of writing. */
  readonly changes: readonly [T, ...T[]];
  readonly object: string;
  /** By name: clusters are written side by side, so that chance decides the order of writing. */
  readonly clusters: readonly ClusterName[];
  /** Distinct reasons, in the order of the clusters. */
  readonly reasons: readonly Message[];
}

/**
 * The changes of all clusters, those that are alike together: of ten clusters that get the same weights, a reader wants to see one change.
 *
 * @param reasonsOf why a change is made
 * @param showing what of a change a reader compares, such as its difference
 * @returns in the order of clusters, kinds and names
 */
export function changeGroups<T extends ShownChange>(
  changes: readonly T[],
  reasonsOf: (change: T) => readonly Message[],
  showing: (change: T) => readonly string[],
): readonly ChangeGroup<T>[] {
  const byObject = Map.groupBy(changes, ({ object }) => object);
  const groups = [...byObject].flatMap(([object, own]) =>
    alike(own, showing).map((group) => {
      const byName = group.toSorted((a, b) => NAMES.compare(a.cluster, b.cluster));
      return {
        changes: group,
        object,
        clusters: [...new Set(byName.map(({ cluster }) => cluster))],
        reasons: distinctMessages(byName.flatMap(reasonsOf)),
      };
    }),
  );
  return groups.toSorted(byPlace);
}

/** By the first cluster, then by kind and name: side by side, chance decides the order of writing. */
function byPlace(a: ChangeGroup<unknown>, b: ChangeGroup<unknown>): number {
  return NAMES.compare(a.clusters[0] ?? '', b.clusters[0] ?? '') || NAMES.compare(a.object, b.object);
}

/** `cluster-2` before `cluster-10`. */
const NAMES = new Intl.Collator('en', { numeric: true });

/** The changes of a plan. */
export function plannedGroups({ changes }: PlannedRollout): readonly ChangeGroup<PlannedChange>[] {
  return changeGroups(
    changes,
    ({ reason }) => [reason],
    (change) => [change.verb, whyUnchecked(change, textsIn('en')) ?? '', change.diff],
  );
}

/** The objects that were written. @param shown how much of them: their differences, or all of them */
export function writtenGroups(
  changes: RunRecord['changes'],
  shown: 'difference' | 'whole',
): readonly ChangeGroup<ComparedChange>[] {
  return changeGroups(
    comparedChanges(changes),
    ({ reasons }) => reasons,
    (change) => [effectOf(change), change[shown]],
  );
}

/** Differences are long, so that they are compared and not put together to a key. */
function alike<T>(items: readonly T[], showing: (item: T) => readonly string[]): (readonly [T, ...T[]])[] {
  const groups: [T, ...T[]][] = [];
  for (const item of items) {
    const shown = showing(item);
    const found = groups.find(([first]) => showing(first).every((text, i) => text === shown[i]));
    if (found === undefined) groups.push([item]);
    else found.push(item);
  }
  return groups;
}

/** More objects of a kind are folded together. */
const MOST_OF_A_KIND = 4;

/** Groups of one kind of object. */
export interface KindOfChange<T> {
  /** `VirtualService` */
  readonly kind: string;
  readonly groups: readonly ChangeGroup<T>[];
  readonly isFolded: boolean;
}

/** In the order of the first group of each kind. */
export function kindsOfChanges<T>(groups: readonly ChangeGroup<T>[]): readonly KindOfChange<T>[] {
  return [...Map.groupBy(groups, ({ object }) => object.split(' ')[0] ?? object)].map(([kind, own]) => ({
    kind,
    groups: own,
    isFolded: own.length > MOST_OF_A_KIND,
  }));
}
