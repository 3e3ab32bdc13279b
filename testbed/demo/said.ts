import { marked } from 'marked';
import type { Language } from '../../src/texts/language.ts';
import { textsIn } from '../../src/texts/texts.ts';
import { plainSummary } from './plain-text.ts';

/** What a run says first, in its language; report.json is in English. */
export interface Said {
  readonly headline: string;
  readonly currentState: string | undefined;
  readonly nextStep: string | undefined;
  /** The likely cause. */
  readonly cause: string | undefined;
}

/** Reads it from the job summary, whose first paragraphs it is. */
export function saidIn(summary: string, language: Language): Said {
  const { labels, formats } = textsIn(language);
  const blocks = marked.lexer(summary).filter(({ type }) => type !== 'space');
  const headings = blocks.map((_, i) =>
    blocks
      .slice(0, i + 1)
      .findLast(({ type }) => type === 'heading')
      ?.raw.trim(),
  );
  const head = blocks.filter(
    ({ type }, i) => type === 'paragraph' && headings[i]?.startsWith('## ') === true,
  );
  const [headline = '', ...paragraphs] = head.map(({ raw }) => raw.trim());
  const next = `<strong>${formats.label(labels.headings.next).trimEnd()}</strong>`;
  const causes = blocks.find(
    ({ type, raw }, i) =>
      type === 'list' && raw.startsWith('1. ') && headings[i] !== `### ${labels.headings.failedRequests}`,
  );
  return {
    headline: plain(headline),
    currentState: optional(paragraphs.find((text) => !text.startsWith('<'))),
    nextStep: optional(paragraphs.find((text) => text.startsWith(next))?.slice(next.length)),
    cause: optional(causes?.raw.split('\n', 1)[0]?.replace(/^1\. /, '')),
  };
}

function optional(markdown: string | undefined): string | undefined {
  return markdown === undefined ? undefined : plain(markdown);
}

function plain(markdown: string): string {
  return plainSummary(markdown).replaceAll('**', '').trim();
}
