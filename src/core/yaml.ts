import { YAMLException, dump, loadAll } from 'js-yaml';

/**
 * The first document of a YAML or JSON text, as plain values; undefined for an empty one.
 *
 * @throws for text that is not YAML; see `isYamlError`
 */
export function parseYaml(text: string): unknown {
  return loadAll(text)[0];
}

/** Whether an error says that a text is not YAML. Its message may quote the text, which may be secret. */
export function isYamlError(error: unknown): boolean {
  return error instanceof YAMLException;
}

/** Values as YAML, without references and without line breaks in long texts. */
export function formatYaml(value: unknown): string {
  return dump(value, { noRefs: true, lineWidth: -1 });
}
