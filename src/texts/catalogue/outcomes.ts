/** What a run can end with: see src/report/outcome.ts. */
export type OutcomeName =
  'pass' | 'fail' | 'inconclusive' | 'done' | 'unverified' | 'ambiguous' | 'diverged' | 'failed';

/** The verdicts of checks, ingresses and metrics. */
export type VerdictName = 'pass' | 'fail' | 'inconclusive' | 'undecided' | 'not applicable';

/** Short labels of outcomes and verdicts. */
export interface OutcomeTexts {
  readonly labels: Readonly<Record<OutcomeName, string>>;
  readonly verdicts: Readonly<Record<VerdictName, string>>;
}
