import { get as at } from '@hyperjump/json-pointer';
import type { Json } from '@hyperjump/json-pointer';
import type { Reading } from './readings.ts';
import { failure, quote, unusable } from './server-answer.ts';
import type { ServerAnswer } from './server-answer.ts';

/** The number at a pointer (RFC 6901) of a JSON answer. `address` is for messages. */
export function readWebValue(address: string, pointer: string, answer: ServerAnswer): Reading {
  const problem = unusable(address, answer);
  if (problem !== undefined) return problem;
  if (answer.status >= 300)
    return failure(
      answer.status >= 500 ? 'server error' : 'invalid answer',
      `${address} answered ${String(answer.status)}: ${quote(answer.quote)}.`,
    );
  const found = valueAt(pointer, answer.body);
  const value = typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
  if (typeof value !== 'number' || Number.isNaN(value))
    return failure(
      'invalid answer',
      `${address} has ${found === undefined ? 'nothing' : quote(JSON.stringify(found))} at the pointer ${pointer}; expected a number. The answer begins with: ${quote(answer.quote)}.`,
    );
  return { kind: 'value', series: [{ labels: new Map(), value, scrapedAt: undefined }], notes: [] };
}

/** undefined where there is nothing; the library throws. */
function valueAt(pointer: string, json: unknown): unknown {
  try {
    return at(pointer, json as Json);
  } catch {
    return undefined;
  }
}
