import type { Weights } from '../../core/weights.ts';
import type { VerdictName } from './outcomes.ts';

/** The check of the traffic split, cluster by cluster. Counts of rows are numbers; everything else is in words already. */
export interface MatrixTexts {
  readonly title: string;
  readonly columns: {
    readonly cluster: string;
    readonly verdict: string;
    readonly samples: string;
    readonly failedRequests: string;
  };
  /** After a share: `not 75–85%` */
  readonly notIn: (tolerance: string) => string;
  /** After a share, where the weights differ by cluster: `of 80%` */
  readonly ofWeight: (weight: string) => string;
  /** After a share: `14.4% fail` */
  readonly fail: (share: string) => string;
  /** In place of folded rows. */
  readonly folded: (values: {
    readonly verdict: VerdictName;
    readonly ingresses: number;
    readonly shares: string;
  }) => string;
  /** The title of what is shown on demand. */
  readonly details: string;
  /** The title of the folded charts of ingresses. @param shown the number of those beside them */
  readonly charts: (values: { readonly ingresses: number; readonly shown: number }) => string;
  readonly shared: (values: { readonly clusters: readonly string[]; readonly url: string }) => string;
}

/** Objects that were written, or would be. */
export interface ChangeTexts {
  readonly title: string;
  readonly unchanged: string;
  readonly effects: Readonly<Record<'created' | 'changed' | 'deleted' | 'unchanged', string>>;
  /** `in east, west`, `in all 10 clusters`. @param of all clusters of the release */
  /** What a write asks of the API server. */
  readonly verbs: Readonly<Record<'apply' | 'create' | 'update' | 'delete', string>>;
  /** The title of a plan. @param from weights in words */
  readonly plan: (values: { readonly from: string; readonly to: Weights }) => string;
  /**
   * Follows the name of an object: `: update in east, west; weights v1=80,v2=20 → v1=50,v2=50`.
   *
   * @param done a verb, or an effect
   * @param where the clusters, in words
   */
  readonly done: (values: {
    readonly done: string;
    readonly where: string;
    readonly reasons: readonly string[];
  }) => string;
  /** Why the API server has not checked a planned change. */
  readonly unchecked: Readonly<Record<'denied' | 'no namespace', string>>;
  readonly where: (values: { readonly clusters: readonly string[]; readonly of: number }) => string;
  /** `In: east, west`, where only their number was shown. */
  readonly clusters: (clusters: readonly string[]) => string;
  /** In place of folded objects: `200 ConfigMap objects` */
  readonly folded: (values: { readonly kind: string; readonly objects: number }) => string;
}

/** What is wrong with the inputs. */
export interface ProblemTexts {
  readonly title: string;
}
