import type { FormatTexts } from '../texts/catalogue/formats.ts';

/** Shortens a text for one place that shows it, and says by how much. Every place that shows texts from elsewhere does so last. */

/**
 * The beginning of a text, up to `limit` characters: `… (35,999,000 more characters)`.
 *
 * @param unread the characters that follow the text
 */
export function shortenText(text: string, limit: number, formats: FormatTexts, unread = 0): string {
  if (text.length <= limit && unread === 0) return text;
  const start = wholeCharacters(text, limit);
  return `${start}${formats.moreCharacters(text.length - start.length + unread)}`;
}

/** No line of a shortened text is longer. */
const WIDTH = 2_000;

/** The first `limit` lines of a text, none longer than 2,000 characters. */
export function shortenLines(text: string, limit: number, formats: FormatTexts): string {
  const lines = text.split('\n', limit);
  const kept = lines.map((line) => shortenText(line, WIDTH, formats)).join('\n');
  // Counted without making an array of them, of which there may be millions.
  let total = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) total += 1;
  return total <= limit ? kept : `${kept}\n${formats.moreLines(total - limit)}`;
}

/** The first characters of a text, of at most `limit` UTF-16 units: no half of a surrogate pair is left. */
export function wholeCharacters(text: string, limit: number): string {
  return text.slice(0, limit).replace(/[\uD800-\uDBFF]$/, '');
}
