import { SUBSET_NAME } from '../../core/weights.ts';
import { wholeNumberIn } from './numbers.ts';
import { listOf, mapOf, text } from './parser.ts';

/** Versions, and the weights that they get. */

/**
 * A version is the name of a subset. Istio allows uppercase letters there, but no dots and no underscores
 * (`validateSubsetName`, https://istio.io/latest/docs/reference/config/networking/destination-rule/#Subset).
 */
export const version = text(
  'a version such as v2, which is also the name of its subset: up to 63 letters, digits and hyphens; Istio allows no dots (write v1-2 for v1.2)',
  (value) => (SUBSET_NAME.test(value) ? value : undefined),
  { text: { pattern: SUBSET_NAME.source }, number: { type: 'integer', minimum: 0 } },
);

/** @throws Error that says how to write the version instead */
export function assertVersion(name: string): void {
  if (SUBSET_NAME.test(name)) return;
  const remedy = name.includes('.')
    ? `: Istio allows no dots in the name of a subset. Write ${name.replaceAll('.', '-')}; its subset may select pods by a label with dots`
    : ', such as v2';
  throw new Error(`"${name}" is not a version${remedy}`);
}

/** A weight for each version, in whole percent, 100 in all. */
export const weights = mapOf(
  'a whole percentage for each version, adding up to 100, such as v1=80,v2=20',
  (found) => {
    const parsed = new Map<string, number>();
    for (const [name, weight] of found) {
      assertVersion(name);
      const percent = wholeNumberIn(weight, 0, 100);
      if (percent === undefined)
        throw new Error(`${name} has ${weight}, which is not a whole percentage from 0 to 100`);
      parsed.set(name, percent);
    }
    const sum = [...parsed.values()].reduce((a, b) => a + b, 0);
    if (sum !== 100) throw new Error(`the weights add up to ${String(sum)}`);
    return parsed;
  },
  { number: { type: 'integer', minimum: 0, maximum: 100 } },
);

/** Weights of the version being released, one for each step of a promotion. */
export const steps = listOf(
  'rising whole percentages from 1 to 100, such as 20,50,100',
  (found) => {
    const parsed = found.map((entry) => wholeNumberIn(entry.replace(/%$/, '').trimEnd(), 1, 100));
    const rising = parsed.every((step, i) => step !== undefined && (i === 0 || step > (parsed[i - 1] ?? 0)));
    return rising && parsed.length > 0 ? parsed.filter((step) => step !== undefined) : undefined;
  },
  { number: { type: 'integer', minimum: 1, maximum: 100 } },
);
