import type { Texts } from '../../texts/catalogue.ts';
import type { VerdictName } from '../../texts/catalogue/outcomes.ts';

const MARKS: Readonly<Record<VerdictName, string>> = {
  pass: '✓',
  fail: '✗',
  inconclusive: '?',
  undecided: '○',
  'not applicable': '–',
};

/** A mark before what is said about a verdict: not everyone sees colors. */
export function marked(verdict: VerdictName, text: string): string {
  return `${MARKS[verdict]} ${text}`;
}

/** `✗ fail` */
export function markedVerdict(verdict: VerdictName, { outcomes }: Pick<Texts, 'outcomes'>): string {
  return marked(verdict, outcomes.verdicts[verdict]);
}
