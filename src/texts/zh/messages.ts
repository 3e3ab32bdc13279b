import type { MessageTexts } from '../message.ts';
import { metrics } from './metrics.ts';
import { verdicts } from './verdicts.ts';

/** A text for each kind of message. */
export const messages: MessageTexts = {
  quote: ({ text }) => text,
  ...verdicts,
  ...metrics,
};
