import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';

const ROOT = join(import.meta.dirname, '../..');

/** The scripts of package.json that take options, or run for long. */
const SCRIPTS = {
  demo: 'testbed/demo/main.ts',
  mesh: 'testbed/mesh/main.ts',
  bench: 'bench/main.ts',
  faults: '__tests__/faults/enumeration/main.ts',
  screenshots: 'scripts/screenshots.ts',
  zh: 'scripts/zh.ts',
};

const run = (file: string, option: string): Promise<{ readonly exitCode?: number; readonly all: string }> =>
  execa(process.execPath, [join(ROOT, file), option], { reject: false, all: true });

test('every script shows its help, and begins nothing', async () => {
  const shown = await Promise.all(
    Object.entries(SCRIPTS).map(async ([name, file]) => ({ name, ...(await run(file, '--help')) })),
  );
  expect(shown.map(({ name, exitCode }) => [name, exitCode])).toEqual(
    Object.keys(SCRIPTS).map((name) => [name, 0]),
  );
  for (const { name, all } of shown) expect(all).toMatch(new RegExp(`^Usage: npm run ${name}\\b`));
});

test('an unknown option is named, with the help and without a stack', async () => {
  const { exitCode, all } = await run(SCRIPTS.zh, '--al');
  expect(exitCode).toBe(2);
  expect(all).toMatch(/^Unknown option '--al'.*\n\nUsage: npm run zh /);
  expect(all).not.toContain('    at ');
});
