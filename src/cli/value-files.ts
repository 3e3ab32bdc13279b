import { CanaryError } from '../core/errors.ts';
import { FILE_LIMITS, readBoundedFile } from '../core/read-file.ts';
import { inputPlace } from '../core/wording.ts';

/** The inputs that may hold a secret: as an argument, it would show in the list of processes. A kubeconfig is a path anyway. */
const FROM_FILES = ['headers', 'metrics-headers', 'github-token'];

/** The texts of the inputs; of a value `@FILE`, what is in the file. What cannot be read is a problem. */
export function readValueFiles(given: ReadonlyMap<string, string>): {
  readonly texts: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const read = (name: string, line: string): string => {
    if (!line.startsWith('@')) return line;
    const path = line.slice(1);
    try {
      return readBoundedFile(path, FILE_LIMITS.credential).trim();
    } catch (error) {
      if (!(error instanceof CanaryError)) throw error;
      problems.push(`${inputPlace(name)}: the file "${path}" ${error.message}.`);
      return '';
    }
  };
  const texts = [...given].map(([name, text]) => {
    const lines = text.split('\n');
    return [
      name,
      FROM_FILES.includes(name) ? lines.map((line) => read(name, line)).join('\n') : text,
    ] as const;
  });
  return { texts: new Map(texts), problems };
}
