import { visible } from '../format.ts';

/** Text that stays text in Markdown and HTML, within one cell of a table. */
export function escape(text: string): string {
  return (
    visible(text)
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll(/[\\`*_[\]{}|~#@$]/g, (character) => `&#${String(character.charCodeAt(0))};`)
      .replaceAll('://', '&#58;//')
      // GitHub looks for people and issues in the finished text, where an entity is the character that it stands for.
      .replaceAll(/&#(?:35|64);/g, '$&&#8203;')
      .replaceAll(/\s+/g, ' ')
  );
}

export function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The head of a table; a title that ends in `:` is of a column aligned to the right. */
export function tableHead(titles: readonly string[]): string {
  const names = titles.map((title) => title.replace(/:$/, ''));
  const rules = titles.map((title) => (title.endsWith(':') ? '---:' : '---'));
  return [row(names), row(rules)].join('\n');
}

/** A code block that its text cannot end: the fence is longer than any run of backticks in it. */
export function fenced(language: string, text: string): string {
  const shown = visible(text);
  const runs = shown.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(2, ...runs.map(({ length }) => length)) + 1);
  return `${fence}${language}\n${shown}\n${fence}`;
}
