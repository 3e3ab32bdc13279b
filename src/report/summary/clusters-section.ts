import { stateGroups } from '../cluster-states.ts';
import { textsIn } from '../../texts/texts.ts';
import type { RunRecord } from '../run-record.ts';
import { tableHead, row, text } from './markdown.ts';
import { RANK, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** The state of each cluster, for the operation status. */
export function clustersSection({ clusters: states, language }: RunRecord): readonly Piece[] {
  if (states.length === 0) return [];
  const texts = textsIn(language);
  const { columns } = texts.labels;
  return [
    fixed(`${tableHead([columns.cluster, columns.state])}\n`),
    ...stateGroups(states, texts).map(({ clusters, text: state }): Piece => ({
      text: `${row([text(texts.formats.list(clusters)), text(state)])}\n`,
      rank: RANK.state,
      name: 'state',
    })),
    fixed('\n'),
  ];
}
