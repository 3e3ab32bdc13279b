import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import GithubSlugger from 'github-slugger';
import { Lexer, walkTokens } from 'marked';
import type { Token } from 'marked';
import { globSync } from 'tinyglobby';

const root = join(import.meta.dirname, '../..');

/** Folders that hold other people's pages, or what a build makes. */
const ignore = ['node_modules', 'dist', 'lib', 'coverage'].map((folder) => `**/${folder}/**`);

/** All pages of the repository, as paths from its root. */
export const pages = globSync('**/*.md', { cwd: root, ignore }).toSorted();

export interface CodeBlock {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

/** What a test wants to know of a page. */
export interface Page {
  readonly links: readonly string[];
  /** The anchors of its headings, as GitHub makes them. */
  readonly anchors: readonly string[];
  readonly code: readonly CodeBlock[];
}

/** Reads a page of the repository. */
export function readPage(path: string): Page {
  const slugger = new GithubSlugger();
  const links: string[] = [];
  const anchors: string[] = [];
  const code: CodeBlock[] = [];
  void walkTokens(new Lexer().lex(readFileSync(join(root, path), 'utf8')), (token: Token) => {
    if (isOf(token, 'link') || isOf(token, 'image')) links.push(token.href);
    if (isOf(token, 'heading')) anchors.push(slugger.slug(token.text));
    if (isOf(token, 'code')) code.push({ page: path, language: token.lang ?? '', text: token.text });
  });
  return { links, anchors, code };
}

/** The tables of a page: their rows without the head, each cell as text. */
export function readTables(path: string): readonly (readonly (readonly string[])[])[] {
  return new Lexer()
    .lex(readFileSync(join(root, path), 'utf8'))
    .filter((token) => isOf(token, 'table'))
    .map(({ rows }) => rows.map((row) => row.map(({ text }) => text)));
}

/** The YAML files of a folder of the repository. */
export function yamlFilesIn(folder: string): readonly CodeBlock[] {
  return globSync(`${folder}/**/*.{yml,yaml}`, { cwd: root })
    .toSorted()
    .map((page) => ({ page, language: 'yaml', text: readFileSync(join(root, page), 'utf8') }));
}

/** Whether a path from the root of the repository leads to a file or a folder. */
export function exists(path: string): boolean {
  return existsSync(join(root, path));
}

interface Kinds {
  readonly link: { readonly href: string };
  readonly image: { readonly href: string };
  readonly heading: { readonly text: string };
  readonly table: { readonly rows: readonly (readonly { readonly text: string }[])[] };
  readonly code: { readonly lang?: string; readonly text: string };
}

/** The library's own union has an open member, by which its tokens cannot be told apart. */
function isOf<Kind extends keyof Kinds>(token: Token, kind: Kind): token is Token & Kinds[Kind] {
  return token.type === kind;
}
