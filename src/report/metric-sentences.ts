import type { MetricEvidence } from '../metrics/metric-evidence.ts';
import type { Texts } from '../texts/catalogue.ts';
import { say } from '../texts/texts.ts';
import { percent } from './format.ts';

/** What a metric showed, as a sentence: `Metric errors: v2 fails more often than v1 for real users: 312 of 3,104 requests …`. */
export function metricSentence({ name, cluster, reason }: MetricEvidence, texts: Texts): string {
  return texts.headline.metric.sentence({ name, cluster, reason: say(reason, texts) });
}

/** `metric errors in east` */
export function placeOf({ name, cluster }: Pick<MetricEvidence, 'name' | 'cluster'>, texts: Texts): string {
  return texts.headline.metric.place({ name, cluster });
}

/** The metrics with one of these verdicts. */
export function metricsThat(
  metrics: readonly MetricEvidence[],
  ...verdicts: readonly MetricEvidence['verdict'][]
): readonly MetricEvidence[] {
  return metrics.filter(({ verdict }) => verdicts.includes(verdict));
}

/** Why metrics failed: the first in words, the others in number. What the test shows of versions speaks for itself. */
export function metricFailure(metrics: readonly MetricEvidence[], texts: Texts): readonly string[] {
  const { metric } = texts.headline;
  const [first, ...others] = metricsThat(metrics, 'fail');
  if (first === undefined) return [];
  const { reason, cluster } = first;
  return [
    first.kind === 'counts'
      ? metric.reasonIn({ reason: say(reason, texts), cluster })
      : metricSentence(first, texts),
    ...(others.length === 0 ? [] : [metric.othersFail(others.length)]),
  ];
}

/** `2 metrics passed during the watch.`; empty without any that passed. */
export function metricsPassed(metrics: readonly MetricEvidence[], texts: Texts): readonly string[] {
  const passed = metricsThat(metrics, 'pass').length;
  return passed === 0 ? [] : [texts.headline.metricsPassed(passed)];
}

/** `10.1%`; a dash for a part of nothing. */
export function shareInPercent(some: number, all: number): string {
  return all === 0 ? '–' : percent(some / all);
}
