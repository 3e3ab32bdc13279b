import type { OmittedName } from '../../texts/catalogue/summary.ts';

/** A part of a text that may be omitted if the text is too long. */
export interface Piece {
  readonly text: string;
  /** Pieces of the highest rank are omitted first, and among equal ranks the last one; rank 0 always stays. */
  readonly rank: number;
  /** What it is, for the note on what was omitted; undefined for what always stays. */
  readonly name?: OmittedName;
  /** The piece that this one closes: both stay, or neither. */
  readonly endOf?: Piece;
}

/** What a summary omits first: the highest. */
export const RANK = {
  difference: 9,
  change: 7,
  detail: 6,
  passed: 5,
  event: 4,
  state: 3,
  cause: 2,
  notPassed: 1,
} as const;

export interface Shortened {
  readonly text: string;
  /** How many pieces were omitted, by name, in the order of their omission. */
  readonly omitted: ReadonlyMap<OmittedName, number>;
}

/** A piece that always stays. */
export function fixed(text: string): Piece {
  return { text, rank: 0 };
}

/** Pieces that are shown on demand. @param title as Markdown within a line */
export function folded(title: string, body: readonly Piece[]): readonly Piece[] {
  return [fixed(`<details><summary>${title}</summary>\n\n`), ...body, fixed('</details>\n\n')];
}

/** The length of a text in UTF-8. */
export function bytesOf(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/**
 * Joins pieces into a text of at most `limit` bytes (UTF-8), omitting as few as possible. If the remaining pieces still do not fit,
 * the text is cut at the end of a line.
 */
export function fit(pieces: readonly Piece[], limit: number): Shortened {
  let excess = pieces.reduce((sum, { text }) => sum + bytesOf(text), 0) - limit;
  const omitted = new Map<OmittedName, number>();
  const dropped = new Set<Piece>();
  const ends = new Map(pieces.flatMap((piece) => (piece.endOf === undefined ? [] : [[piece.endOf, piece]])));
  const expendable = pieces
    .map((piece, index) => ({ piece, index }))
    .filter(({ piece }) => piece.rank > 0)
    .toSorted((a, b) => b.piece.rank - a.piece.rank || b.index - a.index);
  for (const { piece } of expendable) {
    if (excess <= 0) break;
    const end = ends.get(piece);
    for (const one of end === undefined ? [piece] : [piece, end]) {
      dropped.add(one);
      excess -= bytesOf(one.text);
    }
    if (piece.name !== undefined) omitted.set(piece.name, (omitted.get(piece.name) ?? 0) + 1);
  }
  const text = pieces
    .filter((piece) => !dropped.has(piece))
    .map((piece) => piece.text)
    .join('');
  return { text: excess > 0 ? cutMarkdown(text, limit) : text, omitted };
}

/** As many whole lines of a text as fit, or if its first line is too long, as many characters. */
export function cut(text: string, limit: number): string {
  // No character has less than a byte.
  const bytes = Buffer.from(text.slice(0, Math.max(limit, 0) + 1), 'utf8');
  if (bytes.length <= limit) return text;
  // A character that was cut in half is decoded as a replacement character.
  const start = bytes
    .subarray(0, Math.max(limit, 0))
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  const end = start.lastIndexOf('\n');
  return end < 0 ? start : start.slice(0, end + 1);
}

const CLOSE = '\n</details>\n';

/** Like `cut`, for Markdown of ours: closes what is open, or it would swallow everything that follows. */
function cutMarkdown(text: string, limit: number): string {
  for (let room = limit; ; room -= CLOSE.length) {
    const short = cut(text, room);
    const closed = short + CLOSE.repeat(openIn(short));
    if (closed.length - short.length + room <= limit) return closed;
  }
}

function openIn(markdown: string): number {
  return markdown.split('<details>').length - markdown.split('</details>').length;
}
