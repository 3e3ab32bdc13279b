import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ESLint } from 'eslint';

const ROOT = join(import.meta.dirname, '../..');
const eslint = new ESLint({ cwd: ROOT });

/** The rules that a file of src would break, had it this text. The compiler has to know the file, so it is one that exists. */
async function broken(file: string, text: string): Promise<readonly (string | null)[]> {
  const [result] = await eslint.lintText(text, { filePath: join(ROOT, 'src', file) });
  return (result?.messages ?? []).map(({ ruleId }) => ruleId);
}

const PATHS = 'import-x/no-restricted-paths';
const IMPORTS = '@typescript-eslint/no-restricted-imports';

describe('the walls between the rooms of src', () => {
  test.each([
    ['an import against the direction', 'release/weights.ts', "export * from '../fleet/lock.ts';", PATHS],
    [
      'an import of a type against it',
      'check/tally.ts',
      "export type { Fleet } from '../fleet/fleet.ts';",
      PATHS,
    ],
    [
      'a cycle',
      'release/errors.ts',
      "export { planRollout } from './plan.ts';\nexport class CanaryError extends Error {}",
      'import-x/no-cycle',
    ],
    ['the toolkit outside of its room', 'report/text.ts', "export { info } from '@actions/core';", IMPORTS],
    [
      'the Kubernetes client outside of its room',
      'fleet/lock.ts',
      "export { KubeConfig } from '@kubernetes/client-node';",
      IMPORTS,
    ],
    ['files in the release', 'release/weights.ts', "export { readFileSync } from 'node:fs';", IMPORTS],
    ['requests in the release', 'release/weights.ts', "export { request } from 'undici';", IMPORTS],
    ['files in a cause', 'check/causes/pods.ts', "export { readFile } from 'node:fs/promises';", IMPORTS],
    ['requests in a statistical test', 'check/share-test.ts', "export { request } from 'undici';", IMPORTS],
    [
      'the clock',
      'release/weights.ts',
      'export const now = (): number => Date.now();',
      'no-restricted-syntax',
    ],
    ['the date', 'check/share-test.ts', 'export const now = (): Date => new Date();', 'no-restricted-syntax'],
    [
      'chance',
      'release/weights.ts',
      'export const any = (): number => Math.random();',
      'no-restricted-syntax',
    ],
    ['the environment', 'release/weights.ts', 'export const { env } = process;', 'no-restricted-globals'],
    ['a timer', 'check/causes/pods.ts', 'setTimeout(() => undefined, 1);', 'no-restricted-globals'],
  ])('keep out %s', async (_, file, text, rule) => {
    await expect(broken(file, text)).resolves.toContain(rule);
  });

  test('let through what a room may import', async () => {
    await expect(
      broken('check/tally.ts', "export { sameWeights } from '../release/weights.ts';\n"),
    ).resolves.toEqual([]);
    await expect(
      broken('cluster/read.ts', "export { KubeConfig } from '@kubernetes/client-node';\n"),
    ).resolves.toEqual([]);
  });
});
