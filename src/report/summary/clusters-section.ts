import { stateGroups } from '../cluster-states.ts';
import { textsIn } from '../../texts/texts.ts';
import type { RunRecord } from '../run-record.ts';
import { tableHead, row, text } from './markdown.ts';
import { RANK, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** The state of each cluster, for the operation status. */
export function clustersSection({ clusters: states }: RunRecord): readonly Piece[] {
  if (states.length === 0) return [];
  return [
    fixed(`${tableHead(['Cluster', 'State'])}\n`),
    ...stateGroups(states, textsIn('en')).map(({ clusters, text: state }) => ({
      text: `${row([text(clusters.join(', ')), text(state)])}\n`,
      rank: RANK.state,
      name: 'state',
    })),
    fixed('\n'),
  ];
}
