import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ESLint } from 'eslint';
import { z } from 'zod';
import { importsOf, folderOf, sources, textOfSource } from '../support/sources.ts';

const ROOT = join(import.meta.dirname, '../..');
// The import rules alone: rules that need types would take half a minute.
const eslint = new ESLint({ cwd: ROOT, overrideConfigFile: join(ROOT, 'eslint.imports.js') });

/** The rules that a file of src would break if it had this text. */
async function broken(file: string, text: string): Promise<readonly (string | null)[]> {
  const [result] = await eslint.lintText(text, { filePath: join(ROOT, 'src', file) });
  return (result?.messages ?? []).map(({ ruleId }) => ruleId);
}

const exporting = (specifier: string): string => `export * from '${specifier}';\n`;

const PATHS = 'import-x/no-restricted-paths';
const IMPORTS = '@typescript-eslint/no-restricted-imports';
const GLOBALS = 'no-restricted-globals';
const SYNTAX = 'no-restricted-syntax';

describe('the rules for src refuse', () => {
  test.each([
    ['an import against the direction', 'core/weights.ts', exporting('../fleet/fleet.ts')],
    [
      'a type imported against the direction',
      'verify/evaluation.ts',
      "export type { Fleet } from '../fleet/fleet.ts';",
    ],
    ['an operation in a report', 'report/text.ts', exporting('../operations/check.ts')],
    ['the record of the run in an operation', 'operations/check.ts', exporting('../report/run-record.ts')],
    ['the fold of the run in an operation', 'operations/check.ts', exporting('../report/fold-run.ts')],
    ['the events of the run in an operation', 'operations/check.ts', exporting('../report/run-log.ts')],
    ['the fleet in a cause', 'diagnosis/causes/pods.ts', exporting('../../fleet/fleet.ts')],
  ])('%s', async (_what, file, text) => {
    await expect(broken(file, text)).resolves.toEqual([PATHS]);
  });

  test.each([
    ['the toolkit in a report', 'report/text.ts', '@actions/core'],
    ['the Kubernetes client in the fleet', 'fleet/fleet.ts', '@kubernetes/client-node'],
    ['the toolkit beside the file that redacts', 'github/publish.ts', '@actions/core'],
    ['the API of GitHub beside the file that redacts', 'github/announcer.ts', '@actions/github'],
    ['a package of the tests', 'release/release.ts', 'ajv'],
    ['a package at the entry', 'main.ts', 'zod'],
    ['files in the release', 'release/history.ts', 'node:fs'],
    ['files in a cause', 'diagnosis/causes/pods.ts', 'node:fs/promises'],
    ['timers in a report', 'report/summary.ts', 'node:timers/promises'],
    ['requests in a statistical test', 'verify/statistics/share-test.ts', 'undici'],
    ['the client of a cluster in the release', 'release/plan.ts', '../kubernetes/client/cluster.ts'],
    ['the client of a cluster beside it', 'kubernetes/pods.ts', './client/cluster.ts'],
  ])('%s', async (_what, file, specifier) => {
    await expect(broken(file, exporting(specifier))).resolves.toEqual([IMPORTS]);
  });

  test.each([
    [
      'random identifiers in a report',
      'report/text.ts',
      "import { randomUUID } from 'node:crypto';",
      IMPORTS,
    ],
    ['the environment in the release', 'release/history.ts', 'export const { env } = process;', GLOBALS],
    ['the environment in an operation', 'operations/check.ts', 'export const { env } = process;', GLOBALS],
    [
      'a file that is written without being redacted',
      'github/outputs.ts',
      "import { writeFile } from 'node:fs/promises';",
      IMPORTS,
    ],
    ['a line on stdout', 'github/publish.ts', "process.stdout.write('a');", 'no-restricted-properties'],
    ['a line on the terminal', 'cli/main.ts', "process.stdout.write('a');", 'no-restricted-properties'],
    ['a line on the console', 'kubernetes/client/ready.ts', "console.log('a');", 'no-console'],
    ['a timer in a cause', 'diagnosis/causes/pods.ts', 'setTimeout(() => undefined);', GLOBALS],
    ['a timer in the evaluation', 'verify/evaluation.ts', 'setTimeout(() => undefined);', GLOBALS],
    ['a stopwatch in the release', 'release/history.ts', 'export const now = performance.now();', GLOBALS],
    ['a request in the release', 'release/history.ts', "await fetch('http://a');", GLOBALS],
    ['the time of day', 'verify/probe.ts', 'export const now = Date.now();', SYNTAX],
    ['the date', 'kubernetes/client/ready.ts', 'export const now = new Date();', SYNTAX],
    ['a file of more than 300 lines', 'verify/probe.ts', '// a line\n'.repeat(301), 'max-lines'],
    ['a timer with a literal time', 'verify/probe.ts', 'setTimeout(() => undefined, 1_000);', SYNTAX],
    ['a literal time limit', 'fleet/fleet.ts', 'export const end = AbortSignal.timeout(5);', SYNTAX],
    ['chance', 'verify/sampler.ts', 'export const any = Math.random();', SYNTAX],
  ])('%s', async (_what, file, text, rule) => {
    await expect(broken(file, text)).resolves.toEqual([rule]);
  });

  test('no long file that says why in its first comment', async () => {
    const long = `/* eslint-disable max-lines -- one table */\n${'// a line\n'.repeat(301)}`;
    await expect(broken('verify/probe.ts', long)).resolves.toEqual([]);
    const silent = sources.filter((file) => /eslint-disable max-lines(?! -- \S)/.test(textOfSource(file)));
    expect(silent).toEqual([]);
  });

  test('nothing that a folder may use', async () => {
    await expect(broken('verify/evaluation.ts', exporting('../core/weights.ts'))).resolves.toEqual([]);
    await expect(broken('kubernetes/client/contexts.ts', exporting('undici'))).resolves.toEqual([]);
    await expect(broken('report/text.ts', exporting('diff'))).resolves.toEqual([]);
    await expect(broken('verify/probe.ts', 'export const now = performance.now();\n')).resolves.toEqual([]);
    await expect(broken('verify/evaluation.ts', 'export const at = new Date(0);\n')).resolves.toEqual([]);
  });
});

