import type { Finding } from '../diagnosis/finding.ts';
import type { PhaseName } from '../texts/catalogue/timeline.ts';
import type { Message } from '../texts/message.ts';
import type { MetricEvidence } from '../metrics/metric-evidence.ts';
import type { IngressEvidence, Verdict } from '../verify/evidence.ts';
import type { ClusterWeights } from '../release/cluster-weights.ts';
import type { Language } from '../texts/language.ts';
import type { ClusterName } from '../core/names.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import type {
  Asked,
  CheckKind,
  ClusterCalls,
  ClusterSummary,
  MadeChange,
  PlannedRollout,
} from './run-events.ts';

/** A write that was made. */
export interface RecordedChange extends MadeChange {
  /** Seconds since the run began. */
  readonly at: number;
}

interface Phase {
  readonly name: PhaseName;
  /** Seconds since the run began. */
  readonly start: number;
  readonly seconds: number;
  /** false after an error, or where the run was cancelled. */
  readonly completed: boolean;
}

/** Weights that came into force. */
export interface Step {
  /** Seconds since the run began. */
  readonly at: number;
  readonly weights: Weights;
  /** In force until then; undefined if no cluster held any, or if they differed. */
  readonly before: Weights | undefined;
  /** `back`: the earlier weights, restored after a step that did not pass, of this run or of one that it recovered. */
  readonly direction: 'forward' | 'back';
}

/** One check of the traffic shares. */
export interface Check {
  readonly kind: CheckKind;
  readonly weights: Weights;
  readonly verdict: Verdict;
  readonly evidence: readonly IngressEvidence[];
  readonly metrics: readonly MetricEvidence[];
  /** Start and end, in seconds since the run began. */
  readonly from: number;
  readonly to: number;
}

/** The limits of the check, as fractions. */
export interface Limits {
  readonly tolerance: number;
  readonly confidence: number;
  readonly maxErrorRate: number;
}

/** Everything that log, summary, outputs and report say about one run. Folded from its events (see fold-run.ts). */
export interface RunRecord {
  /** Of what people read: summary, page, comment and commit status. Log, JSON and outputs are in English. */
  readonly language: Language;
  readonly operation: string;
  readonly app: string;
  readonly namespace: string;
  /** ISO 8601, in UTC. */
  readonly begin: string;
  /** How long it took; 0 until it ends. */
  readonly seconds: number;
  /** Where people find the run: its URL, or a description. */
  readonly run: string | undefined;
  readonly limits: Limits | undefined;
  readonly verdict: Verdict | undefined;
  /** What each config cluster held when it was last read; empty before that. */
  readonly held: readonly ClusterWeights[];
  /** The weights that a rollback would restore. */
  readonly previous: Weights | undefined;
  readonly next: Weights | undefined;
  /** The version that the run retires. */
  readonly retiring: VersionName | undefined;
  readonly complete: boolean;
  readonly changes: readonly RecordedChange[];
  readonly plan: PlannedRollout | undefined;
  readonly steps: readonly Step[];
  readonly checks: readonly Check[];
  /** Of the last check, or of the one just before a watch without samples. */
  readonly evidence: readonly IngressEvidence[];
  /** Of the last check. */
  readonly metrics: readonly MetricEvidence[];
  readonly findings: readonly Finding[];
  readonly clusters: readonly ClusterSummary[];
  readonly ingresses: ReadonlyMap<ClusterName, string>;
  readonly asked: Asked | undefined;
  /** Where a person can open the service. */
  readonly url: string | undefined;
  readonly phases: readonly Phase[];
  readonly calls: readonly ClusterCalls[];
  /** What this run leaves behind that may hurt users, with the way out, a sentence each. */
  readonly harms: readonly Message[];
  /** Workloads that run again what they ran before this run, a sentence each. */
  readonly restored: readonly Message[];
  /** What differs from before, or between clusters, after a failed step, a sentence each. */
  readonly remains: readonly Message[];
  /**
   * What the check does not cover, a full sentence each: what could not be read, and what leads to the service outside the
   * weights. If there is any, sentences name the host and path that were sampled, never "users".
   */
  readonly unseen: readonly Message[];
  /** How clusters and ingresses were reached where that is unusual: insecurely, or through a proxy. A sentence each. */
  readonly connections: readonly Message[];
  /** Whether this run leaves clusters that differ, for its post step or the next run to recover. */
  readonly needsRecovery: boolean;
  /** What is wrong with the inputs, if the run was refused for them: a sentence each, with the input, its value and the remedy. */
  readonly problems: readonly string[];
  /** Why the run failed, as a sentence. */
  readonly failure: string | undefined;
  /** Folder of the report, if one was written. */
  readonly report: string | undefined;
}

/** What is known of a run before it begins. */
export type RunInfo = Partial<Pick<RunRecord, 'begin' | 'run' | 'limits' | 'language' | 'retiring'>>;

/** The record of a run in which nothing has happened. */
export function emptyRecord(
  operation: string,
  app: string,
  namespace: string,
  info: RunInfo = {},
): RunRecord {
  return {
    language: info.language ?? 'en',
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
    retiring: info.retiring,
    complete: false,
    changes: [],
    plan: undefined,
    steps: [],
    checks: [],
    evidence: [],
    metrics: [],
    findings: [],
    clusters: [],
    ingresses: new Map(),
    asked: undefined,
    url: undefined,
    phases: [],
    calls: [],
    harms: [],
    restored: [],
    remains: [],
    unseen: [],
    connections: [],
    needsRecovery: false,
    problems: [],
    failure: undefined,
    report: undefined,
  };
}
