import type { Change } from '../kubernetes/change.ts';
import type { PhaseName } from '../texts/catalogue/timeline.ts';
import type { Message } from '../texts/message.ts';
import type { ClusterName } from '../core/names.ts';
import type { Finding } from '../diagnosis/finding.ts';
import type { ClusterWeights } from '../release/cluster-weights.ts';
import type { MetricEvidence } from '../metrics/metric-evidence.ts';
import type { IngressEvidence, Verdict } from '../verify/evidence.ts';
import type { Weights } from '../core/weights.ts';

/** A write that a plan would make. */
export interface PlannedChange {
  readonly cluster: ClusterName;
  readonly verb: Change['verb'];
  /** `VirtualService gray-demo/helloworld` */
  readonly object: string;
  readonly reason: Message;
  /** Unified diff of the object's YAML. */
  readonly diff: string;
  /** Whether the server has checked it; it cannot in a namespace that does not exist yet, or without the right. */
  readonly tried: boolean;
  /** Whether the user of the kubeconfig lacks a right for it. */
  readonly denied?: boolean;
}

/** What a rollout would do now. */
export interface PlannedRollout {
  /** The weights at the end. */
  readonly weights: Weights;
  readonly clusters: readonly ClusterName[];
  /** In the order of writing. */
  readonly changes: readonly PlannedChange[];
}

/** What one cluster holds, as `status` reports it. */
export interface ClusterSummary {
  readonly cluster: ClusterName;
  readonly text: Message;
}

/** What a run cost one cluster's API server. */
export interface ClusterCalls {
  readonly cluster: ClusterName;
  readonly calls: number;
  /** Of the calls: those that asked for a change, the lock's included. */
  readonly writes: number;
}

/** What the samples asked for: hosts (none where the address itself is asked for) and the path. */
export interface Asked {
  readonly hosts: readonly string[];
  readonly path: string;
}

/** A write that was made. */
export interface MadeChange {
  readonly cluster: ClusterName;
  readonly verb: Change['verb'];
  /** `VirtualService gray-demo/helloworld` */
  readonly object: string;
  readonly reason: Message;
  /** The object's YAML as the report shows it (see difference.ts); undefined for a new object, or one that was not read. */
  readonly before: string | undefined;
  /** The object's YAML as the server stored it; undefined after a delete. */
  readonly after: string | undefined;
}

/** `verify`: sampled until the shares were decided; `bake`: watched for a time. */
export type CheckKind = 'verify' | 'bake';

/** Something that happened during a run. Durations are in seconds, and end with the event. */
export type RunEvent =
  /** What each config cluster holds was read. */
  | { readonly kind: 'read'; readonly held: readonly ClusterWeights[] }
  /** The weights that a rollback would restore. */
  | { readonly kind: 'previous weights'; readonly weights: Weights | undefined }
  | { readonly kind: 'planned'; readonly plan: PlannedRollout }
  /** The clusters' states, for `status`. */
  | { readonly kind: 'summarized'; readonly clusters: readonly ClusterSummary[] }
  | {
      readonly kind: 'ingresses found';
      readonly ingresses: ReadonlyMap<ClusterName, string>;
      readonly asked: Asked;
      /** Where a person can open the service; undefined if no ingress is reached directly. */
      readonly url: string | undefined;
    }
  /** What the check does not cover: of the release (replaces what was noted before), or for want of ingresses, permissions or metrics (adds to it). */
  | {
      readonly kind: 'blind spots';
      readonly of: 'release' | 'ingresses' | 'permissions' | 'metrics';
      readonly messages: readonly Message[];
    }
  /** Something unusual about the way to a cluster or an ingress. */
  | { readonly kind: 'connection'; readonly message: Message }
  | { readonly kind: 'changed'; readonly change: MadeChange }
  /** All config clusters hold these weights now; `same`: only the routes around them changed. */
  | { readonly kind: 'in force'; readonly weights: Weights; readonly direction: 'forward' | 'back' | 'same' }
  /** The ingresses were sampled, and the metrics watched; the verdict on it follows. */
  | {
      readonly kind: 'sampled';
      readonly check: CheckKind;
      readonly weights: Weights;
      readonly evidence: readonly IngressEvidence[];
      /** Empty where none were given, or the check was no watch. */
      readonly metrics: readonly MetricEvidence[];
      readonly seconds: number;
    }
  /** Metrics were read without a check: they could not be read, or none of them applies. */
  | {
      readonly kind: 'metrics read';
      readonly metrics: readonly MetricEvidence[];
      readonly verdict: 'inconclusive' | undefined;
    }
  /** The verdict on the last samples. `recovery`: it is on the step of an earlier run, and not this run's. */
  | { readonly kind: 'judged'; readonly verdict: Verdict; readonly on: 'this run' | 'recovery' }
  /** Why the check did not pass; replaces earlier findings. */
  | { readonly kind: 'explained'; readonly findings: readonly Finding[] }
  /** Something that this run leaves behind and that may hurt users, with the way out. */
  | { readonly kind: 'harm'; readonly message: Message }
  /** A workload runs again what it ran before this run. */
  | { readonly kind: 'restored'; readonly message: Message }
  /** What differs from before, or between clusters, after a failed step. */
  | { readonly kind: 'remains'; readonly messages: readonly Message[] }
  /** The clusters hold different things, which the post step or the next run has to recover. */
  | { readonly kind: 'inconsistent' }
  /** `completed`: not after an error, nor where the run was cancelled. */
  | {
      readonly kind: 'phase';
      readonly name: PhaseName;
      readonly seconds: number;
      readonly completed: boolean;
    }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'calls'; readonly calls: readonly ClusterCalls[] }
  | { readonly kind: 'ended' };

/** Where a run notes what happens. It cannot be read: what decides is returned from one stage to the next. */
export interface Recorder {
  record(event: RunEvent): void;
}
