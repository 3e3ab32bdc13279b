/** A part of a text that may be left out where there is no room. */
export interface Piece {
  readonly text: string;
  /** Pieces of the highest rank go first, of the same rank the last one first; those of rank 0 stay. */
  readonly rank: number;
  /** What a reader would call it: `difference`; for the note that tells what was left out. */
  readonly name: string;
}

export interface Shortened {
  readonly text: string;
  /** How many pieces were left out, by name, in the order in which they went. */
  readonly left: ReadonlyMap<string, number>;
}

/** A part that stays. */
export function fixed(text: string): Piece {
  return { text, rank: 0, name: '' };
}

/** The length of a text in UTF-8. */
export function bytesOf(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/**
 * Joins pieces into a text of at most `limit` bytes (UTF-8): leaves out as few of them as it takes. Only where those that
 * stay do not fit by themselves is the text cut, at the end of a line.
 */
export function fit(pieces: readonly Piece[], limit: number): Shortened {
  let excess = pieces.reduce((sum, { text }) => sum + bytesOf(text), 0) - limit;
  const left = new Map<string, number>();
  const gone = new Set<Piece>();
  const expendable = pieces
    .map((piece, index) => ({ piece, index }))
    .filter(({ piece }) => piece.rank > 0)
    .toSorted((a, b) => b.piece.rank - a.piece.rank || b.index - a.index);
  for (const { piece } of expendable) {
    if (excess <= 0) break;
    gone.add(piece);
    excess -= bytesOf(piece.text);
    left.set(piece.name, (left.get(piece.name) ?? 0) + 1);
  }
  const text = pieces
    .filter((piece) => !gone.has(piece))
    .map((piece) => piece.text)
    .join('');
  return { text: excess > 0 ? cut(text, limit) : text, left };
}

/** As many whole lines of a text as fit, or where its first line is too long, as many characters. */
export function cut(text: string, limit: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= limit) return text;
  // A character that was cut in its middle is decoded as a replacement character.
  const start = bytes
    .subarray(0, Math.max(limit, 0))
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  const end = start.lastIndexOf('\n');
  return end < 0 ? start : start.slice(0, end + 1);
}
