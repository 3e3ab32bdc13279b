import { expect, test } from '@jest/globals';
import type { z } from 'zod';

type Schema = z.ZodType;

/** What a parser reads from a text. @throws Error with the message about a refused text */
export function read(schema: Schema, text: string): unknown {
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map(({ message }) => message).join('; '));
}

/** A test for each text that a parser accepts, with the value that it is read as. */
export function accepts(schema: Schema, cases: readonly (readonly [string, unknown])[]): void {
  test.each(cases)('accepts %j', (text, value) => {
    expect(read(schema, text)).toEqual(value);
  });
}

/** A test for each text that a parser refuses. */
export function refuses(schema: Schema, texts: readonly string[]): void {
  test.each(texts.map((text) => [text]))('refuses %j', (text) => {
    expect(() => read(schema, text)).toThrow('; expected ');
  });
}

export const mapOf = (...pairs: readonly (readonly [string, unknown])[]): ReadonlyMap<string, unknown> =>
  new Map(pairs);
