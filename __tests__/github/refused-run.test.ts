import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';

const SRC = join(import.meta.dirname, '../../src');
const TOKEN = 'ghs_a-token-that-nobody-may-see';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refused-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const WRONG = {
  app: 'shop',
  namespace: 'web',
  clusters: 'v1: east',
  weights: 'v1=80,v2=30',
  tolerance: 'many',
};

/** Runs the action in an empty folder. @returns its summary */
async function actionWith(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const summary = join(folder, 'summary.md');
  await writeFile(summary, '');
  const given = Object.entries(inputs).map(
    ([name, value]) => [`INPUT_${name.toUpperCase()}`, value] as const,
  );
  const { exitCode } = await execa(process.execPath, [join(SRC, 'main.ts')], {
    cwd: folder,
    env: { ...env, ...Object.fromEntries(given), GITHUB_STEP_SUMMARY: summary, GITHUB_ACTIONS: '' },
    reject: false,
  });
  expect(exitCode).toBe(1);
  return readFile(summary, 'utf8');
}

describe('a run that is refused for its inputs', () => {
  test('says in the summary what was refused: the inputs, their values, and the remedies', async () => {
    const lines = (await actionWith(WRONG)).split('\n');
    expect(lines[0]).toBe('## ❌ shop in web: rollout refused');
    expect(lines).toContain('<strong>Next:</strong> Correct the inputs below, then re-run this step.');
    expect(lines).toContain('- **Input tolerance**: got "many"; expected a number from 0.1 to 50 (points).');
    expect(lines).toContainEqual(
      expect.stringMatching(/^- \*\*Input weights\*\*: got "v1=80,v2=30" .* adding up to 100/),
    );
  });

  test('writes the report as well', async () => {
    await actionWith({ ...WRONG, report: 'out' });
    const page = await readFile(join(folder, 'out/report.html'), 'utf8');
    expect(page).toContain('<b>Input tolerance</b>: got &quot;many&quot;');
    const report = JSON.parse(await readFile(join(folder, 'out/report.json'), 'utf8')) as object;
    expect(report).toMatchObject({ outcome: 'failed', failure: expect.stringContaining('Input weights') });
  });

  test('says why there is no report where its folder is one of the problems', async () => {
    await writeFile(join(folder, 'out'), '');
    const summary = await actionWith({ ...WRONG, report: 'out' });
    expect(summary).toContain('**Input report**: got "out", but ');
    await expect(readFile(join(folder, 'out'), 'utf8')).resolves.toBe('');
  });

  test('hides secrets that a value contains', async () => {
    const summary = await actionWith({
      ...WRONG,
      tolerance: `many ${TOKEN}`,
      'github-token': TOKEN,
      report: 'out',
    });
    const texts = await Promise.all(
      ['report.html', 'report.json'].map((name) => readFile(join(folder, 'out', name), 'utf8')),
    );
    for (const text of [summary, ...texts]) {
      expect(text).not.toContain(TOKEN);
      expect(text).toContain('Input tolerance');
    }
  });

  test('needs no name of an app, and writes no summary if none is wanted', async () => {
    const unnamed = await actionWith({ tolerance: 'many' });
    expect(unnamed).toMatch(/^## ❌ rollout refused\n/);
    expect(await actionWith({ tolerance: 'many', summary: 'false' })).toBe('');
  });

  test('says so in Chinese, whatever else is wrong; the errors stay searchable', async () => {
    const summary = await actionWith({ ...WRONG, language: 'zh', report: 'out' });
    expect(summary).toMatch(/^## ❌ shop（web）：rollout 被拒绝\n/);
    expect(summary).toContain('- **Input tolerance**: got "many"; expected a number');
    const page = await readFile(join(folder, 'out/report.html'), 'utf8');
    expect(page).toContain('<html lang="zh-CN">');
    const report = JSON.parse(await readFile(join(folder, 'out/report.json'), 'utf8')) as object;
    expect(report).toMatchObject({ nextStep: 'Correct the inputs below, then re-run this step.' });
  });

  test.each([
    ['the locale of a command line', { LANG: 'zh_CN.UTF-8' }, [], '## ❌ shop：verify 被拒绝'],
    [
      'an option rather than the locale',
      { LANG: 'zh_CN.UTF-8' },
      ['--language', 'en'],
      '## ❌ shop: verify refused',
    ],
  ])('is in the language of %s', async (_what, locale, options, heading) => {
    const args = ['verify', '--app', 'shop', '--tolerance', 'many', '--summary', 'summary.md', ...options];
    await execa(process.execPath, [join(SRC, 'cli.ts'), ...args], {
      cwd: folder,
      env: { LC_ALL: '', LC_MESSAGES: '', ...locale },
      reject: false,
    });
    const summary = await readFile(join(folder, 'summary.md'), 'utf8');
    expect(summary.split('\n')[0]).toBe(heading);
  });

  test('is in English where a runner has another locale', async () => {
    const summary = await actionWith(WRONG, { LANG: 'zh_CN.UTF-8' });
    expect(summary).toMatch(/^## ❌ shop in web: rollout refused\n/);
  });

  test('says the same on a command line, in the file for the summary', async () => {
    const args = ['verify', '--app', 'shop', '--tolerance', 'many', '--summary', 'summary.md'];
    const { exitCode } = await execa(process.execPath, [join(SRC, 'cli.ts'), ...args], {
      cwd: folder,
      env: { LC_ALL: 'C.UTF-8' },
      reject: false,
    });
    expect(exitCode).toBe(3);
    const summary = await readFile(join(folder, 'summary.md'), 'utf8');
    expect(summary).toMatch(/^## ❌ shop: verify refused\n/);
    expect(summary).toContain('- **--tolerance**: got "many"; expected a number');
    expect(summary).toContain('- **--kubeconfig** and &#36;KUBECONFIG are not set, and ');
    expect(summary).not.toMatch(/secret|step|workflow|Input/);
  });
});
