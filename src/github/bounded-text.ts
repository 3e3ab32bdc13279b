import { secrets } from '../core/secrets.ts';
import { shortenText } from '../report/shorten-text.ts';
import { textsIn } from '../texts/texts.ts';
import { escapeForLog } from './escape-for-log.ts';

/** The longest texts that the runner is given, in characters. */
export const TEXT_LIMITS = {
  /** One call of the log, such as the difference of one object. */
  log: 256 * 1024,
  /** A check run's annotation has at most 64 KiB (https://docs.github.com/en/rest/checks/runs). */
  annotation: 16_000,
  title: 250,
} as const;

/** No more of a text is looked at. */
const LONGEST_READ = 2 * TEXT_LIMITS.log;
/** Longer than any secret: one that was cut in half at the end of what was read is not shown. */
const MARGIN = 64 * 1024;

/** A text from anywhere, as the runner may show it: without secrets, shortened, and without anything that would be interpreted. */
export function boundedText(text: string, limit: number): string {
  const isCut = text.length > LONGEST_READ;
  const redacted = secrets.redact(isCut ? text.slice(0, LONGEST_READ) : text);
  const whole = isCut ? redacted.slice(0, -MARGIN) : redacted;
  const unread = text.length - LONGEST_READ + MARGIN;
  return escapeForLog(shortenText(whole, limit, textsIn('en').formats, isCut ? unread : 0));
}
