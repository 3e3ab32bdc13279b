/** Copies the commits and version comments of pinned actions from the workflows, which Dependabot updates, to the workflows on the pages. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { glob } from 'tinyglobby';

const root = join(import.meta.dirname, '..');

/** An action and its pin: `actions/checkout`, `0123… # v1.0.0`. */
const PINNED = /(?<=\buses: )(?<action>[^\s@]+)@(?<pin>[0-9a-f]{40} # v[\d.]+)$/gm;

/**
 * @param sources texts whose pins are the right ones
 * @returns the text with their pins; what they do not pin stays as it is
 */
export function copyPins(sources: readonly string[], text: string): string {
  const pins = new Map<string, string>();
  for (const source of sources) {
    for (const { groups } of source.matchAll(PINNED)) {
      const { action, pin } = groups ?? {};
      if (action !== undefined && pin !== undefined) pins.set(action, pin);
    }
  }
  return text.replaceAll(PINNED, (whole, action: string) => {
    const pin = pins.get(action);
    return pin === undefined ? whole : `${action}@${pin}`;
  });
}

const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

if (process.argv[1] === import.meta.filename) {
  const workflows = await glob('{.github,examples}/workflows/*.yml', { cwd: root, dot: true });
  const pages = await glob(['*.md', 'docs/**/*.md'], { cwd: root });
  const sources = await Promise.all(workflows.toSorted().map(read));
  for (const page of pages) {
    const text = await read(page);
    const pinned = copyPins(sources, text);
    if (pinned !== text) await writeFile(join(root, page), pinned);
  }
}
