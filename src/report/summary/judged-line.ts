import type { Texts } from '../../texts/catalogue.ts';
import type { VerdictName } from '../../texts/catalogue/outcomes.ts';
import { text } from './markdown.ts';

/** A line of a list: what was judged, the verdict, and the reason with what belongs to it. */
export function judgedLine(
  { what, verdict, parts }: JudgedLine,
  { formats, outcomes }: Pick<Texts, 'formats' | 'outcomes'>,
): string {
  const judged = `${text(formats.label(what))}**${outcomes.verdicts[verdict]}**`;
  return `- ${judged}${formats.comma}${formats.parts(parts.map(text))}\n`;
}

interface JudgedLine {
  readonly what: string;
  readonly verdict: VerdictName;
  readonly parts: readonly string[];
}
