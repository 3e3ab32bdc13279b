/**
 * Fills the tables of inputs and outputs in README.md and README.zh-CN.md from action.yml. Names and defaults are the same in
 * both; the Chinese descriptions are in `docs/zh/inputs.yml`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import * as prettier from 'prettier';
import { z } from 'zod';
import { GROUP_TITLES, groupInputs } from '../src/github/input-groups.ts';
import type { GroupName } from '../src/github/input-groups.ts';

const root = join(import.meta.dirname, '..');

/** What differs between the tables of two languages. */
interface Language {
  readonly file: string;
  /** The file with the descriptions: action.yml, or one with the same keys. */
  readonly source: string;
  readonly inputHead: readonly [string, string, string];
  readonly outputHead: readonly [string, string];
  readonly groups: Readonly<Record<GroupName, string>>;
  /** Splits a description into its text and the default at its end. */
  readonly defaultAtEnd: RegExp;
  /** The sentence that marks a required input, and the text of its cell in the default column. */
  readonly required: readonly [sentence: string, cell: string];
}

const ENGLISH: Language = {
  file: 'README.md',
  source: 'action.yml',
  inputHead: ['Input', 'Description', 'Default'],
  outputHead: ['Output', 'Description'],
  groups: GROUP_TITLES,
  defaultAtEnd: /^(.*?)\s*Default: (.+)\.$/s,
  required: ['Required, here or in the release file.', 'required'],
};

const CHINESE: Language = {
  file: 'README.zh-CN.md',
  source: 'docs/zh/inputs.yml',
  inputHead: ['输入', '说明', '默认值'],
  outputHead: ['输出', '说明'],
  groups: {
    Operation: '操作',
    Where: '集群',
    What: '应用',
    Traffic: '流量',
    Check: '校验',
    Metrics: '指标',
    Rest: '其他',
  },
  defaultAtEnd: /^(.*?)\s*默认：(.+)。$/s,
  required: ['必填，可写在此处或发布文件中。', '必填'],
};

export const LANGUAGES = [ENGLISH, CHINESE];

interface Entry {
  readonly description: string;
  readonly default?: string | undefined;
}

/** Each entry as action.yml has it, or its description alone. */
const entries = z.record(
  z.string(),
  z.union([
    z.object({ description: z.string(), default: z.string().optional() }),
    z.string().transform((description): Entry => ({ description })),
  ]),
);
const manifest = z.object({ inputs: entries, outputs: entries });
type Manifest = z.output<typeof manifest>;

/** The descriptions of inputs and outputs in a file. */
export async function descriptionsIn(source: string): Promise<Manifest> {
  return manifest.parse(load(await readFile(join(root, source), 'utf8')));
}

/** A README as it is now, and with its tables regenerated. */
export async function readme(
  language: Language,
): Promise<{ readonly current: string; readonly filled: string }> {
  const path = join(root, language.file);
  const [current, original, own] = await Promise.all([
    readFile(path, 'utf8'),
    descriptionsIn(ENGLISH.source),
    descriptionsIn(language.source),
  ]);
  const filled = [
    ['inputs', inputTables(language, original, own)] as const,
    ['outputs', outputTable(language, original, own)] as const,
  ].reduce((text, [name, content]) => between(language.file, text, name, content), current);
  const options = await prettier.resolveConfig(path);
  return { current, filled: await prettier.format(filled, { ...options, filepath: path }) };
}

function between(file: string, text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${file} has no ${begin} … ${end}`);
  return `${before}${begin}\n\n${content}\n\n${end}${after}`;
}

function inputTables(language: Language, original: Manifest, own: Manifest): string {
  return groupInputs(Object.keys(original.inputs))
    .map(({ name, inputs }) => {
      const rows = inputs.map((input) => inputRow(language, input, original, own));
      return [`**${language.groups[name]}**`, table(language.inputHead, rows)].join('\n\n');
    })
    .join('\n\n');
}

function inputRow(language: Language, input: string, original: Manifest, own: Manifest): readonly string[] {
  const [sentence, cell] = language.required;
  const text = descriptionOf(language, own.inputs, input);
  const value = original.inputs[input]?.default;
  const [, body = text, asText] = language.defaultAtEnd.exec(text) ?? [];
  const required = body.includes(sentence);
  return [
    code(input),
    body.replace(sentence, '').trim(),
    value === undefined
      ? (codeDefault(descriptionOf(ENGLISH, original.inputs, input)) ?? asText ?? (required ? cell : ''))
      : code(value),
  ];
}

/** A default that is a literal value, and so the same in every language: "Default: `5`." */
function codeDefault(description: string): string | undefined {
  return /Default: (`[^`]+`)\.$/.exec(description)?.[1];
}

function outputTable(language: Language, original: Manifest, own: Manifest): string {
  const rows = Object.keys(original.outputs).map((output) => [
    code(output),
    descriptionOf(language, own.outputs, output),
  ]);
  return table(language.outputHead, rows);
}

function descriptionOf({ source }: Language, all: Manifest['inputs'], name: string): string {
  const description = all[name]?.description;
  if (description === undefined) throw new Error(`${source} does not describe ${name}`);
  return description.trim();
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

const code = (name: string): string => `\`${name}\``;

if (process.argv[1] === import.meta.filename) {
  for (const language of LANGUAGES) {
    const { filled } = await readme(language);
    await writeFile(join(root, language.file), filled);
  }
}
