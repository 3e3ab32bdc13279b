import type { Written } from '../fleet/transaction/write-confirmed.ts';
import type { TriedChange } from '../fleet/dry-run.ts';
import type { Target } from '../verify/ingress-client.ts';
import type { IngressEvidence, Verdict } from '../verify/evidence.ts';
import type { Observed } from './observe.ts';

/** What an operation knows before it writes anything: what it has read, what it will write, and where it will look. */
export interface Prepared<Plan> extends Observed {
  readonly plan: Plan;
  /** The changes of the plan as the servers' dry runs show them. */
  readonly changes: readonly TriedChange[];
  readonly targets: readonly Target[];
}

/** What an operation has written by now, all of it confirmed. */
export interface Applied {
  readonly written: readonly Written[];
}

/** What a check came to; `unverified`: no ingress is sampled. */
export interface Checked {
  readonly verdict: Verdict | 'unverified';
  /** Of every ingress that was sampled. */
  readonly evidence: readonly IngressEvidence[];
}

/** What an operation came to; without a verdict where it sampled nothing. */
export interface Outcome {
  readonly verdict: Verdict | undefined;
}
