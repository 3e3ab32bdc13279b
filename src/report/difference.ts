import { withPauses } from '../core/pieces.ts';
import type { Pieces } from '../core/pieces.ts';
import { sortedYaml } from '../core/sorted-yaml.ts';
import { contentOf, nameOf } from '../kubernetes/objects.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { unifiedDiff } from './line-diff.ts';

/** Lines around each change: enough to see which destination a weight belongs to. */
const CONTEXT = 4;
const NO_FILE = '/dev/null';
const HIDDEN = '***';

/**
 * The unified diff of an object's YAML, without server-managed fields and the values of a Secret. Keys are sorted, as in kubectl's
 * output.
 *
 * @param before undefined if the object is created
 * @param after undefined if it is deleted
 * @param pause between pieces of the work, which takes long for large objects
 * @returns lines without a final newline; empty if both are the same
 */
export async function differenceOf(
  before: KubeObject | undefined,
  after: KubeObject | undefined,
  pause: () => Promise<void>,
): Promise<string> {
  const object = after ?? before;
  if (object === undefined) return '';
  const earlier = before && (await withPauses(writingYaml(before), pause));
  const later = after && (await withPauses(writingYaml(after, before), pause));
  return withPauses(comparing(nameOf(object), earlier, later), pause);
}

/** The unified diff of two results of `writingYaml`, with `context` lines around each change. */
export function* comparing(
  name: string,
  before: string | undefined,
  after: string | undefined,
  context = CONTEXT,
): Pieces<string> {
  if (before === after) return '';
  const names = {
    before: before === undefined ? NO_FILE : name,
    after: after === undefined ? NO_FILE : name,
  };
  return (yield* unifiedDiff(names, before ?? '', after ?? '', context)).replace(/\n$/, '');
}

/** Whether a difference is from nothing. */
export function createsObject(difference: string): boolean {
  return difference.startsWith(`--- ${NO_FILE}\n`);
}

/** Of objects that several stages or reports show. */
const known = new WeakMap<KubeObject, string>();

/**
 * An object as YAML for people: with sorted keys, without server-managed fields and the values of a Secret.
 *
 * @param before the previous object: values of a Secret that differ from it are marked
 */
export function* writingYaml(object: KubeObject, before?: KubeObject): Pieces<string> {
  if (object.kind === 'Secret') return yield* sortedYaml(contentOf(withoutValues(object, before)));
  const text = known.get(object) ?? (yield* sortedYaml(contentOf(object)));
  known.set(object, text);
  return text;
}

/** A Secret with its values hidden; those that differ from `before` are marked, so that the diff shows them. */
function withoutValues(secret: KubeObject, before: KubeObject | undefined): KubeObject {
  const hidden = (field: string): object => {
    const values = secret[field];
    if (!isRecord(values)) return values === undefined ? {} : { [field]: HIDDEN };
    const earlier = before?.[field];
    const masked = Object.entries(values).map(([key, value]): readonly [string, string] => [
      key,
      isRecord(earlier) && key in earlier && earlier[key] !== value ? `${HIDDEN} (changed)` : HIDDEN,
    ]);
    return { [field]: Object.fromEntries(masked) };
  };
  // An annotation may contain a copy of the values, such as kubectl's last-applied-configuration.
  const { annotations, ...meta } = secret.metadata;
  const metadata = {
    ...meta,
    ...(annotations === undefined ? {} : { annotations: hiddenAnnotations(annotations) }),
  };
  return { ...secret, metadata, ...hidden('data'), ...hidden('stringData') };
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

function hiddenAnnotations(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return LAST_APPLIED in annotations ? { ...annotations, [LAST_APPLIED]: HIDDEN } : annotations;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
