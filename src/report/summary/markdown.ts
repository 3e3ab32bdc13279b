import { visible } from '../visible.ts';
import { cut } from './shorten.ts';

/** The length of a single text, such as an error or a reason; the job log has it in full. */
export const LONGEST_TEXT = 4_000;

/** Text from elsewhere: escaped, and no longer than anyone would read. */
export function text(raw: string): string {
  const short = cut(raw, LONGEST_TEXT);
  return short === raw ? escape(raw) : `${escape(short)} […]`;
}

/** Escapes text so that it stays text in Markdown and HTML, on one line and within one table cell. */
export function escape(raw: string): string {
  return (
    visible(raw)
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll(/[\\`*_[\]{}|~#@$]/g, (character) => `&#${String(character.charCodeAt(0))};`)
      .replaceAll('://', '&#58;//')
      // GitHub makes a link of it, without a scheme.
      .replaceAll(/(www)\./gi, '$1&#46;')
      // GitHub looks for mentions and references in the rendered text, where an entity is the character that it stands for.
      .replaceAll(/&#(?:35|64);/g, '$&&#8203;')
      .replaceAll(/\s+/g, ' ')
  );
}

/**
 * Text of ours in bold before something else. Not as `**`, which next to a full-width sign stays two asterisks
 * (https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run).
 */
export function strong(markdown: string): string {
  return `<strong>${markdown}</strong>`;
}

/** A cell that must not wrap on a narrow screen; only for our own text. */
export function unbroken(cell: string): string {
  return unbrokenWords(cell).replaceAll(' ', '&nbsp;');
}

/** With a word joiner between two Chinese characters, where a line may break otherwise. */
function unbrokenWords(cell: string): string {
  return cell.replaceAll(/(?<=\p{Script=Han})(?=\p{Script=Han})/gu, '&#8288;');
}

export function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The head of a table; only for our own titles. One that ends in `:` aligns its column to the right. */
export function tableHead(titles: readonly string[]): string {
  const names = titles.map((title) => unbrokenWords(title.replace(/:$/, '')));
  const rules = titles.map((title) => (title.endsWith(':') ? '---:' : '---'));
  return [row(names), row(rules)].join('\n');
}

/** A code block that its content cannot close: the fence is longer than any run of backticks in it. */
export function fenced(language: string, content: string): string {
  const shown = visible(content);
  const longest = (shown.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${shown}\n${fence}`;
}
