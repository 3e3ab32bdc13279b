import { formatWeights } from '../../core/weights.ts';
import { formatClusterWeights } from '../../release/cluster-weights.ts';
import { count } from '../format.ts';
import { comparedChanges } from '../net-changes.ts';
import type { ComparedChange } from '../net-changes.ts';
import { whyUnchecked } from '../planned-change.ts';
import type { PlannedChange } from '../run-events.ts';
import type { RunRecord } from '../run-record.ts';
import { shortenLines } from '../shorten-text.ts';
import { escape, fenced, text } from './markdown.ts';
import { RANK, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** The changes that a rollout would make, by cluster. */
export function planSection({ plan, held }: RunRecord): readonly Piece[] {
  if (plan === undefined) return [];
  const byCluster = plan.clusters.flatMap((cluster) => {
    const own = plan.changes.filter((change) => change.cluster === cluster);
    return own.length === 0
      ? []
      : details(`${escape(cluster)}: ${count(own, 'change')}`, own.flatMap(plannedChange));
  });
  return [
    fixed(`### Plan: ${text(formatClusterWeights(held))} → ${text(formatWeights(plan.weights))}\n\n`),
    ...byCluster,
  ];
}

function plannedChange(change: PlannedChange): readonly Piece[] {
  const { verb, object, reason, diff } = change;
  const unchecked = whyUnchecked(change);
  const note = unchecked === undefined ? '' : ` ${unchecked}`;
  return [
    { text: `**${verb} ${text(object)}**: ${text(reason)}.${note}\n\n`, rank: RANK.change, name: 'change' },
    difference(diff),
  ];
}

/** The objects that were written, by cluster, with their differences. */
export function changesSection({ changes, plan }: RunRecord): readonly Piece[] {
  const net = comparedChanges(changes);
  if (net.length === 0) return plan === undefined ? [fixed('Nothing was written.\n\n')] : [];
  const byCluster = Map.groupBy(net, ({ cluster }) => cluster);
  return [
    fixed(`### Changes\n\n`),
    ...[...byCluster].flatMap(([cluster, own]) =>
      details(
        `${escape(cluster)}: ${own.map(({ object }) => escape(kindIn(object))).join(', ')}`,
        own.flatMap(changedObject),
      ),
    ),
  ];
}

function changedObject({ object, reasons, difference: diff }: ComparedChange): readonly Piece[] {
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

function difference(diff: string): Piece {
  return {
    text: diff === '' ? '' : `${fenced('diff', shortenLines(diff, MOST_LINES))}\n\n`,
    rank: RANK.difference,
    name: 'difference',
  };
}

function details(title: string, body: readonly Piece[]): readonly Piece[] {
  return [fixed(`<details><summary>${title}</summary>\n\n`), ...body, fixed('</details>\n\n')];
}
