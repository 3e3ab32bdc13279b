import { z } from 'zod';
import type { KubeObject, VirtualService } from './objects.ts';
import type { Weights } from './weights.ts';

/** Annotation of the VirtualService in which the action keeps its state; nothing is kept anywhere else. */
export const RECORD_ANNOTATION = 'multicluster-canary/release';

/** What the action last did to a VirtualService. */
export interface ReleaseRecord {
  readonly app: string;
  /** Number of the last route change, as responses carry it. */
  readonly revision: number;
  /** The weights that this change put in force; undefined before the first. */
  readonly weights: Weights | undefined;
  /** The weights before them; undefined on a first install. */
  readonly previous: Weights | undefined;
}

const weights = z
  .record(z.string(), z.number())
  .transform((value): Weights => new Map(Object.entries(value)))
  .optional();
const schema = z.object({ app: z.string(), revision: z.number(), weights, previous: weights });

/** Reads the record of a VirtualService; undefined where there is none, or none that can be read. */
export function recordOf(vs: KubeObject): ReleaseRecord | undefined {
  const text = vs.metadata.annotations?.[RECORD_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const { app, revision, weights, previous } = schema.parse(JSON.parse(text));
    return { app, revision, weights, previous };
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
    ...(record.previous === undefined ? {} : { previous: Object.fromEntries(record.previous) }),
  });
  return {
    ...vs,
    metadata: { ...vs.metadata, annotations: { ...vs.metadata.annotations, [RECORD_ANNOTATION]: text } },
  };
}
