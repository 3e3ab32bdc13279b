import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { nextTurn } from '../../src/core/clock.ts';
import { workspaceOf } from '../../src/core/workspace.ts';
import { problemsOfReportFolder } from '../../src/github/report-folder.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import { writeReport } from '../../src/report/write-report.ts';
import '../support/one-realm.ts';

let base = '';
let checkout = '';
let outside = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'report-'));
  checkout = join(base, 'work');
  outside = join(base, 'home');
  for (const folder of [checkout, outside]) mkdirSync(folder);
  writeFileSync(join(outside, 'report.html'), 'mine');
});
afterEach(() => {
  rmSync(base, { recursive: true });
});

const write = (folder: string, root = checkout): Promise<void> =>
  writeReport(folder, emptyRecord('rollout', 'shop', 'web'), workspaceOf([root]), nextTurn);
const problems = (folder: string, source = 'Input report'): readonly string[] =>
  problemsOfReportFolder(folder, source, workspaceOf([checkout]));
const written = (folder: string): readonly string[] => readdirSync(folder).toSorted();
const BOTH = ['report.html', 'report.json'];

describe('the report is not written through', () => {
  test.each<[string, () => string]>([
    [
      'its folder',
      () => {
        symlinkSync(outside, join(checkout, 'report'));
        return 'report';
      },
    ],
    [
      'a folder above',
      () => {
        symlinkSync(outside, join(checkout, 'out'));
        return 'out/new/report';
      },
    ],
    [
      'a chain of links',
      () => {
        symlinkSync(outside, join(checkout, 'second'));
        symlinkSync('second', join(checkout, 'first'));
        return 'first';
      },
    ],
    [
      'a link that leads nowhere yet',
      () => {
        symlinkSync(join(outside, 'later'), join(checkout, 'report'));
        return 'report';
      },
    ],
  ])('%s that is a link to outside', async (_what, make) => {
    const folder = join(checkout, make());
    await expect(write(folder)).rejects.toThrow('symbolic link');
    expect(problems(folder)).toEqual([expect.stringContaining(`Input report: got "${folder}", which`)]);
    expect(written(outside)).toEqual(['report.html']);
    expect(readFileSync(join(outside, 'report.html'), 'utf8')).toBe('mine');
  });

  test('a file that is a link', async () => {
    mkdirSync(join(checkout, 'report'));
    symlinkSync(join(outside, 'report.html'), join(checkout, 'report', 'report.html'));
    const folder = join(checkout, 'report');
    await expect(write(folder)).rejects.toThrow('report.html is a symbolic link; remove it');
    expect(problems(folder)).toEqual([
      `Input report: got "${folder}", but ${join(folder, 'report.html')} is a symbolic link. Remove it, or choose another folder.`,
    ]);
    expect(readFileSync(join(outside, 'report.html'), 'utf8')).toBe('mine');
  });
});

test('another name of an outside file keeps its content', async () => {
  mkdirSync(join(checkout, 'report'));
  const { linkSync } = await import('node:fs');
  linkSync(join(outside, 'report.html'), join(checkout, 'report', 'report.html'));
  await write(join(checkout, 'report'));
  expect(readFileSync(join(outside, 'report.html'), 'utf8')).toBe('mine');
  expect(written(join(checkout, 'report'))).toEqual(BOTH);
});

describe('the report is written', () => {
  test('into a new folder, and again', async () => {
    const folder = join(checkout, 'a', 'b');
    await write(folder);
    await write(folder);
    expect(written(folder)).toEqual(BOTH);
  });

  test('through a link that stays in the workspace', async () => {
    mkdirSync(join(checkout, 'real'));
    symlinkSync('real', join(checkout, 'report'));
    expect(problems(join(checkout, 'report'))).toEqual([]);
    await write(join(checkout, 'report'));
    expect(written(join(checkout, 'real'))).toEqual(BOTH);
  });

  test('into a folder outside that an input names', async () => {
    expect(problems(outside)).toEqual([]);
    await write(outside);
    expect(written(outside)).toEqual(BOTH);
  });

  test('where the workspace itself is a link', async () => {
    symlinkSync(checkout, join(base, 'link'));
    await write(join(base, 'link', 'report'), join(base, 'link'));
    expect(written(join(checkout, 'report'))).toEqual(BOTH);
  });
});

test('the release file cannot name a folder outside', () => {
  expect(problems(outside, '.github/canary.yml:3: report')).toEqual([
    `.github/canary.yml:3: report: got "${outside}", which is outside the workspace; the release file can name only a folder in it. Use the input report.`,
  ]);
});

test('a report that cannot be completed leaves no half of it', async () => {
  mkdirSync(join(checkout, 'report', 'report.json'), { recursive: true });
  await expect(write(join(checkout, 'report'))).rejects.toThrow('report.json is no regular file; remove it');
  expect(existsSync(join(checkout, 'report', 'report.json'))).toBe(true);
});
