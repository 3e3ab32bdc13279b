import { YAMLException, dump, loadAll } from 'js-yaml';
import type { Schema } from 'js-yaml';
import { formatBytes } from './bytes.ts';

/** More than any kubeconfig or manifest needs. */
const LIMITS = { maxDepth: 100, maxAliases: 1_000, maxTotalMergeKeys: 10_000 };
/** How deep values may be nested, aliases included: what works through them calls itself for each level. */
const DEEPEST = 200;
/** The characters and values of a text with its aliases written out: a few aliases of aliases can express billions. */
const LARGEST_EXPANSION = 8 * 1024 * 1024;

/**
 * The first document of a YAML or JSON text, as plain values; undefined for an empty one.
 *
 * @throws for text that is not YAML, and for aliases that express too much; see `isYamlError`
 */
export function parseYaml(text: string): unknown {
  return parseYamlDocuments(text)[0];
}

/** All documents of a text, with the tags of a schema. @throws as `parseYaml` does */
export function parseYamlDocuments(text: string, schema?: Schema): readonly unknown[] {
  const documents = loadAll(text, { ...LIMITS, ...(schema === undefined ? {} : { schema }) });
  assertExpandsWithin(documents, Math.max(LARGEST_EXPANSION, 2 * text.length));
  return documents;
}

interface Extent {
  readonly size: number;
  readonly height: number;
}

/** Aliases share values, which everything that prints or copies them repeats. Visits each value once. */
function assertExpandsWithin(documents: readonly unknown[], limit: number): void {
  const known = new Map<object, Extent>();
  const extentOf = (value: unknown, depth: number): Extent => {
    if (typeof value === 'string') return { size: value.length + 1, height: 0 };
    if (typeof value !== 'object' || value === null) return { size: 1, height: 0 };
    const earlier = known.get(value);
    // A value that contains itself never ends.
    if (depth + (earlier?.height ?? 0) > DEEPEST)
      throw new YAMLException(`its values are nested more than ${String(DEEPEST)} levels deep`);
    if (earlier !== undefined) return earlier;
    let size = 1;
    let height = 0;
    for (const [key, item] of Object.entries(value)) {
      const inner = extentOf(item, depth + 1);
      size += inner.size + key.length;
      height = Math.max(height, inner.height + 1);
      if (size > limit)
        throw new YAMLException(
          `with its aliases written out, it would have more than ${formatBytes(limit)}`,
        );
    }
    const extent = { size, height };
    known.set(value, extent);
    return extent;
  };
  for (const document of documents) extentOf(document, 0);
}

/** Whether an error says that a text is not YAML. Its message may quote the text, which may be secret. */
export function isYamlError(error: unknown): boolean {
  return error instanceof YAMLException;
}

/** Values as YAML, without references and without line breaks in long texts. */
export function formatYaml(value: unknown): string {
  return dump(value, { noRefs: true, lineWidth: -1 });
}
