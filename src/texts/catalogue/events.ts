import type { Weights } from '../../core/weights.ts';
import type { Message } from '../message.ts';
import type { Editor } from './findings.ts';

/** What a run leaves behind, a whole sentence each. */
export interface EventMessages {
  readonly podsBack: {
    readonly object: string;
    readonly cluster: string;
    readonly images: readonly string[];
    readonly ready: boolean;
  };
  readonly podsNotReady: {
    readonly object: string;
    readonly cluster: string;
    readonly images: readonly string[];
    readonly error: string;
  };
  readonly podsNotBack: {
    readonly version: string;
    /** undefined if unknown */
    readonly weight: number | undefined;
    readonly object: string;
    readonly cluster: string;
    readonly images: readonly string[];
    readonly earlier: readonly string[];
    readonly why: Message;
    /** An image to go back by; undefined: by manifests. */
    readonly image: string | undefined;
  };
  /** Why pods were not restored, within a sentence. */
  readonly keptOnFailure: object;
  readonly lockTakenOver: object;
  readonly changedByOthers: object;

  readonly holdsAgain: { readonly cluster: string; readonly weights: Weights };
  readonly leftUnchanged: { readonly edit: Message };
  readonly notOurs: { readonly cluster: string; readonly weights: Weights | undefined };
  readonly arrivalUnseen: object;
  readonly notRestored: {
    readonly weights: Weights;
    readonly error: string;
    readonly inForce: Message | undefined;
  };
  /** What clusters hold, within a sentence. */
  readonly inForce: { readonly held: readonly { readonly place: string; readonly what: Message }[] };
  readonly unreadable: { readonly error: string };
  readonly notRecovered: {
    readonly cluster: string;
    readonly either: readonly Weights[];
    readonly error: string;
  };

  readonly noAnswerInTime: {
    readonly cluster: string;
    readonly either: readonly Weights[];
    readonly error: string;
  };
  readonly theyHold: {
    readonly held: readonly { readonly place: string; readonly weights: Weights | undefined }[];
  };

  readonly objectGone: { readonly object: string; readonly cluster: string };
  readonly objectReverted: { readonly object: string; readonly cluster: string; readonly first: boolean };
  readonly objectStays: { readonly object: string; readonly cluster: string };
  readonly objectUnreached: { readonly object: string; readonly cluster: string };
  readonly objectChanged: {
    readonly object: string;
    readonly cluster: string;
    readonly split: string | undefined;
    readonly by: Editor | undefined;
  };
  readonly objectNotReverted: {
    readonly object: string;
    readonly cluster: string;
    readonly state: 'ours' | 'awaited' | 'other';
    readonly error: string;
  };
  readonly splitRestored: {
    readonly object: string;
    readonly cluster: string;
    readonly split: string | undefined;
  };
}

/** Why an object is written or deleted: phrases. */
export interface ReasonMessages {
  readonly weightsSet: {
    readonly before: Weights | undefined;
    /** Set in between, by the same run, in the order of time. */
    readonly between?: readonly Weights[];
    readonly after: Weights;
  };
  readonly previews: { readonly versions: readonly string[] };
  readonly removedFromRoutes: { readonly version: string };
  readonly workloadOf: { readonly version: string };
  /** An object of a workload, such as its Service, which may be for several versions. */
  readonly forVersion: { readonly version: string };
  readonly namespaceNew: object;
  readonly namespaceOfRelease: object;
  readonly injection: { readonly injection: string };
  readonly subsetUnused: { readonly version: string };
  readonly subsets: { readonly versions: readonly string[]; readonly mutualTls: boolean };
  readonly subsetMissing: { readonly versions: readonly string[] };
  readonly entryPoint: object;
  readonly serviceForRoute: { readonly version: string };
  readonly serviceOf: { readonly version: string };
  readonly templateRestored: object;
  readonly notChanged: object;
  readonly reverted: object;
  readonly recoveredRoutes: object;
  readonly recoveredContent: object;
}

/** What a cluster holds, for the operation status. */
export interface StatusMessages {
  readonly clusterUnread: { readonly error: string };
  readonly noNamespace: { readonly namespace: string };
  readonly clusterState: { readonly routes: Message; readonly pods: Message };
  readonly servedElsewhere: object;
  readonly routesHold: {
    readonly held: readonly {
      readonly place: string | undefined;
      readonly what: Message;
      readonly isWeights: boolean;
    }[];
    readonly revision: number | undefined;
  };
  readonly noPods: { readonly app: string };
  readonly podsReady: {
    readonly versions: readonly { readonly version: string; readonly ready: number; readonly all: number }[];
  };
}

declare module '../message.ts' {
  interface MessageValues extends EventMessages, ReasonMessages, StatusMessages {}
}
