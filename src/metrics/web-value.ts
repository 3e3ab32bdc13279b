import { get as at } from '@hyperjump/json-pointer';
import type { Json } from '@hyperjump/json-pointer';
import type { MetricSource } from '../release/metric-specs.ts';
import type { Reading } from './readings.ts';
import { failure, quote, unusable } from './server-answer.ts';
import type { ServerAnswer } from './server-answer.ts';

type Wanted = Pick<Extract<MetricSource, { provider: 'web' }>, 'pointer' | 'matches'>;

/** The number at a pointer (RFC 6901) of a JSON answer, or whether what is there matches. `address` is for messages. */
export function readWebValue(address: string, { pointer, matches }: Wanted, answer: ServerAnswer): Reading {
  const problem = unusable(address, answer);
  if (problem !== undefined) return problem;
  if (answer.status >= 300)
    return failure(
      answer.status >= 500 ? 'server error' : 'invalid answer',
      `${address} answered ${String(answer.status)}: ${quote(answer.quote)}.`,
    );
  const found = valueAt(pointer, answer.body);
  const value = matches === undefined ? numberIn(found) : matchOf(found, matches);
  if (typeof value !== 'number' || Number.isNaN(value))
    return failure(
      'invalid answer',
      `${address} has ${found === undefined ? 'nothing' : quote(JSON.stringify(found))} at the pointer ${pointer}; expected ${matches === undefined ? 'a number' : `a ${typeof matches}, such as ${JSON.stringify(matches)}`}. The answer begins with: ${quote(answer.quote)}.`,
    );
  return { kind: 'value', series: [{ labels: new Map(), value, scrapedAt: undefined }], notes: [] };
}

function numberIn(found: unknown): unknown {
  return typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
}

/** undefined where something of another type is there, which neither matches nor differs. */
function matchOf(found: unknown, wanted: string | boolean): number | undefined {
  if (typeof found !== typeof wanted) return undefined;
  return found === wanted ? 1 : 0;
}

/** undefined where there is nothing; the library throws. */
function valueAt(pointer: string, json: unknown): unknown {
  try {
    return at(pointer, json as Json);
  } catch {
    return undefined;
  }
}
