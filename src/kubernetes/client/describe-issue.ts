import type { z } from 'zod';

/** Where a value is wrong and what was expected, without the value: `items[2].metadata.name: expected string, received number`. */
export function describeIssue({ path, message }: z.core.$ZodIssue): string {
  const place = path
    .map((key) => (typeof key === 'number' ? `[${String(key)}]` : `.${String(key)}`))
    .join('');
  const text = message.replace(/^Invalid input: /, '');
  return place === '' ? text : `${place.replace(/^\./, '')}: ${text}`;
}
