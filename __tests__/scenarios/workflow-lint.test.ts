import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { copiedWorkflows, eventsOf, ownWorkflows } from '../support/workflow-files.ts';
import { workflowPrograms } from './support/workflow-programs.ts';

const ROOT = join(import.meta.dirname, '../..');

const programs = await workflowPrograms();
const skipped = process.env['FLEET'] !== 'mesh' || programs === undefined;
const reason = skipped ? ' (skipped: only npm run e2e has act, actionlint, zizmor and kubectl)' : '';
const scenarios = skipped ? describe.skip : describe;

/** Complete workflows, by the names that their files have below. */
const named = (workflows: typeof ownWorkflows): (readonly [string, string])[] =>
  workflows
    .filter(({ workflow }) => eventsOf(workflow) !== '')
    .map(({ page, text }, i) => [
      page.endsWith('.md') ? `${page.replaceAll('/', '-')}-${String(i)}.yml` : (page.split('/').at(-1) ?? ''),
      text,
    ]);

scenarios(`the workflows${reason}`, () => {
  let base: string;
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'lint-'));
  });
  afterAll(async () => {
    await rm(base, { recursive: true });
  });

  /** Writes workflows to where GitHub looks for them. */
  async function repository(
    name: string,
    workflows: readonly (readonly [string, string])[],
  ): Promise<string> {
    const folder = join(base, name);
    for (const [file, text] of workflows) {
      const path = join(folder, '.github/workflows', file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    await execa({ cwd: folder })`git init --quiet`;
    return folder;
  }

  const actionlint = async (folder: string): Promise<string> => {
    const { stdout, stderr } = await execa({
      cwd: folder,
      reject: false,
    })`${programs?.actionlint ?? ''} -no-color`;
    return stdout + stderr;
  };

  /** The findings of the strictest persona: what, and where. */
  const zizmor = async (folder: string): Promise<readonly string[]> => {
    const options = ['--offline', '--persona=auditor', '--format=github', '--no-exit-codes', '--quiet'];
    const { stdout } = await execa({ cwd: folder })`${programs?.zizmor ?? ''} ${options} .`;
    return stdout === '' ? [] : stdout.split('\n');
  };

  const BAD = `on: issue_comment
jobs:
  bad:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - run: echo "\${{ github.event.comment.body }}" "\${{ nothing.here }}"
`;

  test('the programs find what is wrong', async () => {
    const folder = await repository('bad', [['bad.yml', BAD]]);
    await expect(actionlint(folder)).resolves.toContain('potentially untrusted');
    const found = (await zizmor(folder)).map((line) => /title=([\w-]+)::/.exec(line)?.[1]);
    expect(new Set(found)).toEqual(
      new Set([
        'anonymous-definition',
        'artipacked',
        'concurrency-limits',
        'dangerous-triggers',
        'excessive-permissions',
        'template-injection',
        'unpinned-uses',
      ]),
    );
  });

  test('of this repository pass actionlint and zizmor, as does dependabot.yml', async () => {
    const folder = await repository('own', named(ownWorkflows));
    await cp(join(ROOT, '.github/dependabot.yml'), join(folder, '.github/dependabot.yml'));
    await expect(actionlint(folder)).resolves.toBe('');
    await expect(zizmor(folder)).resolves.toEqual([]);
  });

  test('to copy pass actionlint and zizmor', async () => {
    const folder = await repository('copied', named(copiedWorkflows));
    await expect(actionlint(folder)).resolves.toBe('');
    await expect(zizmor(folder)).resolves.toEqual([]);
  });

  test('to copy name only inputs and outputs that the action has', async () => {
    // actionlint knows those of an action in the repository.
    const local = named(copiedWorkflows).map(
      ([file, text]) => [file, text.replaceAll(/OWNER\/multicluster-canary@\S+/g, './')] as const,
    );
    const folder = await repository('local', local);
    await writeFile(join(folder, 'action.yml'), await readFile(join(ROOT, 'action.yml')));
    await cp(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
    await expect(actionlint(folder)).resolves.toBe('');
  });
});
