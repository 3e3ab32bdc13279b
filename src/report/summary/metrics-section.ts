import type { MetricEvidence, MetricVerdict } from '../../metrics/metric-evidence.ts';
import type { Texts } from '../../texts/catalogue.ts';
import { chanceOneIn } from '../../texts/chance.ts';
import { say, textsIn } from '../../texts/texts.ts';
import { metricsView } from '../metric-order.ts';
import { shareInPercent } from '../metric-sentences.ts';
import type { RunRecord } from '../run-record.ts';
import { VERDICT_EMOJI } from './emoji.ts';
import { judgedLine } from './judged-line.ts';
import { escape, row, tableHead, text, unbroken } from './markdown.ts';
import { RANK, fixed, folded } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** What the metrics showed while the step was watched: those to act on, and folded, all others. */
export function metricsSection({ metrics, language }: RunRecord): readonly Piece[] {
  if (metrics.length === 0) return [];
  const texts = textsIn(language);
  const { shown, folded: groups } = metricsView(metrics, texts);
  return [
    fixed(`### ${texts.labels.headings.metrics}\n\n`),
    ...(shown.length === 0 ? [] : metricPieces(shown, texts)),
    ...groups.flatMap(({ verdict, metrics: own, line }) =>
      folded(`${VERDICT_EMOJI[verdict]} ${escape(line)}`, metricPieces(own, texts)),
    ),
  ];
}

/** Counts by version, then the reason of each verdict. */
function metricPieces(metrics: readonly MetricEvidence[], texts: Texts): readonly Piece[] {
  const { columns } = texts.labels;
  const counted = metrics.filter(({ versions }) => versions.length > 0);
  const figures = [columns.requests, columns.failedOrSlow, columns.rate, columns.evidence];
  const head = [columns.metric, columns.version, ...figures.map((title) => `${title}:`)];
  return [
    ...(counted.length === 0
      ? []
      : [fixed(`${tableHead(head)}\n`), ...counted.map((one) => countRows(one, texts)), fixed('\n')]),
    ...metrics.map((one) => reasonPiece(one, texts)),
    fixed('\n'),
  ];
}

function countRows(metric: MetricEvidence, { evidence, formats }: Texts): Piece {
  const { verdict, versions, logEvidence } = metric;
  const sum = versions.reduce((all, { requests }) => all + requests, 0);
  const rows = versions.map(({ version, requests, hits, weight }, i) => {
    const rate = hits === undefined ? shareInPercent(requests, sum) : shareInPercent(hits, requests);
    return row([
      i === 0 ? `${VERDICT_EMOJI[verdict]} ${text(evidence.metric(metric))}` : '',
      text(version),
      formats.number(requests),
      hits === undefined ? '–' : formats.number(hits),
      unbroken(hits === undefined && weight !== undefined ? evidence.rateOfWeight({ rate, weight }) : rate),
      i === 0 ? unbroken(evidence.strength(chanceOneIn(logEvidence ?? 0))) : '',
    ]);
  });
  return { text: `${rows.join('\n')}\n`, ...placeInSummary(verdict) };
}

function reasonPiece(metric: MetricEvidence, texts: Texts): Piece {
  const { verdict, reason, missed, polls, notes } = metric;
  const addresses = [...new Set(metric.addresses)];
  const what = `${VERDICT_EMOJI[verdict]} ${texts.evidence.metricAt({ ...metric, addresses })}`;
  const { formats, page } = texts;
  const why = formats.parts([
    say(reason, texts),
    ...(missed === 0 ? [] : [texts.evidence.readingsMissed({ missed, polls })]),
  ]);
  const sentences = [`${why}${page.stop}`, ...notes.map((note) => say(note, texts))];
  const parts = [notes.length === 0 ? why : formats.sentences(sentences)];
  return { text: judgedLine({ what, verdict, parts }, texts), ...placeInSummary(verdict) };
}

/** Those that passed are omitted before the others. */
function placeInSummary(verdict: MetricVerdict): Pick<Piece, 'rank' | 'name'> {
  return verdict === 'pass'
    ? { rank: RANK.passed, name: 'metric that passed' }
    : { rank: RANK.notPassed, name: 'metric that did not pass' };
}
