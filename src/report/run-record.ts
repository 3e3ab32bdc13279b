import type { Finding } from '../diagnosis/diagnosis.ts';
import type { IngressEvidence, Verdict } from '../verify/evidence.ts';
import type { Change } from '../kubernetes/change.ts';
import type { Held } from '../release/agreement.ts';
import type { ClusterName } from '../core/names.ts';
import type { Weights } from '../core/weights.ts';

/** A write that was made. */
export interface RecordedChange {
  readonly cluster: ClusterName;
  readonly verb: Change['verb'];
  /** `VirtualService gray-demo/helloworld` */
  readonly object: string;
  readonly reason: string;
  /** Seconds since the run began. */
  readonly at: number;
  /** YAML of the object, as the report shows it (see difference.ts); undefined where it was made, or nobody had read it. */
  readonly before: string | undefined;
  /** YAML of the object as the server stored it; undefined where it was deleted. */
  readonly after: string | undefined;
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
  /** Seconds since the run began. */
  readonly start: number;
  readonly seconds: number;
}

/** Weights that were put in force. */
export interface Step {
  /** Seconds since the run began. */
  readonly at: number;
  readonly weights: Weights;
  /** `back`: the earlier weights were given back after a step that did not pass. */
  readonly direction: 'forward' | 'back';
}

/** One look at the shares: until they were decided (`verify`), or for a time (`bake`). */
export interface Check {
  readonly kind: 'verify' | 'bake';
  readonly weights: Weights;
  readonly verdict: Verdict;
  readonly evidence: readonly IngressEvidence[];
  /** Begin and end, in seconds since the run began. */
  readonly from: number;
  readonly to: number;
}

/** What the shares are tested by, as fractions. */
export interface Limits {
  readonly tolerance: number;
  readonly confidence: number;
  readonly maxErrorRate: number;
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
  /** ISO 8601, in UTC. */
  readonly begin: string;
  /** How long it took; 0 while it goes on. */
  readonly seconds: number;
  /** Where people find the run: its URL, or a description. */
  readonly run: string | undefined;
  /** undefined where none were given */
  readonly limits: Limits | undefined;
  readonly verdict: Verdict | undefined;
  /** What each config cluster holds, as it was last observed; empty where nothing was read. */
  readonly held: readonly Held[];
  /** Those before them: what a rollback gives back. */
  readonly previous: Weights | undefined;
  readonly next: Weights | undefined;
  readonly complete: boolean;
  readonly changes: readonly RecordedChange[];
  /** undefined where nothing was planned, or not to the end */
  readonly plan: PlannedRollout | undefined;
  /** In the order of time. */
  readonly steps: readonly Step[];
  /** In the order of time. */
  readonly checks: readonly Check[];
  /** Of the last check. */
  readonly evidence: readonly IngressEvidence[];
  readonly findings: readonly Finding[];
  readonly clusters: readonly ClusterSummary[];
  readonly ingresses: ReadonlyMap<ClusterName, string>;
  /** What the samples asked for: hosts (none where the address itself is asked for) and the path. */
  readonly asked: { readonly hosts: readonly string[]; readonly path: string } | undefined;
  readonly phases: readonly Phase[];
  readonly calls: readonly ClusterCalls[];
  /** What this run has left that may hurt users, and the way out, a sentence each. */
  readonly harms: readonly string[];
  /** Workloads that run again what they ran before this run, a sentence each. */
  readonly restored: readonly string[];
  /**
   * What is not as it was before, or not the same everywhere, after a step that did not pass, a sentence each: a cluster that
   * holds other weights, a workload that was replaced.
   */
  readonly remains: readonly string[];
  /**
   * What a claim about users does not cover, a full sentence each: what could not be looked at, and what leads to the service
   * outside the weights. Where it is not empty, sentences name the host and path that were sampled, never "users".
   */
  readonly unseen: readonly string[];
  /** False where this run has left clusters apart, for its post step or the next run to settle. */
  readonly settled: boolean;
  /** Why the run failed, as a sentence; undefined where it did not. */
  readonly failure: string | undefined;
  /** Folder of the report; undefined where none was written. */
  readonly report: string | undefined;
}

/** The record while the run goes on: operations write into it, so that nothing is lost when one of them throws. */
export type Journal = { -readonly [Field in keyof RunRecord]: RunRecord[Field] };

/** What is known of a run before it begins. */
export type RunInfo = Partial<Pick<RunRecord, 'begin' | 'run' | 'limits'>>;

export function newJournal(operation: string, app: string, namespace: string, info: RunInfo = {}): Journal {
  return {
    operation,
    app,
    namespace,
    begin: info.begin ?? new Date().toISOString(),
    seconds: 0,
    run: info.run,
    limits: info.limits,
    verdict: undefined,
    held: [],
    previous: undefined,
    next: undefined,
    complete: false,
    changes: [],
    plan: undefined,
    steps: [],
    checks: [],
    evidence: [],
    findings: [],
    clusters: [],
    ingresses: new Map(),
    asked: undefined,
    phases: [],
    calls: [],
    harms: [],
    restored: [],
    remains: [],
    unseen: [],
    settled: true,
    failure: undefined,
    report: undefined,
  };
}

/** Seconds since the run began. */
export function secondsIn({ begin }: Journal): number {
  return (Date.now() - Date.parse(begin)) / 1000;
}
