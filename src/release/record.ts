import { z } from 'zod';
import type { KubeObject, VirtualService } from './objects.ts';
import type { Weights } from './weights.ts';

/** Annotation of the VirtualService in which the action keeps its state; nothing is kept anywhere else. */
export const RECORD_ANNOTATION = 'multicluster-canary/release';

/** How many earlier weights are kept to go back to. */
const HISTORY = 20;

/** What the action last did to a VirtualService. */
export interface ReleaseRecord {
  readonly app: string;
  /** Number of the last route change, as responses carry it. */
  readonly revision: number;
  /** The weights that this change put in force; undefined before the first. */
  readonly weights: Weights | undefined;
  /** The weights before them, the latest last: what a rollback gives back, one after the other. */
  readonly history: readonly Weights[];
}

/** The weights before those in force; undefined on a first install. */
export function previousOf(record: ReleaseRecord | undefined): Weights | undefined {
  return record?.history.at(-1);
}

const weights = z
  .record(z.string(), z.number())
  .transform((value): Weights => new Map(Object.entries(value)));
const schema = z.object({
  app: z.string(),
  revision: z.number(),
  weights: weights.optional(),
  history: z.array(weights).default([]),
});

/** Reads the record of a VirtualService; undefined where there is none, or none that can be read. */
export function recordOf(vs: KubeObject): ReleaseRecord | undefined {
  const text = vs.metadata.annotations?.[RECORD_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const { app, revision, weights, history } = schema.parse(JSON.parse(text));
    return { app, revision, weights, history };
  } catch {
    return undefined;
  }
}

/** The VirtualService with the record written into its annotation; the input is not modified. */
export function withRecord(vs: VirtualService, record: ReleaseRecord): VirtualService {
  const text = JSON.stringify({
    app: record.app,
    revision: record.revision,
    ...(record.weights === undefined ? {} : { weights: Object.fromEntries(record.weights) }),
    history: record.history.slice(-HISTORY).map((earlier) => Object.fromEntries(earlier)),
  });
  return {
    ...vs,
    metadata: { ...vs.metadata, annotations: { ...vs.metadata.annotations, [RECORD_ANNOTATION]: text } },
  };
}
