import type { z } from 'zod';
import type { Scalar } from './entries.ts';
import { text } from './parser.ts';

/** A whole number written in decimal digits; undefined outside the range. */
export function wholeNumberIn(value: string, min: number, max: number): number | undefined {
  const parsed = /^\d+$/.test(value) ? Number(value) : NaN;
  return parsed >= min && parsed <= max ? parsed : undefined;
}

export const wholeNumber = (min: number, max: number): z.ZodType<number, Scalar> =>
  text(`a whole number from ${String(min)} to ${String(max)}`, (value) => wholeNumberIn(value, min, max), {
    number: { type: 'integer', minimum: min, maximum: max },
  });

export const number = (min: number, max: number, unit: string): z.ZodType<number, Scalar> =>
  text(
    `a number from ${String(min)} to ${String(max)} (${unit})`,
    (value) => {
      const parsed = value === '' ? NaN : Number(value);
      return parsed >= min && parsed <= max ? parsed : undefined;
    },
    { number: { minimum: min, maximum: max } },
  );
