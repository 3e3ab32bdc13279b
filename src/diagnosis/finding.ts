import type { Message } from '../texts/message.ts';

/** A likely cause of a verdict other than pass, with its evidence and its remedy. */
export interface Finding {
  readonly title: Message;
  readonly detail: Message;
  /** Whether it only reports what was seen, so that fixing it is no advice. */
  readonly symptom?: true;
}
