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
    ['an import against the direction', 'core/weights.ts', "export * from '../fleet/fleet.ts';", PATHS],
    [
      'an import of a type against it',
      'verify/evaluation.ts',
      "export type { Fleet } from '../fleet/fleet.ts';",
      PATHS,
    ],
    [
      'a cycle',
      'core/errors.ts',
      "export { planRollout } from '../release/plan.ts';\nexport class CanaryError extends Error {}",
      'import-x/no-cycle',
    ],
    [
      'the record of a run from operations',
      'operations/context.ts',
      "export type { RunRecord } from '../report/run-record.ts';",
      PATHS,
    ],
    [
      'the fold of a run from operations',
      'operations/context.ts',
      "export { foldRun } from '../report/fold-run.ts';",
      PATHS,
    ],
    [
      'the events of a run from operations',
      'operations/context.ts',
      "export { RunLog } from '../report/run-log.ts';",
      PATHS,
    ],
    ['the toolkit outside of its room', 'report/format.ts', "export { info } from '@actions/core';", IMPORTS],
    [
      'the Kubernetes client outside of its room',
      'fleet/fleet.ts',
      "export { KubeConfig } from '@kubernetes/client-node';",
      IMPORTS,
    ],
    ['files in the release', 'release/history.ts', "export { readFileSync } from 'node:fs';", IMPORTS],
    ['requests in the release', 'release/history.ts', "export { request } from 'undici';", IMPORTS],
    ['files in a cause', 'diagnosis/causes/pods.ts', "export { readFile } from 'node:fs/promises';", IMPORTS],
    [
      'requests in a statistical test',
      'verify/statistics/share-test.ts',
      "export { request } from 'undici';",
      IMPORTS,
    ],
    [
      'the clock',
      'release/history.ts',
      'export const now = (): number => Date.now();',
      'no-restricted-syntax',
    ],
    [
      'the date',
      'verify/statistics/share-test.ts',
      'export const now = (): Date => new Date();',
      'no-restricted-syntax',
    ],
    [
      'chance',
      'release/history.ts',
      'export const any = (): number => Math.random();',
      'no-restricted-syntax',
    ],
    ['the environment', 'release/history.ts', 'export const { env } = process;', 'no-restricted-globals'],
    ['a timer', 'diagnosis/causes/pods.ts', 'setTimeout(() => undefined, 1);', 'no-restricted-globals'],
  ])('keep out %s', async (_, file, text, rule) => {
    await expect(broken(file, text)).resolves.toContain(rule);
  });

  test('let through what a room may import', async () => {
    await expect(
      broken('verify/evaluation.ts', "export { sameWeights } from '../core/weights.ts';\n"),
    ).resolves.toEqual([]);
    await expect(
      broken('operations/context.ts', "export type { Recorder } from '../report/run-events.ts';\n"),
    ).resolves.toEqual([]);
    await expect(
      broken('kubernetes/client/contexts.ts', "export { KubeConfig } from '@kubernetes/client-node';\n"),
    ).resolves.toEqual([]);
  });
});
