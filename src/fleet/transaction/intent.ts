import type { ClusterName } from '../../core/names.ts';
import type { Weights } from '../../core/weights.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';

/** What a transaction is about to do to the weights. */
export interface TransactionTarget {
  readonly target: Weights;
  /** undefined on a first install */
  readonly previous: Weights | undefined;
  /** `back`: a user flees from `previous` to `target`. */
  readonly direction: 'forward' | 'back';
  /** The earlier weights recorded before the transaction, the latest last. */
  readonly history: readonly Weights[];
  /** What exists and is changed beside the routes: a server may do so later than a run that died. */
  readonly objects: readonly TargetObjects[];
}

/** Objects that several clusters have, by name. */
export interface TargetObjects {
  readonly clusters: readonly ClusterName[];
  readonly objects: readonly TargetObject[];
}

/** Of the metadata, name and namespace. */
export type TargetObject = Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>;

/** Who a transaction belongs to. */
export interface Owner {
  /** Unique for each transaction, also among those of one run. */
  readonly transaction: string;
  /** The run, as the holder of the Lease. */
  readonly holder: string;
  /** Where people find the run: its URL, or a description. */
  readonly run: string;
}

/** The target of a transaction as its Leases keep it, so that another run can recover if this one dies. */
export interface Intent extends Omit<TransactionTarget, 'history'>, Owner {
  /** undefined where the writer, an earlier version of the action, did not record it */
  readonly history: readonly Weights[] | undefined;
}
