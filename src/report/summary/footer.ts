import { agreedWeights, holdingsOf } from '../../release/cluster-weights.ts';
import type { Texts } from '../../texts/catalogue.ts';
import { textsIn } from '../../texts/texts.ts';
import type { RunRecord } from '../run-record.ts';
import { text } from './markdown.ts';

/** The last line of a summary: the run, its weights and what it wrote, in figures. */
export function summaryFooter(record: RunRecord): string {
  const { operation, held, previous, begin, seconds, changes, report, language } = record;
  const texts = textsIn(language);
  const { formats, headline, summary } = texts;
  const parts = [
    [operation, formats.moment(begin), formats.duration(seconds)].join(formats.comma),
    ...(held.length === 0 ? [] : [weightsNow(record, texts)]),
    ...(previous === undefined ? [] : [summary.previousWeights(headline.weights(previous))]),
    summary.writes(changes.length),
    ...(report === undefined ? [] : [summary.report(report)]),
  ];
  return `<sub>${parts.map(text).join(' · ')}</sub>\n`;
}

function weightsNow({ held }: RunRecord, texts: Texts): string {
  const { headline, summary } = texts;
  const weights = agreedWeights(held);
  return weights === undefined
    ? headline.holdings(holdingsOf(held, texts))
    : summary.currentWeights(headline.weights(weights));
}
