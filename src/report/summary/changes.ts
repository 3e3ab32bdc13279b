import { say, textsIn } from '../../texts/texts.ts';
import type { Texts } from '../../texts/catalogue.ts';
import { kindsOfChanges, plannedGroups, writtenGroups } from '../change-groups.ts';
import type { ChangeGroup } from '../change-groups.ts';
import { weightsInForce } from '../holdings.ts';
import { effectOf } from '../net-changes.ts';
import { plannedEffect, whyUnchecked } from '../planned-change.ts';
import type { RunRecord } from '../run-record.ts';
import { shortenLines } from '../shorten-text.ts';
import { escape, fenced, strong, text } from './markdown.ts';
import { RANK, fixed, folded } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** The changes that a rollout would make: a line each, with the difference on demand. */
export function planSection({ plan, held, language }: RunRecord, limit: number): readonly Piece[] {
  if (plan === undefined) return [];
  const texts = textsIn(language);
  const groups = plannedGroups(plan);
  const { verbs, plan: title } = texts.changes;
  const show = showingGroups(texts, plan.clusters.length);
  const difference = differencesWithin(limit, texts);
  return [
    fixed(`### ${text(title({ from: weightsInForce(held, texts), to: plan.weights }))}\n\n`),
    ...show(groups, ({ changes: [first] }) => ({
      done: verbs[plannedEffect(first)],
      body: [whyUnchecked(first, texts), difference(first.diff)],
    })),
  ];
}

/** The objects that were written, with their differences on demand. */
export function changesSection({ changes, held, language }: RunRecord, limit: number): readonly Piece[] {
  const texts = textsIn(language);
  const { title, effects, unchanged } = texts.changes;
  if (changes.length === 0) return [];
  const groups = writtenGroups(changes, 'difference');
  const difference = differencesWithin(limit, texts);
  const clusters = new Set([...held, ...changes].map(({ cluster }) => cluster));
  return [
    fixed(`### ${title}\n\n`),
    ...showingGroups(texts, clusters.size)(groups, ({ changes: [first] }) => ({
      done: effects[effectOf(first)],
      body: [first.difference === '' ? unchanged : undefined, difference(first.difference)],
    })),
  ];
}

interface ShownGroup {
  /** What is done to the object. */
  readonly done: string;
  /** A sentence, if there is one, and the difference. */
  readonly body: readonly [string | undefined, Piece];
}

/** @param all the number of clusters of the release */
function showingGroups(texts: Texts, all: number) {
  return <T>(
    groups: readonly ChangeGroup<T>[],
    shownAs: (group: ChangeGroup<T>) => ShownGroup,
  ): readonly Piece[] =>
    kindsOfChanges(groups).flatMap(({ kind, groups: own, isFolded }) => {
      const pieces = own.flatMap((group) => groupPieces(group, shownAs(group), texts, all));
      return isFolded ? folded(escape(texts.changes.folded({ kind, objects: own.length })), pieces) : pieces;
    });
}

function groupPieces<T>(
  { object, clusters, reasons }: ChangeGroup<T>,
  { done, body: [sentence, difference] }: ShownGroup,
  texts: Texts,
  all: number,
): readonly Piece[] {
  const where = texts.changes.where({ clusters, of: all });
  const places = clusters.every((cluster) => where.includes(cluster))
    ? []
    : [texts.changes.clusters(clusters)];
  const sentences = [...places, ...(sentence === undefined ? [] : [sentence])].map(
    (one) => `${text(one)}\n\n`,
  );
  const why = reasons.map((reason) => say(reason, texts));
  const line = `${strong(escape(object))}${escape(texts.changes.done({ done, where, reasons: why }))}`;
  const begin: Piece = {
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
function differencesWithin(limit: number, { formats }: Texts): ShowDifference {
  let length = 0;
  return (diff) => {
    const short = diff === '' || length > limit ? '' : shortenLines(diff, MOST_LINES, formats);
    const shown = short === '' || short.length > limit ? short : `${fenced('diff', short)}\n\n`;
    length += shown.length;
    return { text: shown, rank: RANK.difference, name: 'difference' };
  };
}
