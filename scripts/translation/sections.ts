import { createHash } from 'node:crypto';
import GithubSlugger from 'github-slugger';
import { load } from 'js-yaml';
import { Lexer, walkTokens } from 'marked';
import { z } from 'zod';

/** A part of a text that is translated as a whole. */
export interface Section {
  /** Its anchor on a page, or its key in a YAML file. */
  readonly id: string;
  /** The level of its heading; 0 without a heading. */
  readonly level: number;
  readonly hash: string;
}

/** What stands between the markers of a generated table; its descriptions are sections of their own. */
const GENERATED = /<!-- (\w+) -->.*?<!-- \/\1 -->/gs;

/**
 * Splits a page at its headings.
 *
 * @param omitted anchors of sections that have no counterpart
 */
export function sectionsOfPage(markdown: string, omitted: readonly string[] = []): readonly Section[] {
  const slugger = new GithubSlugger();
  const parts: { readonly id: string; readonly level: number; text: string }[] = [];
  for (const token of new Lexer().lex(markdown.replaceAll(GENERATED, ''))) {
    if (token.type === 'heading') {
      const { text, depth } = headingToken.parse(token);
      parts.push({ id: slugger.slug(text), level: depth, text: '' });
    }
    const part = parts.at(-1);
    if (part !== undefined) part.text += token.raw;
  }
  return parts
    .filter(({ id }) => !omitted.includes(id))
    .map(({ id, level, text }) => ({ id, level, hash: hashOf(text) }));
}

/** The descriptions of inputs and outputs in action.yml, or in a file with the same keys. */
export function sectionsOfDescriptions(yaml: string): readonly Section[] {
  const { inputs, outputs } = descriptions.parse(load(yaml));
  return Object.entries({ inputs, outputs }).flatMap(([group, entries]) =>
    Object.entries(entries).map(([name, text]) => ({ id: `${group}.${name}`, level: 0, hash: hashOf(text) })),
  );
}

/** The code blocks of a page, without comments, which are translated. */
export function codeOf(markdown: string): readonly string[] {
  const blocks: string[] = [];
  void walkTokens(new Lexer().lex(markdown), (token) => {
    if (token.type === 'code') blocks.push(codeToken.parse(token).text.replaceAll(/(^|\s+)# .*$/gm, ''));
  });
  return blocks;
}

/** How many rows and items the tables and lists of a page have: a translation leaves none out. */
export function shapeOf(markdown: string): readonly string[] {
  return new Lexer().lex(markdown).flatMap((token) => {
    if (token.type === 'table') return [`table of ${String(tableToken.parse(token).rows.length)} rows`];
    if (token.type === 'list') return [`list of ${String(listToken.parse(token).items.length)} items`];
    return token.type === 'heading' ? [`heading of level ${String(headingToken.parse(token).depth)}`] : [];
  });
}

const headingToken = z.object({ text: z.string(), depth: z.number() });
const tableToken = z.object({ rows: z.array(z.unknown()) });
const listToken = z.object({ items: z.array(z.unknown()) });
const codeToken = z.object({ text: z.string() });

const description = z.union([
  z.string(),
  z.object({ description: z.string() }).transform((entry) => entry.description),
]);
const descriptions = z.object({
  inputs: z.record(z.string(), description),
  outputs: z.record(z.string(), description),
});

/** Where lines break, how wide tables are, and to which commit an action is pinned does not concern a translation. */
function hashOf(text: string): string {
  const words = text
    .replaceAll(/@[0-9a-f]{40} # v[\d.]+/g, '')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return createHash('sha256').update(words).digest('hex').slice(0, 12);
}
