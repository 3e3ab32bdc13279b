import type { Texts } from '../../texts/catalogue.ts';
import { textsIn } from '../../texts/texts.ts';
import type { RunRecord } from '../run-record.ts';
import { isNotable, timelineOf } from '../timeline.ts';
import type { TimelineEvent } from '../timeline.ts';
import { row, tableHead, text, unbroken } from './markdown.ts';
import { VERDICT_EMOJI } from './emoji.ts';
import { RANK, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** Steps, checks and long phases; the report has all of them. */
export function timelineSection(record: RunRecord): readonly Piece[] {
  const events = timelineOf(record).filter(isNotable);
  if (events.length === 0) return [];
  const texts = textsIn(record.language);
  const { time, event: what, duration } = texts.labels.columns;
  return [
    fixed(`<details${record.steps.length > 1 ? ' open' : ''}><summary>${texts.timeline.title}</summary>\n\n`),
    fixed(`${tableHead([`${time}:`, what, `${duration}:`])}\n`),
    ...events.map((event): Piece => ({
      text: `${row(eventCells(event, texts))}\n`,
      rank: RANK.event,
      name: 'line of the timeline',
    })),
    fixed('\n</details>\n\n'),
  ];
}

function eventCells(
  { at, kind, text: what, verdict, seconds }: TimelineEvent,
  { formats }: Texts,
): readonly string[] {
  const mark = verdict === undefined ? '' : `${VERDICT_EMOJI[verdict]} `;
  return [
    unbroken(formats.duration(at)),
    `${mark}${kind === 'step' ? `**${text(what)}**` : text(what)}`,
    seconds === undefined ? '' : unbroken(formats.duration(seconds)),
  ];
}
