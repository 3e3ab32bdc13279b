import type { Weights } from '../../core/weights.ts';
import type { Message } from '../message.ts';
import type { RivalFindings, StraySeen } from './rival-findings.ts';
import type { RoutePart, VersionWay } from './routes.ts';
import type { Aligning } from './state.ts';
import type { Tally } from './verdicts.ts';

interface Share {
  readonly version: string;
  readonly weight: number;
}

/**
 * What becomes of the requests for a version whose Service some clusters lack: all lack it; none of the others has a ready pod behind it;
 * one answers; or it is not known, since the Services of some could not be listed.
 */
export type ElsewhereService = 'missing' | 'unready' | 'answers' | 'unknown';

/** Likely causes of a verdict. The kinds that end in `Title` are phrases; all others are whole sentences. */
export interface FindingMessages extends RivalFindings {
  readonly editedTitle: { readonly cluster: string };
  readonly edited: { readonly edit: Message };
  /** Within a sentence. */
  readonly weightEdit: {
    readonly object: string;
    readonly cluster: string;
    readonly found: Weights | undefined;
    readonly recorded: Weights;
    readonly by: Editor | undefined;
  };
  readonly disagreementTitle: object;
  readonly disagreement: { readonly held: Message };
  readonly otherWeightsTitle: { readonly clusters: readonly string[] };
  readonly otherWeights: { readonly held: Weights; readonly asked: Weights };

  readonly staleTitle: {
    readonly cluster: string;
    readonly pods: readonly string[];
    readonly revisions: readonly string[];
  };
  readonly stale: { readonly responses: number; readonly requests: number };
  readonly newerTitle: { readonly cluster: string };
  readonly newer: {
    readonly responses: number;
    readonly requests: number;
    readonly revisions: readonly string[];
    readonly latest: string;
  };

  readonly earlierRouteTitle: { readonly cluster: string };
  readonly earlierRoute: {
    readonly routes: readonly { readonly route: string; readonly object: string }[];
    readonly path: string;
    readonly seen: StraySeen;
  };
  readonly anotherRouteTitle: { readonly cluster: string };
  /** `namespace`: the only one that could be looked at */
  readonly anotherRoute: { readonly seen: StraySeen; readonly namespace: string | undefined };

  readonly noSubsetTitle: {
    /** Empty where the service has none. */
    readonly rules: readonly string[];
    readonly version: string;
    readonly cluster: string;
  };
  readonly noSubset: Share;
  readonly wrongPodsTitle: { readonly way: VersionWay; readonly body: string };
  readonly wrongPods: {
    readonly responses: number;
    readonly cluster: string;
    readonly header: string;
    readonly body: string;
    readonly way: VersionWay;
    readonly labels: string | undefined;
  };
  readonly overlapTitle: { readonly ways: readonly [VersionWay, VersionWay] };
  readonly overlap: {
    readonly versions: readonly [string, string];
    readonly ways: readonly [VersionWay, VersionWay];
    readonly labels: readonly [string, string];
    readonly pods: readonly OverlapPods[];
    readonly certain: boolean;
    readonly rule: { readonly name: string | undefined; readonly cluster: string };
    readonly wide: string;
  };
  readonly notReadyTitle: { readonly version: string };
  readonly notReady: Share & {
    /** The rule of its subset; undefined: no rule. */
    readonly rule: string | undefined;
    readonly service: string | undefined;
    readonly labels: string;
    readonly clusters: readonly string[];
    readonly pods: readonly string[];
  };
  readonly noReadyPod: Share & {
    readonly rule: string | undefined;
    readonly labels: string;
    readonly clusters: readonly string[];
  };
  readonly noSidecarTitle: { readonly version: string };
  readonly noSidecar: {
    readonly rules: readonly string[];
    readonly pods: readonly string[];
    readonly outsideMesh: boolean;
  };

