import type { LocatedDocument, ValuePath } from '../located-yaml.ts';

/** Reads the fields of a template, and collects what is wrong with them, each at its place. */
export class TemplateReader {
  readonly problems: { readonly path: ValuePath; readonly message: string }[] = [];
  readonly value: unknown;

  constructor({ value }: LocatedDocument) {
    this.value = value;
  }

  report(path: ValuePath, message: string): void {
    this.problems.push({ path, message });
  }

  at(path: ValuePath): unknown {
    return path.reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Readonly<Record<PropertyKey, unknown>>)[key]
          : undefined,
      this.value,
    );
  }

  /** The text at a path; undefined if there is none, which is a problem where it is not text. */
  text(path: ValuePath): string | undefined {
    const value = this.at(path);
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value.trim();
    this.report(path, 'is not text');
    return undefined;
  }

  /** The paths of the items of a list. */
  items(path: ValuePath): readonly ValuePath[] {
    const value = this.at(path);
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value.map((_, i) => [...path, i]);
    this.report(path, 'is not a list');
    return [];
  }

  /** Reports the keys of a mapping that are not read, for what they would change. */
  refuseOthers(path: ValuePath, read: readonly string[], ignored: readonly string[]): void {
    const value = this.at(path);
    if (value === undefined || value === null) return;
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.report(path, 'is not a mapping');
      return;
    }
    for (const key of Object.keys(value))
      if (!read.includes(key) && !ignored.includes(key))
        this.report(
          [...path, key],
          'is not supported; remove it, or write the metric in the list metrics instead',
        );
  }

  /** What `read` returns; what it throws is a problem at the path. */
  try<T>(path: ValuePath, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.report(path, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }
}
