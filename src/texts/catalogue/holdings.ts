import type { Weights } from '../../core/weights.ts';
import type { Message } from '../message.ts';
import type { RoutePart } from './routes.ts';

/** What the routes of a cluster hold, within a sentence. */
export interface HoldingMessages {
  readonly heldWeights: { readonly weights: Weights };
  /** `object`: VirtualService or HTTPRoute */
  readonly noObject: { readonly object: string };
  readonly noRouteTo: { readonly app: string };
  readonly routeWithoutVersion: object;
  readonly unknownWeights: { readonly error: string };
  readonly weightsByRoute: {
    readonly routes: readonly {
      readonly object: string | undefined;
      readonly route: RoutePart;
      readonly weights: Weights | undefined;
    }[];
  };
  readonly heldByEach: { readonly held: readonly { readonly place: string; readonly what: Message }[] };
}

/** How messages are put together. */
export interface SentenceMessages {
  readonly sentence: { readonly phrase: Message };
  readonly findingLine: { readonly title: Message; readonly detail: Message };
}

declare module '../message.ts' {
  interface MessageValues extends HoldingMessages, SentenceMessages {}
}
