import type { RunRecord } from '../run-record.ts';
import { tableHead, row, text } from './markdown.ts';
import { RANK, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** The state of each cluster, for the operation status. */

export function clustersSection({ clusters }: RunRecord): readonly Piece[] {
  if (clusters.length === 0) return [];
  return [
    fixed(`${tableHead(['Cluster', 'State'])}\n`),
    ...clusters.map(({ cluster, text: state }) => ({
      text: `${row([text(cluster), text(state)])}\n`,
      rank: RANK.state,
      name: 'cluster',
    })),
    fixed('\n'),
  ];
}
