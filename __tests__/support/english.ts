import type { IngressEvidence } from '../../src/verify/evidence.ts';
import type { MetricEvidence } from '../../src/metrics/metric-evidence.ts';
import type { Message } from '../../src/texts/message.ts';
import { inEnglish } from '../../src/texts/texts.ts';

/** What was seen, with the reason of its verdict in words. */
export type Told<Evidence> = Omit<Evidence, 'reason' | 'notes'> & { readonly reason: string };

export function toldOf(evidence: IngressEvidence): Told<IngressEvidence> {
  return { ...evidence, reason: inEnglish(evidence.reason) };
}

/** The same of a metric, and its notes. */
export function toldOfMetric(
  evidence: MetricEvidence,
): Told<MetricEvidence> & { readonly notes: readonly string[] } {
  return { ...evidence, reason: inEnglish(evidence.reason), notes: evidence.notes.map(inEnglish) };
}

/** A finding, or what is wrong with a route, in words. */
export interface ToldFinding {
  readonly title: string;
  readonly detail: string;
  readonly symptom?: true;
}

export function toldFinding<Told extends { readonly title: Message; readonly detail: Message }>(
  finding: Told,
): Omit<Told, 'title' | 'detail'> & ToldFinding {
  return { ...finding, title: inEnglish(finding.title), detail: inEnglish(finding.detail) };
}
