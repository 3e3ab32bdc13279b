import type { CheckSpec } from '../release/release.ts';

/** How the samples of one ingress are evaluated. */
export interface EvaluationOptions {
  readonly check: CheckSpec;
  /** How long a step is watched; undefined: samples until there is a verdict. */
  readonly watchMs?: number | undefined;
  /** Number of ingresses in the check: the false alarm probability holds over all of them together. */
  readonly ingresses: number;
  /** Whether the ingress has answered before the check: one that has never answered is not restarting. */
  readonly hasAnswered?: boolean;
  /** How long a gateway replica may lag behind. */
  readonly catchUpMs?: number | undefined;
  /** In milliseconds, of any clock that does not run backwards. */
  readonly now: () => number;
}
