import type { ClusterName } from '../core/names.ts';
import type { Texts } from '../texts/catalogue.ts';
import { say } from '../texts/texts.ts';
import type { ClusterSummary } from './run-events.ts';

/** Clusters in the same state. */
export interface StateGroup {
  /** In the order of the clusters. */
  readonly clusters: readonly ClusterName[];
  readonly text: string;
}

/** The states of clusters as the operation status shows them: the rarest first, because it is what to look at. */
export function stateGroups(clusters: readonly ClusterSummary[], texts: Texts): readonly StateGroup[] {
  return [...Map.groupBy(clusters, ({ text }) => say(text, texts))]
    .map(([text, own]) => ({ text, clusters: own.map(({ cluster }) => cluster) }))
    .toSorted((a, b) => a.clusters.length - b.clusters.length);
}
