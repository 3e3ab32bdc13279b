import { z } from 'zod';
import { listOf, mapOf, parser, text } from './parser.ts';
import type { Scalar } from './entries.ts';

/** Values without a grammar: text, one of several words, lists and maps of text. */

export const anyText = text('text', (value) => value);

export const choice = <const T extends string>(...values: readonly T[]): z.ZodType<T, Scalar> =>
  text(`one of ${values.join(', ')}`, (value) => values.find((candidate) => candidate === value), {
    text: { enum: values },
  });

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

export const flag = parser(
  'true or false',
  (describe) => z.union([z.boolean(), z.string().meta({ enum: ['true', 'false'] })], describe),
  (given) => FLAGS.get(String(given).trim().toLowerCase()),
);

export const list = listOf('names, one per line or separated by commas', (found) =>
  found.length > 0 && !found.includes('') ? found : undefined,
);

export const map = mapOf('key=value pairs, one per line or separated by commas', (found) => found);