  readonly conditionTitle: {
    readonly condition: string;
    readonly object: string | undefined;
    readonly cluster: string;
  };
  readonly conditionFalse: {
    readonly at: ConditionPlace;
    readonly condition: 'Accepted' | 'ResolvedRefs' | 'Programmed';
    readonly reason: string | undefined;
    readonly message: string | undefined;
  };
  readonly conditionUnreported: { readonly at: ConditionPlace; readonly condition: string };
  readonly conditionOutdated: {
    readonly at: ConditionPlace;
    readonly condition: string;
    readonly generation: number | undefined;
  };
  readonly unweightedTitle: { readonly rule: RoutePart; readonly cluster: string };
  readonly unweighted: { readonly object: string; readonly operation: Aligning };
  readonly serviceMissingTitle: { readonly service: string; readonly clusters: readonly string[] };
  readonly serviceMissing: {
    readonly version: string;
    readonly shares: readonly ClusterShare[];
    readonly elsewhere: ElsewhereService;
    readonly configured: boolean;
  };
  readonly foreignPodsTitle: { readonly service: string; readonly labels: readonly string[] };
  readonly foreignPods: {
    readonly clusters: readonly string[];
    readonly selector: string;
    readonly label: string;
    readonly version: string;
    readonly service: string;
  };
  readonly serviceNotReady: {
    readonly version: string;
    readonly shares: readonly ClusterShare[];
    readonly service: string;
    readonly selected: readonly { readonly labels: string; readonly clusters: readonly string[] }[];
    readonly pods: readonly string[];
  };

  readonly settingTitle: { readonly setting: BalancingSetting; readonly cluster: string };
  readonly setting: { readonly setting: BalancingSetting; readonly places: readonly SettingPlace[] };

  readonly requestsFailTitle: { readonly cluster: string };
  readonly requestsFail: {
    readonly requests: number;
    readonly url: string;
    readonly kinds: Tally;
    /** Where the status 404 was seen. */
    readonly notFound: { readonly path: string; readonly host: string | undefined } | undefined;
    /** The cluster whose gateway nobody reached. */
    readonly unreached: string | undefined;
  };

  readonly lookalikeTitle: { readonly cluster: string };
  readonly lookalike: {
    readonly route: RoutePart;
    readonly object: string;
    readonly path: string;
    readonly app: string;
    readonly revision: string | undefined;
  };
  readonly changedMeanwhileTitle: object;
  readonly changedMeanwhile: { readonly changes: readonly Message[] };
  /** Within a sentence. */
  readonly routeChange: {
    readonly place: string;
    readonly before: RevisionAndWeights;
    readonly now: RevisionAndWeights;
  };
  readonly foreignMarksTitle: object;
  readonly foreignMarks: {
    readonly cluster: string;
    readonly route: RoutePart;
    readonly object: string;
    readonly destination: string;
    readonly header: string;
  };
  readonly changedMarksTitle: { readonly cluster: string };
  readonly changedMarks: {
    readonly cluster: string;
    readonly route: RoutePart;
    readonly object: string;
    readonly header: string;
  };
}

export interface Editor {
  readonly manager: string;
  readonly time: string | undefined;
}

export interface RevisionAndWeights {
  readonly revision: string | undefined;
  readonly weights: Weights | undefined;
}

/** A pod, or all that a workload makes. */
export interface OverlapPods {
  readonly name: string;
  readonly isWorkload: boolean;
  readonly cluster: string;
}

/** What the routes of a cluster give to a version; `cluster` is undefined where all give the same. */
export interface ClusterShare {
  readonly cluster: string | undefined;
  readonly weight: number;
}

/** Of whom a condition is reported: an object, at one of its parents. */
export interface ConditionPlace {
  readonly object: string;
  readonly parent: { readonly name: string; readonly listener: string | undefined } | undefined;
}

export type BalancingSetting = 'consistentHash' | 'outlierDetection' | 'localityLbSetting';

export interface SettingPlace {
  readonly rule: string;
  readonly of: 'host' | 'port' | { readonly subset: string };
}

declare module '../message.ts' {
  interface MessageValues extends FindingMessages {}
}
