import type { Pieces } from '../../core/pieces.ts';
import type { FormatTexts } from '../../texts/catalogue/formats.ts';
import { shortenText } from '../shorten-text.ts';
import { visible } from '../visible.ts';

/** Markup that is safe in a page as it is: only the template below and our own style sheet. */
export interface Verbatim {
  readonly markup: string;
}

/** A part of a page, not yet as text. */
export interface Html {
  readonly parts: readonly string[];
  readonly contents: readonly Content[];
}

export type Content = Html | Verbatim | string | number | undefined | readonly Content[];

/** A template for HTML or SVG. Everything inserted is escaped, except Html and Verbatim. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return { parts, contents };
}

/** Characters of a page that are written in one go. */
const PIECE = 64 * 1024;

/** The text of a page or of a part of it. @param formats for the note on what is left out of a long text */
export function* rendering(content: Content, formats: FormatTexts): Pieces<string> {
  const pieces: string[] = [];
  let length = 0;
  // What is still to come, the next one last.
  const ahead: Content[] = [content];
  while (ahead.length > 0) {
    const next = ahead.pop();
    if (typeof next === 'object' && !('markup' in next)) {
      for (const one of contentsOf(next).toReversed()) ahead.push(one);
      continue;
    }
    const piece = typeof next === 'object' ? next.markup : escapeHtml(next, formats);
    pieces.push(piece);
    length += piece.length;
    if (length < PIECE) continue;
    length = 0;
    yield;
  }
  return pieces.join('');
}

function contentsOf(content: Html | readonly Content[]): readonly Content[] {
  if (!('parts' in content)) return content;
  return content.parts.flatMap((markup, i) => [{ markup }, content.contents[i]]);
}

/** A text that no one reads to its end makes the page slow to open; report.json has all of it. */
const LONGEST_TEXT = 100_000;

/** Text for an element or for an attribute in double quotes. */
function escapeHtml(text: string | number | undefined = '', formats: FormatTexts): string {
  if (typeof text === 'number') return String(text);
  return visible(shortenText(text, LONGEST_TEXT, formats))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
