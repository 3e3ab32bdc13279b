import { readInputs } from '../../src/github/inputs.ts';
import type { ReadInputs } from '../../src/github/inputs.ts';

/** The least that an operation needs: v1 in east, v2 in west. */
export const LEAST = { app: 'helloworld', namespace: 'gray-demo', clusters: 'v1: east\nv2: west' };

/** The inputs of a step that gives these texts beside the least, as the action reads them. */
export function inputs(texts: Readonly<Record<string, string>> = {}): ReadInputs {
  const all: Readonly<Record<string, string>> = { ...LEAST, ...texts };
  return readInputs((name) => all[name] ?? '');
}
