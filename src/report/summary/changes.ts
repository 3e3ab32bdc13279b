import { formatWeights } from '../../core/weights.ts';
import { formatClusterWeights } from '../../release/cluster-weights.ts';
import { count } from '../../core/plural.ts';
import { comparedChanges } from '../net-changes.ts';
import type { ComparedChange } from '../net-changes.ts';
import { whyUnchecked } from '../planned-change.ts';
import type { PlannedChange } from '../run-events.ts';
import type { RunRecord } from '../run-record.ts';
import { shortenLines } from '../shorten-text.ts';
import { escape, fenced, text } from './markdown.ts';
import { RANK, fixed, folded } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** The changes that a rollout would make, by cluster. */
export function planSection({ plan, held }: RunRecord, limit: number): readonly Piece[] {
  if (plan === undefined) return [];
  const difference = differencesWithin(limit);
  const byCluster = plan.clusters.flatMap((cluster) => {
    const own = plan.changes.filter((change) => change.cluster === cluster);
    return own.length === 0
      ? []
      : folded(
          `${escape(cluster)}: ${count(own, 'change')}`,
          own.flatMap((change) => plannedChange(change, difference)),
        );
  });
  return [
    fixed(`### Plan: ${text(formatClusterWeights(held))} → ${text(formatWeights(plan.weights))}\n\n`),
    ...byCluster,
  ];
}

function plannedChange(change: PlannedChange, difference: ShowDifference): readonly Piece[] {
  const { verb, object, reason, diff } = change;
  const unchecked = whyUnchecked(change);
  const note = unchecked === undefined ? '' : ` ${unchecked}`;
  return [
    { text: `**${verb} ${text(object)}**: ${text(reason)}.${note}\n\n`, rank: RANK.change, name: 'change' },
    difference(diff),
  ];
}

/** The objects that were written, by cluster, with their differences. */
export function changesSection({ changes, plan }: RunRecord, limit: number): readonly Piece[] {
  const net = comparedChanges(changes);
  const difference = differencesWithin(limit);
  if (net.length === 0) return plan === undefined ? [fixed('Nothing was written.\n\n')] : [];
  const byCluster = Map.groupBy(net, ({ cluster }) => cluster);
  return [
    fixed(`### Changes\n\n`),
    ...[...byCluster].flatMap(([cluster, own]) =>
      folded(
        `${escape(cluster)}: ${own.map(({ object }) => escape(kindIn(object))).join(', ')}`,
        own.flatMap((change) => changedObject(change, difference)),
      ),
    ),
  ];
}

function changedObject(
  { object, reasons, difference: diff }: ComparedChange,
  difference: ShowDifference,
): readonly Piece[] {
  return [
    { text: `**${text(object)}**: ${reasons.map(text).join('; ')}\n\n`, rank: RANK.change, name: 'change' },
    difference(diff),
  ];
}

/** `VirtualService` of `VirtualService gray-demo/helloworld` */
function kindIn(object: string): string {
  return object.split(' ')[0] ?? object;
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
