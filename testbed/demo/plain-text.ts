import { decodeHTML } from 'entities';

/** The log as GitHub shows it: without the workflow commands around groups. */
export function plainLog(text: string): string {
  return text
    .replaceAll(/^::(?:save-state|endgroup)[^\n]*\n/gm, '')
    .replaceAll(/^::group::(.*)$/gm, '▸ $1')
    .replaceAll(/^::(error|warning|notice)[^:\n]*::/gm, (_, kind: string) => `${kind}: `)
    .replaceAll('%0A', '\n       ')
    .replaceAll('%25', '%');
}

/** The last phase that a piece of the log begins. */
export function phaseLine(text: string): string | undefined {
  const phase = [...text.matchAll(/^::group::(.*)$/gm)].at(-1)?.[1];
  return phase === undefined ? undefined : `   ${phase} …`;
}

/** A job summary without HTML, and without the diff of every object, which would fill hundreds of lines. */
export function plainSummary(summary: string): string {
  const text = summary
    .replaceAll(
      /<details[^>]*><summary>(.*?)<\/summary>((?:(?!<\/details>)[^])*)<\/details>/g,
      (_, title: string, content: string) =>
        content.includes('```diff') ? `- ${title}` : `${title}:\n${content}`,
    )
    .replaceAll(/<\/?(?:sub|b|strong|summary|details)>/g, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
  return decodeHTML(text).replaceAll('\u00A0', ' ').replaceAll('\u200B', '');
}
