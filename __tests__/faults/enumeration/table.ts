import { nameOf } from './enumerate.ts';
import type { Result } from './enumerate.ts';

const UNDONE = 'undone first installs: requests answered 404 again';

/**
 * Operations by faults: tried, and how many of those violated a rule; where first installs were undone also the requests that got the
 * answer of before it again.
 */
export function tableOf(results: readonly Result[], seconds: number): string {
  const operations = [...new Set(results.map(columnOf))];
  const faults = [...new Set(results.map(({ fault }) => fault))].toSorted();
  const isUndoable = results.some(({ undone }) => undone > 0);
  const rows = [
    ['', ...operations, 'total', ...(isUndoable ? [UNDONE] : [])],
    ...[...faults, undefined].map((fault) => [
      fault ?? 'total',
      ...[...operations, undefined].map((operation) =>
        cell(
          results.filter(
            (one) => (fault ?? one.fault) === one.fault && (operation ?? columnOf(one)) === columnOf(one),
          ),
        ),
      ),
      ...(isUndoable ? [undoneCell(results.filter((one) => (fault ?? one.fault) === one.fault))] : []),
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

function undoneCell(results: readonly Result[]): string {
  const requests = results.reduce((sum, { undone }) => sum + undone, 0);
  const installs = results.filter(({ undone }) => undone > 0).length;
  return installs === 0 ? '' : `${String(installs)}: ${String(requests)}`;
}

function cell(results: readonly Result[]): string {
  const tried = results.filter(({ outcome }) => outcome === 'tried');
  const violated = tried.filter(({ violations }) => violations.length > 0);
  return tried.length === 0 ? '' : `${String(tried.length)}/${String(violated.length)}`;
}

function columnOf({ operation, api }: Result): string {
  return nameOf({ operation: { name: operation }, api });
}
