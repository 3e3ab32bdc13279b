import { styleText } from 'node:util';
import wrapAnsi from 'wrap-ansi';
import type { Report, ReportedIngress, ReportedMetric } from '../../src/report/schema.ts';

/** The longest line, in characters. */
const WIDTH = 100;
const INDENT = '   ';
const LABEL = 10;
const BAR = 32;

/** A step of the demo that has ended. */
export interface EndedStep {
  /** From 1. */
  readonly number: number;
  readonly title: string;
  readonly expected: 'pass' | 'fail';
  /** Exit code of the action. */
  readonly code: number;
  readonly seconds: number;
  readonly report: Report;
  /** Path of the HTML page. */
  readonly page: string;
}

/** The verdict that the job of this step would show. */
export function verdictOf({ code }: EndedStep): 'pass' | 'fail' {
  return code === 0 ? 'pass' : 'fail';
}

export function endedAsExpected(step: EndedStep): boolean {
  return verdictOf(step) === step.expected;
}

export function titleLine(number: number, of: number, title: string): string {
  return styleText('bold', `${String(number)}/${String(of)}  ${title}`);
}

/** What happened in a step: what users got, the verdict, the cause, and what the clusters hold now. */
export function stepScreen(step: EndedStep): string {
  const { report } = step;
  const check = report.checks.findLast(({ ingresses, metrics }) => ingresses.length + metrics.length > 0);
  return [
    ...row('Did', didWhat(report)),
    ...(check === undefined ? [] : usersGot(check.ingresses)),
    ...row('Metrics', (check?.metrics ?? []).map(metricText).join('; ')),
    ...row('Verdict', verdictText(step)),
    ...row('Cause', likelyCause(report)),
    ...row('Now', report.currentState),
    ...row('Next', report.nextStep),
    ...row('Report', step.page),
  ].join('\n');
}

function didWhat({ operation, app, namespace, changes }: Report): string {
  const clusters = [...new Set(changes.map(({ cluster }) => cluster))].sort();
  const writes = clusters.map((cluster) => {
    const made = changes.filter((change) => change.cluster === cluster).length;
    return `${String(made)} in ${cluster}`;
  });
  const text = writes.length === 0 ? 'nothing written' : `objects written: ${writes.join(', ')}`;
  return `${operation} of ${app} in namespace ${namespace}; ${text}`;
}

function verdictText(step: EndedStep): string {
  const { report, seconds } = step;
  const expectation = endedAsExpected(step) ? 'as expected' : `although ${step.expected} was expected`;
  const [color, mark] = step.code === 0 ? (['green', '✓'] as const) : (['red', '✗'] as const);
  const word = styleText(color, `${mark} ${report.outcome}`);
  return `${word}, ${expectation}, after ${seconds.toFixed(1)} s. ${report.headline}`;
}

function likelyCause({ findings }: Report): string | undefined {
  const cause = findings.find(({ symptom }) => symptom !== true);
  return cause && `${cause.title}: ${cause.detail}`;
}

/** A bar for each ingress, one kind of cell for each version. */
function usersGot(ingresses: readonly ReportedIngress[]): readonly string[] {
  const names = Math.max(...ingresses.map(({ cluster }) => cluster.length), 0);
  return ingresses.map((ingress, i) => {
    const { cluster, samples, versions } = ingress;
    const shares = versions.map(({ version, share, errors }) => {
      const failed = errors === 0 ? '' : styleText('red', ` (${String(errors)} failed)`);
      return `${version} ${(100 * share).toFixed(1)}%${failed}`;
    });
    const label = (i === 0 ? 'Users got' : '').padEnd(LABEL);
    return `${INDENT}${label} ${cluster.padEnd(names)} ${barOf(ingress)} ${shares.join(' ')}  ${styleText('dim', `${samples.toLocaleString('en')} samples`)}`;
  });
}

/** A version looks the same in all steps. */
const FILLS: Readonly<Record<string, readonly [color: 'blue' | 'yellow', cell: string]>> = {
  v1: ['blue', '█'],
  v2: ['yellow', '▒'],
};

/** Cells by share; the last version takes what rounding leaves. */
function barOf({ versions, samples }: ReportedIngress): string {
  if (samples === 0) return '·'.repeat(BAR);
  let sum = 0;
  let drawn = 0;
  return versions
    .map(({ version, share }) => {
      sum += share;
      const cells = Math.round(sum * BAR) - drawn;
      drawn += cells;
      const [color, cell] = FILLS[version] ?? ['blue', '░'];
      return styleText(color, cell.repeat(cells));
    })
    .join('');
}

function metricText({ name, cluster, verdict }: ReportedMetric): string {
  return `${name}${cluster === undefined ? '' : ` in ${cluster}`}: ${verdict}`;
}

/** A label and its text, wrapped; nothing where there is no text. */
function row(label: string, text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return [];
  const room = WIDTH - INDENT.length - LABEL - 1;
  return wrapAnsi(text, room, { hard: true })
    .split('\n')
    .map((line, i) => `${INDENT}${styleText('dim', (i === 0 ? label : '').padEnd(LABEL))} ${line}`);
}

/** All steps, a line each. */
export function overview(steps: readonly EndedStep[]): string {
  const cells = steps.map((step) => {
    const { number, title, report, seconds } = step;
    const weights = Object.entries(report.weights ?? {}).map(
      ([version, weight]) => `${version} ${String(weight)}`,
    );
    return [
      String(number),
      report.operation,
      report.app,
      verdictOf(step),
      endedAsExpected(step) ? 'yes' : 'NO',
      weights.join(' '),
      `${seconds.toFixed(1)} s`,
      title,
    ];
  });
  const table = [['#', 'Operation', 'Service', 'Job', 'Expected', 'Weights now', 'Time', 'Step'], ...cells];
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  );
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => (line.length > WIDTH ? `${line.slice(0, WIDTH - 1).trimEnd()}…` : line))
    .join('\n');
}
