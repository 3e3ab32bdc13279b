import type { TriedChange } from '../fleet/dry-run.ts';
import type { TransactionTarget } from '../fleet/transaction/intent.ts';
import type { Written } from '../fleet/transaction/write-confirmed.ts';
import type { Leases } from '../fleet/transaction/read-leases.ts';
import type { Observation } from '../release/observation.ts';
import type { IngressEvidence, Verdict } from '../verify/evidence.ts';
import type { Target } from '../verify/target.ts';

/** What is known before anything is written: what the clusters hold, what will change, and where it will be sampled. */
export interface Prepared<Plan> {
  readonly observed: Observation;
  /** Read before what was observed: a run that has changed it since has written these as well. */
  readonly leases: Leases;
  readonly plan: Plan;
  /** The changes of the plan as the servers' dry runs show them. */
  readonly changes: readonly TriedChange[];
  /** What the lock says about the plan, for others to recover it. */
  readonly target: TransactionTarget;
  /** The ingresses to sample; none where the input ingress is none for every cluster. */
  readonly targets: readonly Target[];
}

/** How far a plan was carried out. */
export interface Applied {
  /** Everything that was written and confirmed. */
  readonly written: readonly Written[];
  /** Why it went no further; undefined where all of the plan is in force. */
  readonly failure: Failure | undefined;
}

interface Failure {
  readonly kind: 'failed';
  readonly error: unknown;
}

/** What the samples and metrics came to, after what was applied. */
export type Checked =
  | { readonly kind: 'checked'; readonly verdict: Verdict; readonly evidence: readonly IngressEvidence[] }
  /** No ingress is sampled, and no metric applies. */
  | { readonly kind: 'unverified' }
  /** The plan was not carried out to its end, or the check was cut off. */
  | Failure;

/** What an operation came to. */
export type Outcome =
  | {
      readonly kind: 'done';
      /** undefined where nothing was sampled */
      readonly verdict: Verdict | undefined;
    }
  /** Nothing was done: another run has changed the release since it was read, or left a step that was rolled back now. */
  | { readonly kind: 'overtaken' }
  /** Nothing was done: another run had left a step in all clusters, where it stays: it passed the check now, or nothing could judge it. */
  | { readonly kind: 'recovered'; readonly isVerified: boolean };
