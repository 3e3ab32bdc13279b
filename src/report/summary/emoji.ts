import type { MetricVerdict } from '../../metrics/metric-evidence.ts';
import { OUTCOME_STYLES } from '../outcome.ts';

/** What marks a verdict, beside its name. What was stopped before a verdict is nobody's fault, and has no color. */
export const VERDICT_EMOJI: Readonly<Record<MetricVerdict, string>> = {
  pass: OUTCOME_STYLES.pass.emoji,
  fail: OUTCOME_STYLES.fail.emoji,
  inconclusive: OUTCOME_STYLES.inconclusive.emoji,
  undecided: '⚪',
  'not applicable': '⚪',
};
