import type { Finding } from '../check/diagnosis.ts';
import type { IngressEvidence, Verdict } from '../check/evidence.ts';
import type { Change } from '../release/change.ts';
import type { ClusterName } from '../release/release.ts';
import type { Weights } from '../release/weights.ts';

/** A write that was made. */
export interface RecordedChange {
  readonly cluster: ClusterName;
  /** `VirtualService gray-demo/helloworld` */
  readonly object: string;
  readonly reason: string;
}

/** A write that a plan would make. */
export interface PlannedChange {
  readonly cluster: ClusterName;
  readonly verb: Change['verb'];
  /** `VirtualService gray-demo/helloworld` */
  readonly object: string;
  readonly reason: string;
  /** Unified diff of the object's YAML. */
  readonly diff: string;
  /** Whether the server has checked it; it cannot in a namespace that does not exist yet, or without the right. */
  readonly tried: boolean;
  /** Whether the user of the kubeconfig lacks a right for it. */
  readonly denied?: boolean;
}

/** What a rollout would do now. */
export interface PlannedRollout {
  /** Weights that would be in force at the end. */
  readonly weights: Weights;
  readonly clusters: readonly ClusterName[];
  /** In the order in which they would be made. */
  readonly changes: readonly PlannedChange[];
}

export interface Phase {
  readonly name: string;
  readonly seconds: number;
}

/** What one cluster holds, as `status` tells it. */
export interface ClusterSummary {
  readonly cluster: ClusterName;
  readonly text: string;
}

/** What a run cost one cluster's API server. */
export interface ClusterCalls {
  readonly cluster: ClusterName;
  readonly calls: number;
  /** Of the calls: those that asked for a change, the lock's included. */
  readonly writes: number;
}

/** All that is known of one run of the action, for log, summary, outputs and report. */
export interface RunRecord {
  readonly operation: string;
  readonly app: string;
  readonly namespace: string;
  readonly verdict: Verdict | undefined;
  /** In force at the end, as far as is known. */
  readonly weights: Weights | undefined;
  readonly previous: Weights | undefined;
  readonly next: Weights | undefined;
  readonly complete: boolean;
  readonly changes: readonly RecordedChange[];
  /** undefined where nothing was planned, or not to the end */
  readonly plan: PlannedRollout | undefined;
  readonly evidence: readonly IngressEvidence[];
  readonly findings: readonly Finding[];
  readonly clusters: readonly ClusterSummary[];
  readonly ingresses: ReadonlyMap<ClusterName, string>;
  readonly phases: readonly Phase[];
  readonly calls: readonly ClusterCalls[];
  /** Why the run failed, as a sentence; undefined where it did not. */
  readonly failure: string | undefined;
}

/** The record while the run goes on: operations write into it, so that nothing is lost when one of them throws. */
export type Journal = { -readonly [Field in keyof RunRecord]: RunRecord[Field] };

export function newJournal(operation: string, app: string, namespace: string): Journal {
  return {
    operation,
    app,
    namespace,
    verdict: undefined,
    weights: undefined,
    previous: undefined,
    next: undefined,
    complete: false,
    changes: [],
    plan: undefined,
    evidence: [],
    findings: [],
    clusters: [],
    ingresses: new Map(),
    phases: [],
    calls: [],
    failure: undefined,
  };
}
