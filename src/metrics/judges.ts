import { CountJudge } from './count-judge.ts';
import type { Judge, Judging } from './judge.ts';
import { LimitJudge } from './limit-judge.ts';
import type { OpenMetric } from './metric-readers.ts';
import type { MetricReader } from './readings.ts';
import { ShareJudge } from './share-judge.ts';
import { SHARE_ALPHA } from '../verify/statistics/share-test.ts';
import { FALSE_ALARM_PROBABILITY } from '../verify/statistics/significance.ts';

/** A judge, and the addresses whose readings it takes. */
export interface Assigned {
  readonly judge: Judge;
  readonly readers: readonly MetricReader[];
}

/**
 * The judges of all metrics: one for each metric, or one for each of its clusters. A limit is compared at each address by itself.
 * The tests share one probability of a false alarm, so that more metrics do not make a false rollback likelier.
 */
export function assignJudges(metrics: readonly OpenMetric[], judging: Judging): readonly Assigned[] {
  const units = metrics.flatMap(({ spec, readers }): readonly OpenMetric[] =>
    spec.per === 'cluster' || spec.kind === 'limit'
      ? readers.map((reader) => ({ spec, readers: [reader] }))
      : [{ spec, readers }],
  );
  const tests = units.filter(({ spec }) => spec.kind !== 'limit').length;
  const shares = units.filter(({ spec }) => spec.kind === 'shares').length;
  return units.map(({ spec, readers }): Assigned => {
    switch (spec.kind) {
      case 'counts':
        return {
          judge: new CountJudge(spec, readers, judging, { alpha: FALSE_ALARM_PROBABILITY / tests, tests }),
          readers,
        };
      case 'shares': {
        const alpha = Math.min(SHARE_ALPHA / shares, FALSE_ALARM_PROBABILITY / tests);
        return { judge: new ShareJudge(spec, readers, judging, { alpha, tests }), readers };
      }
      case 'limit':
        return { judge: new LimitJudge(spec, firstOf(readers), judging.version), readers };
    }
  });
}

function firstOf(readers: readonly MetricReader[]): MetricReader {
  const [reader] = readers;
  if (reader === undefined) throw new Error('A metric has at least one reader');
  return reader;
}
