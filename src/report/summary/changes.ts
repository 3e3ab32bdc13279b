import { formatWeights } from '../../core/weights.ts';
import { inEnglish, textsIn } from '../../texts/texts.ts';
import type { ChangeTexts } from '../../texts/catalogue/sections.ts';
import { kindsOfChanges, plannedGroups, writtenGroups } from '../change-groups.ts';
import type { ChangeGroup } from '../change-groups.ts';
import { weightsInForce } from '../holdings.ts';
import { effectOf } from '../net-changes.ts';
import { whyUnchecked } from '../planned-change.ts';
import type { RunRecord } from '../run-record.ts';
import { shortenLines } from '../shorten-text.ts';
import { escape, fenced, text } from './markdown.ts';
import { RANK, fixed, folded } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** The changes that a rollout would make: a line each, with the difference on demand. */
export function planSection({ plan, held, language }: RunRecord, limit: number): readonly Piece[] {
  if (plan === undefined) return [];
  const texts = textsIn(language);
  const groups = plannedGroups(plan);
  const show = showingGroups(texts.changes, plan.clusters.length);
  const difference = differencesWithin(limit);
  return [
    fixed(`### Plan: ${text(weightsInForce(held, texts))} → ${text(formatWeights(plan.weights))}\n\n`),
    ...show(groups, ({ changes: [first] }) => ({
      verb: first.verb,
      body: [whyUnchecked(first), difference(first.diff)],
    })),
  ];
}

/** The objects that were written, with their differences on demand. */
export function changesSection(
  { changes, plan, held, language }: RunRecord,
  limit: number,
): readonly Piece[] {
  const texts = textsIn(language).changes;
  if (changes.length === 0) return plan === undefined ? [fixed(`${texts.nothingWritten}\n\n`)] : [];
  const groups = writtenGroups(changes, 'difference');
  const difference = differencesWithin(limit);
  const clusters = new Set([...held, ...changes].map(({ cluster }) => cluster));
  return [
    fixed(`### ${texts.title}\n\n`),
    ...showingGroups(texts, clusters.size)(groups, ({ changes: [first] }) => ({
      verb: texts.effects[effectOf(first)],
      body: [first.difference === '' ? texts.unchanged : undefined, difference(first.difference)],
    })),
  ];
}

interface ShownGroup {
  /** What is done to the object. */
  readonly verb: string;
  /** A sentence, if there is one, and the difference. */
  readonly body: readonly [string | undefined, Piece];
}

/** @param all the number of clusters of the release */
function showingGroups(texts: ChangeTexts, all: number) {
  return <T>(
    groups: readonly ChangeGroup<T>[],
    shownAs: (group: ChangeGroup<T>) => ShownGroup,
  ): readonly Piece[] =>
    kindsOfChanges(groups).flatMap(({ kind, groups: own, isFolded }) => {
      const pieces = own.flatMap((group) => groupPieces(group, shownAs(group), texts, all));
      return isFolded ? folded(escape(texts.folded({ kind, objects: own.length })), pieces) : pieces;
    });
}

function groupPieces<T>(
  { object, clusters, reasons }: ChangeGroup<T>,
  { verb, body: [sentence, difference] }: ShownGroup,
  texts: ChangeTexts,
  all: number,
): readonly Piece[] {
  const where = texts.where({ clusters, of: all });
  const places = clusters.every((cluster) => where.includes(cluster)) ? [] : [texts.clusters(clusters)];
  const sentences = [...places, ...(sentence === undefined ? [] : [sentence])].map(
    (one) => `${text(one)}\n\n`,
  );
  const line = `<strong>${escape(object)}</strong>: ${escape(`${verb} ${where}; ${reasons.map(inEnglish).join('; ')}`)}`;
  const begin = {
    text: `<details><summary>${line}</summary>\n\n${sentences.join('')}`,
    rank: RANK.change,
    name: 'change',
  };
  return [begin, difference, { ...fixed('</details>\n\n'), endOf: begin }];
}

/** No summary has room for more. */
const MOST_LINES = 20_000;

type ShowDifference = (diff: string) => Piece;

/** The first differences stay, so that one behind more than the limit is omitted: it need not be formatted. */
function differencesWithin(limit: number): ShowDifference {
  let length = 0;
  return (diff) => {
    const short = diff === '' || length > limit ? '' : shortenLines(diff, MOST_LINES);
    const shown = short === '' || short.length > limit ? short : `${fenced('diff', short)}\n\n`;
    length += shown.length;
    return { text: shown, rank: RANK.difference, name: 'difference' };
  };
}
