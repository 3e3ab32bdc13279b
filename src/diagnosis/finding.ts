import type { Message } from '../texts/message.ts';
import { inEnglish } from '../texts/texts.ts';

/** A likely cause of a verdict other than pass, with its evidence and its remedy. */
export interface Finding {
  readonly title: Message;
  readonly detail: Message;
  /** Whether it only reports what was seen, so that fixing it is no advice. */
  readonly symptom?: true;
}

/** One finding of each title: several ingresses may show the same cause. */
export function oncePerTitle(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [inEnglish(finding.title), finding])).values()];
}
