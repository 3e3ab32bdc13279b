/**
 * Says which sections changed in one language since somebody last compared the English texts with the Chinese ones, and records
 * the comparison in docs/zh/compared.yml. `npm run zh` records what is new or changed in both languages.
 * `npm run zh -- docs/adopting.md` confirms that its other language need not follow; so does `docs/adopting.md#section`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import * as prettier from 'prettier';
import { glob } from 'tinyglobby';
import { z } from 'zod';
import { readScriptOptions } from '../testbed/script-options.ts';
import { compare, record } from './translation/compare.ts';
import type { Compared, Counterparts } from './translation/compare.ts';
import { sectionsOfDescriptions, sectionsOfPage } from './translation/sections.ts';
import type { Section } from './translation/sections.ts';

const root = join(import.meta.dirname, '..');
const RECORD = 'docs/zh/compared.yml';

/** For contributors, who read English code. */
const ENGLISH_ONLY = ['docs/architecture.md'];

/** Two files that say the same, and how to split each. */
export interface Translation {
  readonly english: string;
  readonly chinese: string;
  readonly split: { readonly english: Splitter; readonly chinese: Splitter };
}
type Splitter = (text: string) => readonly Section[];

const README: Translation = {
  english: 'README.md',
  chinese: 'README.zh-CN.md',
  split: {
    english: (text) => sectionsOfPage(text, ['development']),
    chinese: (text) => sectionsOfPage(text, ['解决什么问题', '使用前请确认']),
  },
};

const DESCRIPTIONS: Translation = {
  english: 'action.yml',
  chinese: 'docs/zh/inputs.yml',
  split: { english: sectionsOfDescriptions, chinese: sectionsOfDescriptions },
};

const page = (name: string): Translation => ({
  english: `docs/${name}`,
  chinese: `docs/zh/${name}`,
  split: { english: (text) => sectionsOfPage(text), chinese: (text) => sectionsOfPage(text) },
});

/** The pages of docs and their Chinese counterparts, whether these exist or not. */
export async function pages(): Promise<readonly Translation[]> {
  const files = await glob(['docs/*.md', 'docs/zh/*.md'], { cwd: root, ignore: ENGLISH_ONLY });
  const names = new Set(files.map((file) => file.replace(/^docs\/(zh\/)?/, '')));
  return [...names].toSorted().map(page);
}

export async function translations(): Promise<readonly Translation[]> {
  return [README, DESCRIPTIONS, ...(await pages())];
}

/** Both texts of a translation. */
export async function textsOf({ english, chinese }: Translation): Promise<readonly [string, string]> {
  return Promise.all([read(english), read(chinese)]);
}

/** What to do about each section that changed in one language or in both. */
export async function tasks(translation: Translation): Promise<readonly string[]> {
  const compared = await readRecord();
  const counterparts = await counterpartsOf(translation, compared);
  return counterparts.flatMap((pair) => task(translation, pair));
}

function task(translation: Translation, { english, chinese, changed }: Counterparts): readonly string[] {
  const one = `${translation.english}#${english.id}`;
  const other = `${translation.chinese}#${chinese.id}`;
  switch (changed) {
    case 'neither':
      return [];
    case 'both':
      return [`${one} and ${other} are new or changed: compare them, then run: npm run zh`];
    case 'English':
    case 'Chinese': {
      const [source, target] = changed === 'English' ? [one, other] : [other, one];
      return [
        `${source} changed: change ${target} too, then run: npm run zh; or, if it need not change: npm run zh -- '${one}'`,
      ];
    }
  }
}

async function counterpartsOf(
  translation: Translation,
  compared: Readonly<Record<string, Compared>>,
): Promise<readonly Counterparts[]> {
  const { english, chinese, split } = translation;
  const [one, other] = await textsOf(translation);
  try {
    return compare(split.english(one), split.chinese(other), compared[english] ?? {});
  } catch (cause) {
    throw new Error(`${english} and ${chinese}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** The record after a comparison in which everything in `confirmed` (files, or sections of files) was found to be right. */
async function updated(confirmed: readonly string[]): Promise<Readonly<Record<string, Compared>>> {
  const compared = await readRecord();
  const all = await translations();
  const entries = all.map(async (translation) => {
    const { english } = translation;
    const isConfirmed = ({ id }: Section): boolean =>
      confirmed.includes(english) || confirmed.includes(`${english}#${id}`);
    const counterparts = await counterpartsOf(translation, compared);
    return [english, record(counterparts, compared[english] ?? {}, isConfirmed)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

const records = z.record(z.string(), z.record(z.string(), z.string()));

async function readRecord(): Promise<Readonly<Record<string, Compared>>> {
  return records.parse(load(await read(RECORD)) ?? {});
}

async function writeRecord(compared: Readonly<Record<string, Compared>>): Promise<void> {
  const path = join(root, RECORD);
  const head =
    '# The hashes of each English section and its Chinese counterpart when they were last compared: `npm run zh`.\n';
  const options = await prettier.resolveConfig(path);
  await writeFile(path, await prettier.format(head + dump(compared), { ...options, filepath: path }));
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(join(root, file), 'utf8');
  } catch (cause) {
    throw new Error(`${file} is missing: each page needs both languages`, { cause });
  }
}

const HELP = `
Usage: npm run zh -- [SECTION...]

Records the texts that changed in both languages, and names those that changed in one only.

  SECTION   a page or section whose other language need not follow, such as docs/adopting.md#permissions
`;

if (process.argv[1] === import.meta.filename) {
  const { positionals } = readScriptOptions(HELP, { allowPositionals: true });
  await writeRecord(await updated(positionals));
  for (const translation of await translations()) {
    for (const line of await tasks(translation)) {
      process.stdout.write(`${line}\n`);
      process.exitCode = 1;
    }
  }
}
