import { styleText } from 'node:util';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import type { Report, ReportedIngress, ReportedMetric } from '../../src/report/schema.ts';
import type { Language } from '../../src/texts/language.ts';
import { textsIn } from '../../src/texts/texts.ts';
import { saidIn } from './said.ts';
import { demoTextsIn } from './texts.ts';

/** The longest line, in columns of a terminal. */
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
  /** The job summary, as Markdown. */
  readonly summary: string;
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
export function stepScreen(step: EndedStep, language: Language): string {
  const { report, summary } = step;
  const check = report.checks.findLast(({ ingresses, metrics }) => ingresses.length + metrics.length > 0);
  const { labels } = demoTextsIn(language);
  const { headline, cause, currentState, nextStep } = saidIn(summary, language);
  const metrics = (check?.metrics ?? []).map((metric) => metricText(metric, language));
  return [
    ...row(labels.did, didWhat(report, language)),
    ...(check === undefined ? [] : usersGot(check.ingresses, language)),
    ...row(labels.metrics, textsIn(language).formats.parts(metrics)),
    ...row(labels.verdict, `${verdictText(step, language)}${headline}`),
    ...row(labels.cause, cause),
    ...row(labels.now, currentState),
    ...row(labels.next, nextStep),
    ...row(labels.report, step.page),
  ].join('\n');
}

function didWhat({ operation, app, namespace, changes }: Report, language: Language): string {
  const clusters = Map.groupBy(changes, ({ cluster }) => cluster);
  const written = new Map([...clusters].map(([cluster, made]) => [cluster, made.length] as const).toSorted());
  return demoTextsIn(language).did({ operation, app, namespace, written });
}

function verdictText(step: EndedStep, language: Language): string {
  const { outcomes, formats } = textsIn(language);
  const otherwise = endedAsExpected(step) ? undefined : outcomes.verdicts[step.expected];
  const ended = demoTextsIn(language).ended({ otherwise, duration: formats.duration(step.seconds) });
  const [color, mark] = step.code === 0 ? (['green', '✓'] as const) : (['red', '✗'] as const);
  return `${styleText(color, `${mark} ${outcomes.labels[step.report.outcome]}`)}${ended}`;
}

/** A bar for each ingress, one kind of cell for each version. */
function usersGot(ingresses: readonly ReportedIngress[], language: Language): readonly string[] {
  const texts = demoTextsIn(language);
  const names = Math.max(...ingresses.map(({ cluster }) => cluster.length), 0);
  return ingresses.map((ingress, i) => {
    const { cluster, samples, versions } = ingress;
    const shares = versions.map(({ version, share, errors }) => {
      const failed = errors === 0 ? '' : styleText('red', texts.failed(errors));
      return `${version} ${(100 * share).toFixed(1)}%${failed}`;
    });
    const label = padded(i === 0 ? texts.labels.usersGot : '', LABEL);
    const count = texts.samples(textsIn(language).formats.number(samples));
    return `${INDENT}${label} ${cluster.padEnd(names)} ${barOf(ingress)} ${shares.join(' ')}  ${styleText('dim', count)}`;
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

function metricText({ name, cluster, verdict }: ReportedMetric, language: Language): string {
  return demoTextsIn(language).metric({
    name,
    cluster,
    verdict: textsIn(language).outcomes.verdicts[verdict],
  });
}

/** A label and its text, wrapped; nothing where there is no text. */
function row(label: string, text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return [];
  const room = WIDTH - INDENT.length - LABEL - 1;
  return wrapAnsi(text, room, { hard: true })
    .split('\n')
    .map((line, i) => `${INDENT}${styleText('dim', padded(i === 0 ? label : '', LABEL))} ${line}`);
}

/** All steps, a line each. */
export function overview(steps: readonly EndedStep[], language: Language): string {
  const { columns, expected } = demoTextsIn(language);
  const { outcomes, formats } = textsIn(language);
  const [yes, no] = expected;
  const cells = steps.map((step) => {
    const { number, title, report, seconds } = step;
    const weights = Object.entries(report.weights ?? {}).map(
      ([version, weight]) => `${version} ${String(weight)}`,
    );
    return [
      String(number),
      report.operation,
      report.app,
      outcomes.verdicts[verdictOf(step)],
      endedAsExpected(step) ? yes : no,
      weights.join(' '),
      formats.duration(seconds),
      title,
    ];
  });
  const table = [columns, ...cells];
  const widths = columns.map((_, column) =>
    Math.max(...table.map((line) => stringWidth(line[column] ?? ''))),
  );
  return table
    .map((line) =>
      line
        .map((cell, column) => padded(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map(shortened)
    .join('\n');
}

function shortened(line: string): string {
  if (stringWidth(line) <= WIDTH) return line;
  const [start = ''] = wrapAnsi(line, WIDTH - 1, { hard: true, wordWrap: false, trim: false }).split('\n', 1);
  return `${start.trimEnd()}…`;
}

function padded(text: string, width: number): string {
  return `${text}${' '.repeat(Math.max(width - stringWidth(text), 0))}`;
}
