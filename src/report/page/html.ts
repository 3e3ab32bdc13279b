import { shortenText } from '../shorten-text.ts';
import { visible } from '../visible.ts';

/** Markup that is safe in a page: only the template below creates it. */
export interface Html {
  readonly markup: string;
}

export type Content = Html | string | number | undefined | readonly Content[];

/** A template for HTML or SVG. Everything inserted is escaped, except Html. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return { markup: String.raw({ raw: parts }, ...contents.map(markupOf)) };
}

function markupOf(content: Content): string {
  if (content === undefined) return '';
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string') return escapeHtml(content);
  return isHtml(content) ? content.markup : content.map(markupOf).join('');
}

function isHtml(content: Html | readonly Content[]): content is Html {
  return 'markup' in content;
}

/** A text that no one reads to its end makes the page slow to open; report.json has all of it. */
const LONGEST_TEXT = 100_000;

/** Text for an element or for an attribute in double quotes. */
function escapeHtml(text: string): string {
  return visible(shortenText(text, LONGEST_TEXT))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
