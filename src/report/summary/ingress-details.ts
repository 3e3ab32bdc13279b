import type { IngressEvidence, IngressVerdict } from '../../verify/evidence.ts';
import { total } from '../../verify/evidence.ts';
import { duration, milliseconds, percent, range } from '../format.ts';
import { count } from '../../core/plural.ts';
import { inEnglish } from '../../texts/texts.ts';
import { podLine, sharesAt, stripOf } from '../shares.ts';
import type { Share } from '../shares.ts';
import { VERDICT_EMOJI } from './emoji.ts';
import { row, tableHead, text, unbroken } from './markdown.ts';
import { RANK, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** Everything about each ingress: reasons, shares with their tolerance, errors and response times. */
export function detailPieces(evidence: readonly IngressEvidence[], tolerance?: number): readonly Piece[] {
  const each = evidence.map((one) => ({ one, shares: sharesAt(one, tolerance) }));
  const table = (titles: readonly string[], cells: (share: Share) => readonly string[]): readonly Piece[] => [
    fixed(`${tableHead(['Cluster', 'Version', ...titles])}\n`),
    ...each.map(({ one, shares }) => rowsOf(one, shares.map(cells))),
    fixed('\n'),
  ];
  return [
    ...each.map(({ one }) => ({ ...DETAIL, text: reasonLine(one) })),
    fixed('\n'),
    ...table(['Weight:', 'Observed:', 'Deviation', 'Tolerance:', 'Samples:'], shareCells),
    ...table(['Errors:', 'Median:', '90%:', '99%:', 'Slowest:'], responseCells),
  ];
}

const DETAIL = { rank: RANK.detail, name: 'detail of an ingress' } as const;

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

/** The rows of an ingress, with its name in the first one. */
function rowsOf({ cluster, verdict }: IngressEvidence, rows: readonly (readonly string[])[]): Piece {
  const lines = rows.map((cells, i) =>
    row([i === 0 ? `${VERDICT_EMOJI[verdict]} ${text(cluster)}` : '', ...cells]),
  );
  return { ...DETAIL, text: lines.map((line) => `${line}\n`).join('') };
}

/** Ingresses that passed are omitted before the others. */
export function placeOfIngress(verdict: IngressVerdict): Pick<Piece, 'rank' | 'name'> {
  return verdict === 'pass'
    ? { rank: RANK.passed, name: 'row of an ingress that passed' }
    : { rank: RANK.notPassed, name: 'row of an ingress that did not pass' };
}

/** Why an ingress has its verdict. */
export function reasonPiece(evidence: IngressEvidence): Piece {
  return { ...placeOfIngress(evidence.verdict), text: reasonLine(evidence) };
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
  return `- ${text(cluster)}, ${text(url)}: **${verdict}**, ${text(inEnglish(reason))}; ${parts.join(', ')}\n${pods.join('')}`;
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
