import type { MetricEvidence, MetricVerdict } from '../../metrics/metric-evidence.ts';
import { chanceInWords } from '../../verify/statistics/significance.ts';
import { inEnglish } from '../../texts/texts.ts';
import { metricsByUrgency } from '../metric-order.ts';
import { shareInPercent } from '../metric-sentences.ts';
import type { RunRecord } from '../run-record.ts';
import { VERDICT_EMOJI } from './emoji.ts';
import { row, tableHead, text, unbroken } from './markdown.ts';
import { RANK, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** What the metrics showed while the step was watched: counts by version, then the reason of each verdict. */
export function metricsSection(record: RunRecord): readonly Piece[] {
  if (record.metrics.length === 0) return [];
  const metrics = metricsByUrgency(record.metrics);
  const counted = metrics.filter(({ versions }) => versions.length > 0);
  const head = ['Metric', 'Version', 'Requests:', 'Failed or slow:', 'Rate:', 'Evidence against:'];
  return [
    fixed('### Metrics of users’ requests\n\n'),
    ...(counted.length === 0 ? [] : [fixed(`${tableHead(head)}\n`), ...counted.map(countRows), fixed('\n')]),
    ...metrics.map(reasonPiece),
    fixed('\n'),
  ];
}

function countRows(metric: MetricEvidence): Piece {
  const { verdict, versions, logEvidence } = metric;
  const sum = versions.reduce((all, { requests }) => all + requests, 0);
  const rows = versions.map(({ version, requests, hits, weight }, i) => {
    const rate = hits === undefined ? shareInPercent(requests, sum) : shareInPercent(hits, requests);
    return row([
      i === 0 ? `${VERDICT_EMOJI[verdict]} ${text(titleOf(metric))}` : '',
      text(version),
      requests.toLocaleString('en'),
      hits === undefined ? '–' : hits.toLocaleString('en'),
      unbroken(hits === undefined && weight !== undefined ? `${rate} (weight ${String(weight)}%)` : rate),
      i === 0 ? unbroken(strengthOf(logEvidence)) : '',
    ]);
  });
  return { text: `${rows.join('\n')}\n`, ...placeInSummary(verdict) };
}

function reasonPiece(metric: MetricEvidence): Piece {
  const { verdict, reason, missed, polls, notes, addresses } = metric;
  const parts = [
    `${VERDICT_EMOJI[verdict]} ${text(titleOf(metric))} (${text([...new Set(addresses)].join(', '))}): **${verdict}**, ${text(inEnglish(reason))}`,
    ...(missed === 0 ? [] : [`${String(missed)} of ${String(polls)} readings failed`]),
    ...notes.map((note) => text(inEnglish(note).replace(/\.$/, ''))),
  ];
  return { text: `- ${parts.join('; ')}\n`, ...placeInSummary(verdict) };
}

/** Those that passed are omitted before the others. */
function placeInSummary(verdict: MetricVerdict): Pick<Piece, 'rank' | 'name'> {
  return verdict === 'pass'
    ? { rank: RANK.passed, name: 'metric that passed' }
    : { rank: RANK.notPassed, name: 'metric that did not pass' };
}

function titleOf({ name, cluster }: MetricEvidence): string {
  return cluster === undefined ? name : `${name}, ${cluster}`;
}

function strengthOf(logEvidence: number | undefined): string {
  const chance = logEvidence === undefined ? undefined : chanceInWords(logEvidence);
  return chance === undefined ? 'none' : `chance ${chance}`;
}
