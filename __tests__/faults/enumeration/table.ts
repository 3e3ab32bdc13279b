import type { Result } from './enumerate.ts';

/** Operations by faults: tried, and how many of those violated a rule. */
export function tableOf(results: readonly Result[], seconds: number): string {
  const operations = [...new Set(results.map(({ operation }) => operation))];
  const faults = [...new Set(results.map(({ fault }) => fault))].toSorted();
  const rows = [
    ['', ...operations, 'total'],
    ...[...faults, undefined].map((fault) => [
      fault ?? 'total',
      ...[...operations, undefined].map((operation) =>
        cell(
          results.filter(
            (one) => (fault ?? one.fault) === one.fault && (operation ?? one.operation) === one.operation,
          ),
        ),
      ),
    ]),
  ];
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  const [tried, missed, unjudged] = (['tried', 'not reached', 'not judged'] as const).map((wanted) =>
    String(results.filter(({ outcome }) => outcome === wanted).length),
  );
  return [
    'tried/violations',
    ...lines,
    `${tried ?? ''} tried in ${String(Math.round(seconds))} s. At ${missed ?? ''} more, the call did not come; ${unjudged ?? ''} more failed while the machine stood still, and are not judged.`,
  ].join('\n');
}

function cell(results: readonly Result[]): string {
  const tried = results.filter(({ outcome }) => outcome === 'tried');
  const violated = tried.filter(({ violations }) => violations.length > 0);
  return tried.length === 0 ? '' : `${String(tried.length)}/${String(violated.length)}`;
}
