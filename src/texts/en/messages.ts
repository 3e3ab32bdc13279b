import type { MessageTexts } from '../message.ts';
import { blindSpots } from './blind-spots.ts';
import { events } from './events.ts';
import { findings } from './findings.ts';
import { holdings } from './holdings.ts';
import { metrics } from './metrics.ts';
import { verdicts } from './verdicts.ts';

/** A text for each kind of message. */
export const messages: MessageTexts = {
  quote: ({ text }) => text,
  ...verdicts,
  ...metrics,
  ...findings,
  ...blindSpots,
  ...events,
  ...holdings,
};
