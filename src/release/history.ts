import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { CanaryError } from '../core/errors.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { storedWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';

/**
 * Annotation of the VirtualService or HTTPRoute in which the action keeps its state; nothing is kept anywhere else. It holds a record, or
 * a list of them where several apps share the object.
 */
export const RECORD_ANNOTATION = 'multicluster-canary/release';

/** The format of the records that this version writes and reads. A record without a number is of the first. */
const FORMAT = 1;

/** How many earlier weights are kept to go back to. */
const HISTORY = 20;

/** What the action last did to a route object. */
export interface ReleaseRecord {
  readonly app: string;
  /** Number of the last route change, as responses carry it. */
  readonly revision: number;
  /** The weights that this change put in force; undefined before the first. */
  readonly weights: Weights | undefined;
  /** The weights before them, the latest last: a rollback restores one after the other. */
  readonly history: readonly Weights[];
}

/** The weights before those in force; undefined on a first install. */
export function previousOf(record: ReleaseRecord | undefined): Weights | undefined {
  return record?.history.at(-1);
}

const schema = z.object({
  format: z.literal(FORMAT).optional(),
  app: z.string(),
  revision: z.int().min(0),
  weights: storedWeights.optional(),
  history: z.array(storedWeights).default([]),
});

/** One record as the annotation holds it: that of another version of the action may not be understood, and is kept. */
interface Entry {
  readonly raw: unknown;
  readonly app: string | undefined;
  readonly record: ReleaseRecord | undefined;
}

/** Reads the record of an app; undefined where there is none, or none that is understood (see `recordProblem`). */
export function recordOf(vs: KubeObject, app: string): ReleaseRecord | undefined {
  return entriesIn(recordText(vs))?.find((entry) => entry.app === app)?.record;
}

/** Why the record of an app cannot be read, with the remedy; undefined where it can, or where there is none. */
export function recordProblem(vs: KubeObject, app: string): string | undefined {
  const text = recordText(vs);
  const entries = entriesIn(text);
  const where = `The annotation ${RECORD_ANNOTATION} of ${nameOf(vs)}`;
  if (entries === undefined)
    return `${where} is not JSON, so the release history in it cannot be read. Correct it, or remove the annotation to start a new history.`;
  const own = entries.find((entry) => entry.app === app);
  if (own === undefined || own.record !== undefined) return undefined;
  return `${where} holds a record of ${app} that this version of the action does not understand: ${JSON.stringify(own.raw)}. A newer version may have written it: use that version, or remove the annotation to start a new history.`;
}

/**
 * The object with the record of its app written into its annotation; the records of other apps stay, whether they are
 * understood or not. The input is not modified.
 *
 * @throws CanaryError where a record of the app exists that is not understood
 */
export function withRecord<T extends KubeObject>(object: T, record: ReleaseRecord): T {
  const problem = recordProblem(object, record.app);
  if (problem !== undefined) throw new CanaryError(problem);
  const entries = entriesIn(recordText(object)) ?? [];
  const own = entries.find((entry) => entry.app === record.app);
  const kept: ReleaseRecord = { ...record, history: record.history.slice(-HISTORY) };
  if (own !== undefined && isDeepStrictEqual(own.record, kept)) return object;
  const raw = plain(kept);
  const all =
    own === undefined ? [...entries.map(rawOf), raw] : entries.map((one) => (one === own ? raw : one.raw));
  return {
    ...object,
    metadata: {
      ...object.metadata,
      annotations: { ...object.metadata.annotations, [RECORD_ANNOTATION]: textFor(all) },
    },
  };
}

/**
 * The text of a record annotation with one change to it undone; what others wrote into it since stays.
 *
 * @param before the text before the change, `after` the one that the change wrote
 * @returns undefined where nothing is left to store
 */
export function revertedRecords(
  live: string | undefined,
  before: string | undefined,
  after: string | undefined,
): string | undefined {
  if (live === after) return before;
  const [now, earlier] = [entriesIn(live) ?? [], entriesIn(before) ?? []];
  const own = changedApps(before, after);
  const all = now.flatMap((entry) =>
    entry.app !== undefined && own.has(entry.app)
      ? earlier.filter(({ app }) => app === entry.app).map(rawOf)
      : [entry.raw],
  );
  return all.length === 0 ? undefined : textFor(all);
}

/** Whether a record annotation holds what a change wrote into it, whatever others wrote beside. */
export function holdsRecords(
  live: string | undefined,
  before: string | undefined,
  after: string | undefined,
): boolean {
  const of = (text: string | undefined, app: string): unknown =>
    entriesIn(text)?.find((entry) => entry.app === app)?.raw;
  return [...changedApps(before, after)].every((app) => isDeepStrictEqual(of(live, app), of(after, app)));
}

/** The apps whose records differ between two texts. */
function changedApps(before: string | undefined, after: string | undefined): ReadonlySet<string> {
  const entries = [...(entriesIn(before) ?? []), ...(entriesIn(after) ?? [])];
  const rawIn = (text: string | undefined, app: string): unknown =>
    entriesIn(text)?.find((entry) => entry.app === app)?.raw;
  const apps = entries.flatMap(({ app }) => (app === undefined ? [] : [app]));
  return new Set(apps.filter((app) => !isDeepStrictEqual(rawIn(before, app), rawIn(after, app))));
}

function recordText({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[RECORD_ANNOTATION];
}

/** undefined where the text is not JSON */
function entriesIn(text = ''): readonly Entry[] | undefined {
  if (text.trim() === '') return [];
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return undefined;
  }
  return [content].flat().flatMap((raw: unknown): Entry[] => {
    if (raw === null) return [];
    const { success, data } = schema.safeParse(raw);
    if (!success) return [{ raw, app: appIn(raw), record: undefined }];
    const { app, revision, weights, history } = data;
    return [{ raw, app, record: { app, revision, weights, history } }];
  });
}

function appIn(raw: unknown): string | undefined {
  const named = z.object({ app: z.string() }).safeParse(raw);
  return named.data?.app;
}

function rawOf({ raw }: Entry): unknown {
  return raw;
}

/** A record alone is written as it is, several as a list. */
function textFor([first, ...others]: readonly unknown[]): string {
  return JSON.stringify(others.length === 0 ? first : [first, ...others]);
}

function plain({ app, revision, weights, history }: ReleaseRecord): Readonly<Record<string, unknown>> {
  return {
    format: FORMAT,
    app,
    revision,
    ...(weights === undefined ? {} : { weights: Object.fromEntries(weights) }),
    history: history.map((earlier) => Object.fromEntries(earlier)),
  };
}
