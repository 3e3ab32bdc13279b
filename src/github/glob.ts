import { posix } from 'node:path';
import { CanaryError } from '../core/errors.ts';

/**
 * Globs whose time to match is bounded: `*`, `?`, `[a-z]`, `**` and `{a,b}`. As regular expressions, globs with many wildcards
 * take exponential time for some names, and whoever writes a glob in a pull request can add such a name.
 */
export interface Glob {
  /** The folder up to the first wildcard, or all of a path without one. */
  readonly base: string;
  /** The rest, by segment; empty for a path without wildcards. */
  readonly segments: readonly Segment[];
}

export type Segment = typeof ANY_FOLDERS | readonly Token[];
type Token = { readonly kind: 'any' } | OneCharacter;

interface OneCharacter {
  readonly kind: 'one';
  readonly fits: (character: string) => boolean;
  /** As in a shell, a wildcard does not match a dot at the beginning of a name. */
  readonly fitsLeadingDot: boolean;
}

/** `**`: any number of folders, also none. */
export const ANY_FOLDERS = '**';

const LONGEST = 1_000;
const MOST_ALTERNATIVES = 100;

/** What a pattern means, with its alternatives as globs of their own. @throws CanaryError that says what is not supported */
export function parseGlob(pattern: string): readonly Glob[] {
  if (pattern.length > LONGEST)
    throw new CanaryError(`is longer than ${String(LONGEST)} characters; name the files by shorter globs`);
  if (pattern.startsWith('!'))
    throw new CanaryError('would exclude files, which is not supported; name the files to include');
  if (/(?<!\\)[?*+@!]\(/.test(pattern))
    throw new CanaryError(
      'contains an extended pattern such as +(a|b), which is not supported; use {a,b}, or several globs',
    );
  return alternativesOf(pattern).map(globOf);
}

/** Written out from the left; what was written out is not looked at again. */
function alternativesOf(pattern: string): readonly string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const group = firstGroup(next);
    if (group === undefined) done.push(next);
    else open.push(...group.toReversed());
    if (done.length + open.length > MOST_ALTERNATIVES)
      throw new CanaryError(
        `has more than ${String(MOST_ALTERNATIVES)} alternatives in braces; use a wildcard, or several globs`,
      );
  }
  return done;
}

/** A pattern once for each alternative of its first group in braces; undefined where it has none. */
function firstGroup(pattern: string): readonly string[] | undefined {
  for (const start of positionsOf(pattern, '{')) {
    const group = groupAt(pattern, start);
    if (group === undefined) continue;
    const [before, after] = [pattern.slice(0, start), pattern.slice(group.end)];
    return group.parts.map((part) => `${before}${part}${after}`);
  }
  return undefined;
}

/** Where a character occurs without a backslash before it. */
function positionsOf(pattern: string, character: string): readonly number[] {
  return [...pattern.matchAll(/\\.|[^\\]/gs)]
    .filter(([found]) => found === character)
    .map(({ index }) => index);
}

function groupAt(
  pattern: string,
  start: number,
): { readonly parts: readonly string[]; readonly end: number } | undefined {
  const parts: string[] = [];
  let depth = 0;
  let from = start + 1;
  for (let at = start; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === '\\') at += 1;
    else if (character === '{') depth += 1;
    else if (character === ',' && depth === 1) {
      parts.push(pattern.slice(from, at));
      from = at + 1;
    } else if (character === '}' && (depth -= 1) === 0) {
      const last = pattern.slice(from, at);
      const all = parts.length === 0 ? rangeOf(last) : [...parts, last];
      return all && { parts: all, end: at + 1 };
    }
  }
  return undefined;
}

/** `1..9` */
function rangeOf(text: string): readonly string[] | undefined {
  const [, from, to] = /^(\d{1,9})\.\.(\d{1,9})$/.exec(text) ?? [];
  if (from === undefined || to === undefined) return undefined;
  const [low, high] = [Number(from), Number(to)].toSorted((a, b) => a - b);
  const length = Math.min((high ?? 0) - (low ?? 0), MOST_ALTERNATIVES) + 1;
  return Array.from({ length }, (_, i) => String((low ?? 0) + i));
}

function globOf(pattern: string): Glob {
  const segments = posix.normalize(pattern).split('/');
  const wild = segments.findIndex(isWild);
  const plain = (wild < 0 ? segments : segments.slice(0, wild)).map(withoutEscapes);
  const rest = wild < 0 ? [] : segments.slice(wild);
  return {
    base: plain.length === 1 && plain[0] === '' ? '/' : plain.join('/'),
    // Several in a row mean the same as one.
    segments: rest
      .filter((segment, i) => segment !== ANY_FOLDERS || rest[i - 1] !== ANY_FOLDERS)
      .map((segment) => (segment === ANY_FOLDERS ? ANY_FOLDERS : tokensOf(segment))),
  };
}

function isWild(segment: string): boolean {
  return /[*?[]/.test(segment.replaceAll(/\\./gs, ''));
}

function withoutEscapes(segment: string): string {
  return segment.replaceAll(/\\(.)/gs, '$1');
}

function tokensOf(segment: string): readonly Token[] {
  const parts = segment.matchAll(/\\(?<escaped>.)|\[(?<negated>[!^]?)(?<set>\]?[^\]]*)\]|(?<other>.)/gsu);
  return [...parts].map(({ groups = {} }): Token => {
    const { escaped, negated, set, other } = groups;
    if (set !== undefined) {
      const isIn = setOf(set);
      return negated === '' ? one(isIn, isIn('.')) : one((character) => !isIn(character));
    }
    if (other === '*') return { kind: 'any' };
    if (other === '?') return one(() => true);
    const wanted = escaped ?? other;
    return one((character) => character === wanted, wanted === '.');
  });
}

function one(fits: OneCharacter['fits'], fitsLeadingDot = false): OneCharacter {
  return { kind: 'one', fits, fitsLeadingDot };
}

/** `a-z_` */
function setOf(text: string): (character: string) => boolean {
  const ranges = [...text.matchAll(/(?<from>.)-(?<to>.)|(?<single>.)/gsu)].map(({ groups = {} }) => ({
    from: groups['from'] ?? groups['single'] ?? '',
    to: groups['to'] ?? groups['single'] ?? '',
  }));
  return (character) => ranges.some(({ from, to }) => from <= character && character <= to);
}

/** Whether the name of a file or folder matches a segment. */
export function matchesSegment(segment: readonly Token[], name: string): boolean {
  const characters = Array.from(name);
  const [first] = segment;
  if (name.startsWith('.') && !(first?.kind === 'one' && first.fitsLeadingDot)) return false;
  let at = 0;
  let token = 0;
  /** Where the last `*` is, and how far it reaches: an earlier one never has to be tried again. */
  let star = -1;
  let reach = 0;
  while (at < characters.length) {
    const current = segment[token];
    if (current?.kind === 'one' && current.fits(characters[at] ?? '')) {
      at += 1;
      token += 1;
    } else if (current?.kind === 'any') {
      star = token;
      reach = at;
      token += 1;
    } else if (star >= 0) {
      reach += 1;
      at = reach;
      token = star + 1;
    } else return false;
  }
  return segment.slice(token).every(({ kind }) => kind === 'any');
}
