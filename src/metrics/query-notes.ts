import { parser } from '@prometheus-io/lezer-promql';
import type { VersionName } from '../core/weights.ts';
import type { LimitMetric } from '../release/metric-specs.ts';
import { lookbackMs } from './lookback.ts';

/** What a query with a limit may hide, a sentence each. @param version being released */
export function queryNotes(
  { query }: Pick<LimitMetric, 'query'>,
  version: VersionName | undefined,
): readonly string[] {
  if (query === undefined) return [];
  return [
    ...(version === undefined || query.includes(version) || lookbackMs(query) === 0
      ? []
      : [
          `The query does not name ${version}, so it is about all versions together: errors of ${version} alone hardly show while it has little traffic. Select by version, such as destination_version="${version}".`,
        ]),
    ...(fillsGaps(query)
      ? [
          'The query has a number where there is no data (or vector(…)), so that missing data may count as good.',
        ]
      : []),
  ];
}

/** Whether a query says a constant where it finds no series: `… or vector(0)`. */
function fillsGaps(query: string): boolean {
  let found = false;
  parser.parse(query).iterate({
    enter: ({ type, node }) => {
      if (type.name !== 'BinaryExpr' || node.getChild('Or') === null) return;
      node.cursor().iterate((inner) => {
        if (inner.type.name === 'Vector') found = true;
      });
    },
  });
  return found;
}
