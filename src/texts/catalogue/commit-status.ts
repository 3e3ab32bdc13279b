import type { Weights } from '../../core/weights.ts';

/** The description of a commit status: one line. `weights` are those held now, in words. */
export interface CommitStatusTexts {
  readonly pending: (operation: string) => string;
  readonly failed: (values: { readonly operation: string; readonly sentences: readonly string[] }) => string;
  readonly titled: (values: {
    readonly operation: string;
    readonly title: string;
    readonly weights: string;
  }) => string;
  readonly done: (values: { readonly operation: string; readonly weights: string | undefined }) => string;
  readonly ended: (values: {
    readonly operation: string;
    readonly harms: readonly string[];
    readonly outcome: 'pass' | 'inconclusive';
    readonly weights: string;
  }) => string;
  readonly unverified: (values: {
    readonly operation: string;
    readonly title: string;
    readonly weights: string;
  }) => string;
  readonly fail: (values: {
    readonly operation: string;
    readonly harms: readonly string[];
    readonly title: string;
    readonly weights: string;
  }) => string;
  readonly planEmpty: (weights: string) => string;
  readonly plan: (values: {
    readonly changes: number;
    readonly clusters: number;
    readonly unchecked: boolean;
    readonly from: string;
    readonly to: Weights;
  }) => string;
}
