import type { IngressEvidence, IngressVerdict } from '../../verify/evidence.ts';
import { total } from '../../verify/evidence.ts';
import { agreedWeights, nowIn, whoHolds } from '../../release/agreement.ts';
import { formatWeights } from '../../core/weights.ts';
import { textDifference } from '../difference.ts';
import { headlineOf } from '../headline.ts';
import type { Outcome } from '../headline.ts';
import { escape, fenced, row, tableHead } from './markdown.ts';
import { netChanges } from '../net-changes.ts';
import type { NetChange } from '../net-changes.ts';
import type { RunRecord } from '../run-record.ts';
import type { PlannedChange } from '../run-events.ts';
import { inWords } from '../sentences.ts';
import { sharesAt, stripOf } from '../shares.ts';
import type { Share } from '../shares.ts';
import { bytesOf, cut, fit, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';
import { count, duration, milliseconds, moment, percent, range, whyUntried } from '../format.ts';
import { isNotable, timelineOf } from '../timeline.ts';
import type { Event } from '../timeline.ts';

/**
 * What GitHub takes of one step, in bytes; it drops a summary that is larger.
 * Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
 */
export const SUMMARY_LIMIT = 1024 * 1024;

const MARKS: Readonly<Record<Outcome | IngressVerdict, string>> = {
  pass: '✅',
  done: '✅',
  unverified: '⚠️',
  open: 'ℹ️',
  differ: '❌',
  fail: '❌',
  failed: '❌',
  inconclusive: '⚠️',
  undecided: '⚠️',
};

/** What goes first where there is no room: the highest. */
const RANK = { difference: 9, change: 7, passed: 5, event: 4, holding: 3, cause: 2, notPassed: 1 } as const;

/** A single text (an error, a reason) is no longer than this; the job log has the whole of it. */
const LONGEST_TEXT = 4_000;
/** Room for the note on what was left out. */
const NOTE_BYTES = 1_000;

/**
 * The job summary (GitHub-flavoured Markdown) of a run: the verdict first, then what to do next, what was observed, why, and what
 * was done. Where it would be too long, the differences go first, and a note tells what was left out.
 *
 * @param limit in bytes (UTF-8)
 */
export function summaryOf(record: RunRecord, limit = SUMMARY_LIMIT): string {
  const pieces = [
    ...heading(record),
    ...failure(record),
    ...notCovered(record),
    ...causes(record),
    ...shares(record),
    ...answers(record),
    ...timeline(record),
    ...clusters(record),
    ...plan(record),
    ...changes(record),
    fixed(footer(record)),
  ];
  const whole = fit(pieces, limit);
  if (whole.left.size === 0 && bytesOf(whole.text) <= limit) return whole.text;
  const { text, left } = fit(pieces, limit - NOTE_BYTES);
  return `${text}\n${leftOut(left, record)}`;
}

function heading(record: RunRecord): readonly Piece[] {
  const { outcome, title, sentence, standing, next } = headlineOf(record);
  return [
    `## ${MARKS[outcome]} ${text(record.app)} in ${text(record.namespace)}: ${text(title)}`,
    `**${text(sentence)}**`,
    ...(standing === undefined ? [] : [text(standing)]),
    ...(next === undefined ? [] : [`**Next:** ${text(next)}`]),
  ].map((paragraph) => fixed(`${paragraph}\n\n`));
}

/** Outcomes whose failure is shown in its own words: verdict and evidence say nothing of it. */
const OWN_WORDS: readonly Outcome[] = ['failed', 'differ'];

/** The failure in its own words, where verdict and evidence do not tell it already. */
function failure(record: RunRecord): readonly Piece[] {
  const { outcome } = headlineOf(record);
  if (record.failure === undefined || !OWN_WORDS.includes(outcome)) return [];
  const lines = cut(record.failure, LONGEST_TEXT).trimEnd().split('\n');
  return [fixed(`${lines.map((line) => `> ${escape(line)}`).join('\n>\n')}\n\n`)];
}

function causes({ findings }: RunRecord): readonly Piece[] {
  return [
    ...listed(
      'Likely cause',
      findings.filter(({ symptom }) => symptom !== true),
    ),
    ...listed(
      'Failed requests',
      findings.filter(({ symptom }) => symptom === true),
    ),
  ];
}

/** What the claim does not cover. */
function notCovered({ unseen }: RunRecord): readonly Piece[] {
  if (unseen.length === 0) return [];
  return [fixed(`**Not covered:** ${unseen.map(text).join(' ')}\n\n`)];
}

function listed(title: string, findings: RunRecord['findings']): readonly Piece[] {
  if (findings.length === 0) return [];
  return [
    fixed(`### ${title}\n\n`),
    ...findings.map(({ title, detail }) => ({
      text: `1. **${text(title)}.** ${text(detail)}\n`,
      rank: RANK.cause,
      name: 'likely cause',
    })),
    fixed('\n'),
  ];
}

function shares({ evidence, limits }: RunRecord): readonly Piece[] {
  if (evidence.length === 0) return [];
  return [
    fixed('### Observed traffic split\n\n'),
    fixed(
      `${tableHead(['Ingress', 'Version', 'Asked:', 'Observed:', 'Share in its tolerance', 'Tolerance:', 'Samples:'])}\n`,
    ),
    ...evidence.map((one) => ofIngress(one, sharesAt(one, limits?.tolerance).map(shareCells))),
    fixed('\n'),
    ...evidence.map((one) => ({ ...ofIngress(one, []), text: reasonOf(one) })),
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

/** The rows of an ingress, its name in the first: those that passed go before the others where there is no room. */
function ofIngress(evidence: IngressEvidence, rows: readonly (readonly string[])[]): Piece {
  const { cluster, verdict } = evidence;
  const passed = verdict === 'pass';
  return {
    text: rows
      .map((cells, i) => `${row([i === 0 ? `${MARKS[verdict]} ${text(cluster)}` : '', ...cells])}\n`)
      .join(''),
    rank: passed ? RANK.passed : RANK.notPassed,
    name: passed ? 'row of an ingress that passed' : 'row of an ingress that did not pass',
  };
}

function reasonOf({
  cluster,
  url,
  verdict,
  reason,
  requests,
  errors,
  stale,
  seconds,
}: IngressEvidence): string {
  const failed = total(errors);
  const old = total(stale);
  const parts = [
    `${count(requests, 'request')} in ${duration(seconds)}`,
    ...(failed === 0 ? [] : [`${count(failed, 'request')} failed`]),
    ...(old === 0 ? [] : [`${count(old, 'answer')} under another revision`]),
  ];
  return `- ${text(cluster)}, ${text(url)}: **${verdict}**, ${text(reason)}; ${parts.join(', ')}\n`;
}

function answers({ evidence, limits }: RunRecord): readonly Piece[] {
  if (evidence.length === 0) return [];
  return [
    fixed('### Errors and response times\n\n'),
    fixed(`${tableHead(['Ingress', 'Version', 'Errors:', 'Median:', '90%:', '99%:', 'Slowest:'])}\n`),
    ...evidence.map((one) => ofIngress(one, sharesAt(one, limits?.tolerance).map(answerCells))),
    fixed('\n'),
  ];
}

function answerCells({ version, samples, answers: seen }: Share): readonly string[] {
  const errors = seen?.errors ?? 0;
  const latency = seen?.latency;
  const times = latency === undefined ? [] : [latency.p50, latency.p90, latency.p99, latency.max];
  return [
    text(version),
    errors === 0 ? '0' : unbroken(`**${errors.toLocaleString('en')}** (${percent(errors / samples)})`),
    ...(latency === undefined ? ['–', '–', '–', '–'] : times.map(milliseconds).map(unbroken)),
  ];
}

/** The steps and their checks, and what else took its time; the report tells all of it. */
function timeline(record: RunRecord): readonly Piece[] {
  const events = timelineOf(record).filter(isNotable);
  if (events.length === 0) return [];
  return [
    fixed(`<details${record.steps.length > 1 ? ' open' : ''}><summary>Timeline</summary>\n\n`),
    fixed(`${tableHead(['At:', 'What', 'Took:'])}\n`),
    ...events.map((event) => ({
      text: `${row(eventCells(event))}\n`,
      rank: RANK.event,
      name: 'line of the timeline',
    })),
    fixed('\n</details>\n\n'),
  ];
}

function eventCells({ at, kind, text: what, verdict, seconds }: Event): readonly string[] {
  const mark = verdict === undefined ? '' : `${MARKS[verdict]} `;
  return [
    unbroken(duration(at)),
    `${mark}${kind === 'step' ? `**${text(what)}**` : text(what)}`,
    seconds === undefined ? '' : unbroken(duration(seconds)),
  ];
}

function clusters({ clusters: held }: RunRecord): readonly Piece[] {
  if (held.length === 0) return [];
  return [
    fixed(`${tableHead(['Cluster', 'Holds'])}\n`),
    ...held.map(({ cluster, text: what }) => ({
      text: `${row([text(cluster), text(what)])}\n`,
      rank: RANK.holding,
      name: 'cluster',
    })),
    fixed('\n'),
  ];
}

function plan({ plan: planned, held }: RunRecord): readonly Piece[] {
  if (planned === undefined) return [];
  const title = fixed(`### Plan: ${text(nowIn(held))} → ${text(formatWeights(planned.weights))}\n\n`);
  const byCluster = planned.clusters.flatMap((cluster) => {
    const own = planned.changes.filter((change) => change.cluster === cluster);
    return own.length === 0
      ? []
      : details(`${escape(cluster)}: ${count(own, 'change')}`, own.flatMap(plannedChange));
  });
  return [title, ...byCluster];
}

function plannedChange(change: PlannedChange): readonly Piece[] {
  const { verb, object, reason, diff } = change;
  const unchecked = whyUntried(change);
  const note = unchecked === undefined ? '' : ` ${unchecked}`;
  return [
    { text: `**${verb} ${text(object)}**: ${text(reason)}.${note}\n\n`, rank: RANK.change, name: 'change' },
    difference(diff),
  ];
}

function changes(record: RunRecord): readonly Piece[] {
  const net = netChanges(record.changes);
  if (net.length === 0) return record.plan === undefined ? [fixed('Nothing was written.\n\n')] : [];
  const byCluster = Map.groupBy(net, ({ cluster }) => cluster);
  return [
    fixed(`### What was changed\n\n`),
    ...[...byCluster].flatMap(([cluster, own]) =>
      details(
        `${escape(cluster)}: ${own.map(({ object }) => escape(kindOf(object))).join(', ')}`,
        own.flatMap(changed),
      ),
    ),
  ];
}

function changed({ object, reasons, before, after }: NetChange): readonly Piece[] {
  return [
    { text: `**${text(object)}**: ${reasons.map(text).join('; ')}\n\n`, rank: RANK.change, name: 'change' },
    difference(textDifference(object, before, after)),
  ];
}

/** `VirtualService` of `VirtualService gray-demo/helloworld` */
function kindOf(object: string): string {
  return object.split(' ')[0] ?? object;
}

function difference(diff: string): Piece {
  return {
    text: diff === '' ? '' : `${fenced('diff', diff)}\n\n`,
    rank: RANK.difference,
    name: 'difference',
  };
}

function footer({ operation, held, previous, begin, seconds, changes: made, report }: RunRecord): string {
  const weights = agreedWeights(held);
  const parts = [
    `${text(operation)}, ${moment(begin)}, ${duration(seconds)}`,
    ...(weights !== undefined
      ? [`in force: ${text(inWords(weights))}`]
      : held.length === 0
        ? []
        : [text(whoHolds(held))]),
    ...(previous === undefined ? [] : [`before: ${text(inWords(previous))}`]),
    count(made, 'write'),
    ...(report === undefined ? [] : [`report: ${text(report)}`]),
  ];
  return `<sub>${parts.join(' · ')}</sub>\n`;
}

function leftOut(left: ReadonlyMap<string, number>, { report }: RunRecord): string {
  const parts = [...left].map(([name, number]) => `${number.toLocaleString('en')} × ${name}`);
  const what = parts.length === 0 ? 'the end' : parts.join(', ');
  const where =
    report === undefined
      ? 'The job log has the details; with the input report, the complete report is written to a folder.'
      : `The complete report is ${text(report)}/report.html.`;
  return `> Shortened to GitHub’s limit. Left out: ${what}. ${where}\n`;
}

function details(title: string, body: readonly Piece[]): readonly Piece[] {
  return [fixed(`<details><summary>${title}</summary>\n\n`), ...body, fixed('</details>\n\n')];
}

/** A cell that a narrow screen must not break: its own text, nothing from elsewhere. */
function unbroken(cell: string): string {
  return cell.replaceAll(' ', '&nbsp;');
}

/** A text from elsewhere, escaped, and no longer than a reader would read. */
function text(raw: string): string {
  const short = cut(raw, LONGEST_TEXT);
  return short === raw ? escape(raw) : `${escape(short)} […]`;
}
