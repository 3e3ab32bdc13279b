import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const SRC = join(import.meta.dirname, '../../src');

/** The files of src, by their paths in it. */
export const sources: readonly string[] = globSync('**/*.ts', { cwd: SRC }).toSorted();

export function textOfSource(file: string): string {
  return readFileSync(join(SRC, file), 'utf8');
}

/** The folder of src that a file belongs to; empty for an entry point. */
export function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : '';
}

/** What a file of src imports, types included: files of src by their paths, packages by their names. */
export function importsOf(file: string): readonly string[] {
  const { importedFiles } = ts.preProcessFile(textOfSource(file));
  return importedFiles.map(({ fileName }) =>
    fileName.startsWith('.') ? join(file, '..', fileName) : fileName,
  );
}
