import { shareOf, total } from '../check/evidence.ts';
import type { IngressEvidence } from '../check/evidence.ts';
import { formatWeights } from '../release/weights.ts';
import type { PlannedChange, RunRecord } from './record.ts';
import { percent } from './text.ts';

const MARKS = { pass: '✅', fail: '❌', inconclusive: '⚠️', undecided: '⚠️' } as const;

/** The job summary (GitHub-flavoured Markdown) of a run: the verdict first, then what users got, then why and what was done. */
export function summaryOf(record: RunRecord): string {
  return [
    heading(record),
    failure(record),
    weightsLine(record),
    evidenceTable(record.evidence),
    findings(record),
    clusters(record),
    plan(record),
    changes(record),
    phases(record),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function heading({ operation, app, namespace, verdict, failure: failed }: RunRecord): string {
  const outcome = verdict ?? (failed === undefined ? 'done' : 'failed');
  const mark = verdict === undefined ? (failed === undefined ? '✅' : '❌') : MARKS[verdict];
  return `## ${mark} ${escape(app)} in ${escape(namespace)}: ${operation} ${outcome}`;
}

function failure({ failure: failed }: RunRecord): string {
  return failed === undefined
    ? ''
    : failed
        .split('\n')
        .map((line) => `> ${escape(line)}`)
        .join('\n');
}

function weightsLine({ weights, previous, next }: RunRecord): string {
  const parts = [
    ...(weights === undefined ? [] : [`In force: **${escape(formatWeights(weights))}**`]),
    ...(previous === undefined ? [] : [`before: ${escape(formatWeights(previous))}`]),
    ...(next === undefined ? [] : [`next: ${escape(formatWeights(next))}`]),
  ];
  return parts.join(' · ');
}

function evidenceTable(evidence: readonly IngressEvidence[]): string {
  if (evidence.length === 0) return '';
  const rows = evidence.flatMap((one) =>
    [...one.weights].map(([version, weight], i) =>
      row([
        i === 0 ? `${escape(one.cluster)}<br>${escape(one.url)}` : '',
        escape(version),
        `${String(weight)} %`,
        percent(shareOf(one, version)),
        String(one.counts.get(version) ?? 0),
        i === 0 ? String(total(one.errors)) : '',
        i === 0 ? `${MARKS[one.verdict]} ${one.verdict}<br>${escape(one.reason)}` : '',
      ]),
    ),
  );
  return [
    row(['Ingress', 'Version', 'Asked', 'Observed', 'Samples', 'Failed requests', 'Verdict']),
    row(['---', '---', '---:', '---:', '---:', '---:', '---']),
    ...rows,
  ].join('\n');
}

function findings({ findings: found }: RunRecord): string {
  if (found.length === 0) return '';
  return [
    '### Likely cause',
    ...found.map(({ title, detail }) => `1. **${escape(title)}.** ${escape(detail)}`),
  ].join('\n');
}

function clusters({ clusters: held }: RunRecord): string {
  if (held.length === 0) return '';
  return [
    row(['Cluster', 'Holds']),
    row(['---', '---']),
    ...held.map(({ cluster, text }) => row([escape(cluster), escape(text)])),
  ].join('\n');
}

function plan({ plan: planned, weights }: RunRecord): string {
  if (planned === undefined) return '';
  const from = weights === undefined ? 'no weights' : formatWeights(weights);
  return [
    `### Plan: ${escape(from)} → ${escape(formatWeights(planned.weights))}`,
    ...(planned.changes.length === 0
      ? ['Nothing would change: every cluster holds what was asked for.']
      : []),
    ...planned.clusters.flatMap((cluster) => {
      const own = planned.changes.filter((change) => change.cluster === cluster);
      return own.length === 0
        ? []
        : [details(`${escape(cluster)}: ${count(own, 'change')}`, own.map(plannedChange).join('\n\n'))];
    }),
  ].join('\n\n');
}

function plannedChange({ verb, object, reason, diff, tried, denied = false }: PlannedChange): string {
  const why = denied ? 'a right for it is missing' : 'the namespace does not exist';
  const note = tried ? '' : ` The server could not check it yet: ${why}.`;
  return `**${verb} ${escape(object)}**: ${escape(reason)}.${note}\n\n${fenced('diff', diff)}`;
}

/** A code block that its text cannot end: the fence is longer than any run of backticks in it. */
function fenced(language: string, text: string): string {
  const runs = text.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(2, ...runs.map(({ length }) => length)) + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function changes({ changes: made }: RunRecord): string {
  if (made.length === 0) return 'Nothing was written.';
  const rows = made.map(({ cluster, object, reason }) =>
    row([escape(cluster), escape(object), escape(reason)]),
  );
  return details(
    count(made, 'write'),
    [row(['Cluster', 'Object', 'Why']), row(['---', '---', '---']), ...rows].join('\n'),
  );
}

function phases({ phases: done }: RunRecord): string {
  return done.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(' · ');
}

/** `1 write`, `2 writes` */
function count(things: readonly unknown[], name: string): string {
  return `${String(things.length)} ${name}${things.length === 1 ? '' : 's'}`;
}

function details(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Text that stays text in Markdown and HTML, within one cell of a table. */
export function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]{}|~#@]/g, (character) => `&#${String(character.charCodeAt(0))};`)
    .replaceAll(/\s+/g, ' ');
}
