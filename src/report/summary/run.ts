import { agreedWeights, describeClusterWeights } from '../../release/cluster-weights.ts';
import { count, duration, moment } from '../format.ts';
import type { RunRecord } from '../run-record.ts';
import { inWords } from '../sentences.ts';
import { isNotable, timelineOf } from '../timeline.ts';
import type { TimelineEvent } from '../timeline.ts';
import { row, tableHead, text, unbroken } from './markdown.ts';
import { emojiOf } from './observed.ts';
import { RANK, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** Steps, checks and long phases; the report has all of them. */
export function timelineSection(record: RunRecord): readonly Piece[] {
  const events = timelineOf(record).filter(isNotable);
  if (events.length === 0) return [];
  return [
    fixed(`<details${record.steps.length > 1 ? ' open' : ''}><summary>Timeline</summary>\n\n`),
    fixed(`${tableHead(['Time:', 'Event', 'Duration:'])}\n`),
    ...events.map((event) => ({
      text: `${row(eventCells(event))}\n`,
      rank: RANK.event,
      name: 'line of the timeline',
    })),
    fixed('\n</details>\n\n'),
  ];
}

function eventCells({ at, kind, text: what, verdict, seconds }: TimelineEvent): readonly string[] {
  const mark = verdict === undefined ? '' : `${emojiOf(verdict)} `;
  return [
    unbroken(duration(at)),
    `${mark}${kind === 'step' ? `**${text(what)}**` : text(what)}`,
    seconds === undefined ? '' : unbroken(duration(seconds)),
  ];
}

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

export function footer({ operation, held, previous, begin, seconds, changes, report }: RunRecord): string {
  const weights = agreedWeights(held);
  const parts = [
    `${text(operation)}, ${moment(begin)}, ${duration(seconds)}`,
    ...(weights !== undefined
      ? [`current weights: ${text(inWords(weights))}`]
      : held.length === 0
        ? []
        : [text(describeClusterWeights(held))]),
    ...(previous === undefined ? [] : [`previous weights: ${text(inWords(previous))}`]),
    count(changes, 'write'),
    ...(report === undefined ? [] : [`report: ${text(report)}`]),
  ];
  return `<sub>${parts.join(' · ')}</sub>\n`;
}
