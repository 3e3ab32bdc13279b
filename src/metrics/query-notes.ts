import { parser } from '@prometheus-io/lezer-promql';
import type { Message } from '../texts/message.ts';
import type { VersionName } from '../core/weights.ts';
import type { LimitMetric } from '../release/metric-specs.ts';
import { lookbackMs } from './lookback.ts';

/** What a query with a limit may hide. @param version being released */
export function queryNotes(
  { query }: Pick<LimitMetric, 'query'>,
  version: VersionName | undefined,
): readonly Message[] {
  if (query === undefined) return [];
  return [
    ...(version === undefined || query.includes(version) || lookbackMs(query) === 0
      ? []
      : [{ kind: 'versionNotNamed', version } as const]),
    ...(fillsGaps(query) ? [{ kind: 'fillsGaps' } as const] : []),
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
