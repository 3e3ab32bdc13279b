import { agreedWeights, describeClusterWeights } from '../../release/cluster-weights.ts';
import { moment, duration } from '../format.ts';
import { count } from '../../core/plural.ts';
import type { RunRecord } from '../run-record.ts';
import { inWords } from '../sentences.ts';
import { text } from './markdown.ts';

/** The last line of a summary: the run, its weights and what it wrote, in figures. */
export function summaryFooter({
  operation,
  held,
  previous,
  begin,
  seconds,
  changes,
  report,
}: RunRecord): string {
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
