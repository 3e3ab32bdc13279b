import { METRICS } from '../core/deadlines.ts';
import { messageOf } from '../core/errors.ts';
import type { ReadingFailure } from './readings.ts';
import { failure } from './server-answer.ts';

/** Why no answer came. @param remedy a sentence without its full stop, for what has no remedy of its own */
export function unanswered(address: string, error: unknown, remedy: string): ReadingFailure {
  if (error instanceof Error && error.name === 'TimeoutError')
    return failure(
      'timed out',
      `${address} did not answer within ${String(METRICS.queryMs / 1000)} s. Narrow the query by labels, or record it by a rule.`,
    );
  const reason = messageOf(error).replace(/\.$/, '');
  const what = /certificate|self.signed/i.test(reason)
    ? 'To trust a private certificate authority, set the environment variable NODE_EXTRA_CA_CERTS'
    : remedy;
  return failure('unreachable', `${address} cannot be reached: ${reason}. ${what}.`);
}
