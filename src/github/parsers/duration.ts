import parseDuration from 'parse-duration';
import { text } from './parser.ts';

/** One number and one unit: an editor can check that much by a pattern. */
const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/;

/** Timers hold a signed 32-bit number of ms and fire at once beyond it (https://nodejs.org/api/timers.html). */
const LONGEST_MS = 2 ** 31 - 1;

/** A duration in whole ms. */
export const duration = text(
  'a duration of at most 24 days, such as 90s, 5m or 1h (a bare number is in seconds)',
  (value) => {
    const seconds = DURATION.test(value) ? parseDuration(value, 's') : null;
    const ms = seconds === null ? NaN : Math.round(seconds * 1000);
    return ms <= LONGEST_MS ? ms : undefined;
  },
  {
    text: { pattern: DURATION.source },
    number: { minimum: 0, maximum: Math.floor(LONGEST_MS / 1000) },
  },
);
