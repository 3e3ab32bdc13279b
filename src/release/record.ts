import { z } from 'zod';
import type { KubeObject, VirtualService } from './objects.ts';
import type { Weights } from './weights.ts';

/**
 * Annotation of the VirtualService in which the action keeps its state; nothing is kept anywhere else. It holds a record, or
 * a list of them where several apps share the VirtualService.
 */
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

/** Reads the record of an app; undefined where there is none, or none that can be read. */
export function recordOf(vs: KubeObject, app: string): ReleaseRecord | undefined {
  return recordsIn(vs).find((record) => record.app === app);
}

/** The VirtualService with the record of its app written into its annotation, beside those of others; the input is not modified. */
export function withRecord(vs: VirtualService, record: ReleaseRecord): VirtualService {
  const standing = recordsIn(vs);
  const records = standing.some(({ app }) => app === record.app)
    ? standing.map((one) => (one.app === record.app ? record : one))
    : [...standing, record];
  const [first, ...others] = records.map(plain);
  const text = JSON.stringify(others.length === 0 ? first : [first, ...others]);
  return {
    ...vs,
    metadata: { ...vs.metadata, annotations: { ...vs.metadata.annotations, [RECORD_ANNOTATION]: text } },
  };
}

function recordsIn(vs: KubeObject): readonly ReleaseRecord[] {
  const text = vs.metadata.annotations?.[RECORD_ANNOTATION];
  if (text === undefined) return [];
  try {
    return [JSON.parse(text) as unknown].flat().map((one) => {
      const { app, revision, weights, history } = schema.parse(one);
      return { app, revision, weights, history };
    });
  } catch {
    return [];
  }
}

function plain({ app, revision, weights, history }: ReleaseRecord): Readonly<Record<string, unknown>> {
  return {
    app,
    revision,
    ...(weights === undefined ? {} : { weights: Object.fromEntries(weights) }),
    history: history.slice(-HISTORY).map((earlier) => Object.fromEntries(earlier)),
  };
}
