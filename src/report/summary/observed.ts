import type { IngressEvidence, IngressVerdict } from '../../verify/evidence.ts';
import { total } from '../../verify/evidence.ts';
import { duration, milliseconds, percent, range } from '../format.ts';
import { count } from '../../core/plural.ts';
import { OUTCOME_STYLES } from '../outcome.ts';
import type { RunRecord } from '../run-record.ts';
import { podLine, sharesAt, stripOf } from '../shares.ts';
import type { Share } from '../shares.ts';
import { row, tableHead, text, unbroken } from './markdown.ts';
import { RANK, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';

export function emojiOf(verdict: IngressVerdict): string {
  return OUTCOME_STYLES[verdict === 'undecided' ? 'inconclusive' : verdict].emoji;
}

/** The share of each version beside its weight, and the reason of each ingress's verdict. */
export function sharesSection({ evidence, limits }: RunRecord): readonly Piece[] {
  if (evidence.length === 0) return [];
  const head = ['Ingress', 'Version', 'Weight:', 'Observed:', 'Deviation', 'Tolerance:', 'Samples:'];
  return [
    fixed('### Observed traffic split\n\n'),
    fixed(`${tableHead(head)}\n`),
    ...evidence.map((one) => ingressRows(one, sharesAt(one, limits?.tolerance).map(shareCells))),
    fixed('\n'),
    ...evidence.map((one) => ({ ...ingressRows(one, []), text: reasonLine(one) })),
    fixed('\n'),
  ];
}

function shareCells(share: Share): readonly string[] {
  const { version, weight, lower, upper, observed, samples, within } = share;
  return [
    text(version),
    unbroken(percent(weight, 0)),
    unbroken(within ? percent(observed) : `**${percent(observed)}** ⚠️`),
    `\`${stripOf(share)}\``,
    unbroken(range(lower, upper)),
    samples.toLocaleString('en'),
  ];
}

/** The rows of an ingress, with its name in the first one. Ingresses that passed are omitted before the others. */
function ingressRows(evidence: IngressEvidence, rows: readonly (readonly string[])[]): Piece {
  const { cluster, verdict } = evidence;
  const passed = verdict === 'pass';
  return {
    text: rows
      .map((cells, i) => `${row([i === 0 ? `${emojiOf(verdict)} ${text(cluster)}` : '', ...cells])}\n`)
      .join(''),
    rank: passed ? RANK.passed : RANK.notPassed,
    name: passed ? 'row of an ingress that passed' : 'row of an ingress that did not pass',
  };
}

function reasonLine(evidence: IngressEvidence): string {
  const { cluster, url, verdict, reason, requests, seconds } = evidence;
  const failed = total(evidence.errors);
  const stale = total(evidence.stale);
  const parts = [
    `${count(requests, 'request')} in ${duration(seconds)}`,
    ...(failed === 0 ? [] : [`${count(failed, 'request')} failed`]),
    ...(stale === 0 ? [] : [`${count(stale, 'response')} under another revision`]),
  ];
  const pods = (evidence.pods ?? []).map((one) => `  - ${text(podLine(one))}\n`);
  return `- ${text(cluster)}, ${text(url)}: **${verdict}**, ${text(reason)}; ${parts.join(', ')}\n${pods.join('')}`;
}

/** Errors and response times of each version. */
export function responsesSection({ evidence, limits }: RunRecord): readonly Piece[] {
  if (evidence.length === 0) return [];
  const head = ['Ingress', 'Version', 'Errors:', 'Median:', '90%:', '99%:', 'Slowest:'];
  return [
    fixed('### Errors and response times\n\n'),
    fixed(`${tableHead(head)}\n`),
    ...evidence.map((one) => ingressRows(one, sharesAt(one, limits?.tolerance).map(responseCells))),
    fixed('\n'),
  ];
}

function responseCells({ version, samples, responses }: Share): readonly string[] {
  const errors = responses?.errors ?? 0;
  const latency = responses?.latency;
  const times = latency === undefined ? [] : [latency.p50, latency.p90, latency.p99, latency.max];
  return [
    text(version),
    errors === 0 ? '0' : unbroken(`**${errors.toLocaleString('en')}** (${percent(errors / samples)})`),
    ...(latency === undefined ? ['–', '–', '–', '–'] : times.map(milliseconds).map(unbroken)),
  ];
}