const manifest = z
  .object({ dependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));

/** The folders that import each package of the action. */
const importers = Map.groupBy(
  sources.flatMap((file) => importsOf(file).map((specifier) => ({ folder: folderOf(file), specifier }))),
  ({ specifier }) => specifier,
);

describe('the package', () => {
  test.each(Object.keys(manifest.dependencies))(
    '%s is open to exactly the folders that need it',
    async (name) => {
      const needing = new Set((importers.get(name) ?? []).map(({ folder }) => folder));
      const folders = [...new Set(sources.map(folderOf))].filter((folder) => folder !== '');
      const open = await Promise.all(
        folders.map(async (folder) => {
          const file = OUTLETS[name] ?? IMPURE_FILES[folder];
          const rules = await broken(
            file?.startsWith(`${folder}/`) === true ? file : `${folder}/any.ts`,
            exporting(name),
          );
          return rules.length === 0 ? [folder] : [];
        }),
      );
      expect(open.flat().toSorted()).toEqual([...needing].toSorted());
    },
  );
});

/** The file that a package is for. */
const OUTLETS: Readonly<Record<string, string>> = {
  '@actions/core': 'github/runner.ts',
  '@actions/github': 'github/api.ts',
};

/** A file of each folder in which a package is not refused for doing I/O. */
const IMPURE_FILES: Readonly<Record<string, string>> = {
  core: 'core/clock.ts',
  kubernetes: 'kubernetes/client/cluster.ts',
  verify: 'verify/probe.ts',
  metrics: 'metrics/web-client.ts',
  diagnosis: 'diagnosis/read-snapshot.ts',
  report: 'report/write-report.ts',
};
