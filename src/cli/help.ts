import { GROUP_TITLES, groupInputs } from '../github/input-groups.ts';
import { OPERATIONS } from '../github/inputs.ts';
import type { InputName, Operation } from '../github/inputs.ts';
import { capitalized } from '../report/format.ts';
import { OPERATION_HELP } from './operation-help.ts';
import { INPUT_OPTIONS } from './options.ts';
import type { InputOption } from './options.ts';

const WIDTH = 90;
const NAME = 'multicluster-canary';

/** What each option does, as Markdown. */
type Descriptions = ReadonlyMap<string, string>;

/** The help for the whole program: of each option, the first sentence and the default. */
export function helpOfProgram(descriptions: Descriptions): string {
  return sections([
    ['', paragraph(`${NAME} releases a version across the clusters of one Istio mesh, step by step.`)],
    ['Usage', [`  ${NAME} OPERATION [OPTION...]`, `  ${NAME} OPERATION --help`]],
    ['Operations', OPERATIONS.map((operation) => definition(operation, summaryOf(operation)))],
    ['General', ownOptions()],
    ...optionGroups(descriptions, INPUT_OPTIONS, brief),
    ['Values', VALUES.flatMap((text) => paragraph(text, 2))],
    ['Exit codes', EXIT_CODES.map(([code, text]) => definition(code, text))],
    ['', paragraph(`All about the options of an operation: ${NAME} OPERATION --help`)],
  ]);
}

/** The help for one operation: the options that make a difference to it, with all about them. */
export function helpOfOperation(operation: Operation, descriptions: Descriptions): string {
  const { example, unused } = OPERATION_HELP[operation];
  const omitted: readonly string[] = [...unused, 'operation'] satisfies readonly InputName[];
  const used = INPUT_OPTIONS.filter(({ name }) => !omitted.includes(name));
  return sections([
    ['', paragraph(`${operation}: ${summaryOf(operation)}`)],
    ['Usage', [`  ${NAME} ${operation} [OPTION...]`]],
    ['Example', [`  ${NAME} ${example}`]],
    ['General', ownOptions()],
    ...optionGroups(descriptions, used, (text) => text),
    [
      '',
      paragraph(
        `The options of other operations are accepted too, and make no difference: ${unused.map((name) => `--${name}`).join(', ')}.`,
      ),
    ],
  ]);
}

const VALUES = [
  'The release file (--config) has the same names as keys; an option overrides it.',
  'LIST and KEY=VALUE: separate values by commas, or repeat the option.',
  'TIME: a number and ms, s, m or h; a bare number is in seconds.',
  '--headers @FILE, --metrics-headers @FILE and --github-token @FILE read the value from a file: others on this machine can see the arguments of a process.',
];

const EXIT_CODES = [
  ['0', 'The operation passed.'],
  ['1', 'It failed: the split or a metric is wrong, the clusters disagree, or a write failed.'],
  ['2', 'It was inconclusive: the samples do not show whether the split is right.'],
  ['3', 'It was refused, or could not begin: nothing was written.'],
  [
    '129, 130, 143',
    'It was stopped by SIGHUP, SIGINT (Ctrl-C) or SIGTERM, and restored the previous weights.',
  ],
] as const;

function ownOptions(): readonly string[] {
  return [
    definition('--json', 'Print the report as JSON to stdout, and the log to stderr.'),
    definition(
      '--summary FILE',
      'Write the summary as Markdown to a file. Without it, or with --no-summary, none is written.',
    ),
    definition('-h, --help', 'Print this help.'),
    definition('--version', 'Print the version of the program. With a value, it is the version to release.'),
  ];
}

function summaryOf(operation: Operation): string {
  return `${capitalized(plain(OPERATION_HELP[operation].summary))}.`;
}

type Section = readonly [heading: string, lines: readonly string[]];

function optionGroups(
  descriptions: Descriptions,
  options: readonly InputOption[],
  shorten: (text: string) => string,
): readonly Section[] {
  const byName = new Map(options.map((option) => [option.name, option]));
  return groupInputs(INPUT_OPTIONS.map(({ name }) => name)).flatMap(
    ({ name, inputs }): readonly Section[] => {
      const shown = inputs.flatMap((input) => {
        const option = byName.get(input);
        // It has an option of the same name, which takes a file.
        return option === undefined || input === 'summary' ? [] : [option];
      });
      if (shown.length === 0) return [];
      const lines = shown.map((option) =>
        definition(
          `--${option.name} ${option.placeholder}`,
          shorten(plain(descriptions.get(option.name) ?? '')),
        ),
      );
      return [[GROUP_TITLES[name], lines]];
    },
  );
}

/** The first sentence, and what happens without the option. */
function brief(text: string): string {
  const [first = text] = /^.*?\.(?=\s+[A-Z]|$)/s.exec(text) ?? [];
  const without = /(?:Default: |Required, )[^]+\.$/.exec(text)?.[0] ?? '';
  return first.includes(without) ? first : `${first} ${without}`;
}

/** Text without Markdown; inputs are options here, and the pages of the documentation are not at hand. */
function plain(text: string): string {
  return text
    .replaceAll(/\[([^\]]+)\]\((https:[^)]+)\)/g, '$1 ($2)')
    .replaceAll(/\s*See \[[^\]]+\]\([^)]+\)\./g, '')
    .replaceAll(/`([a-z-]+)`/g, (whole, name: string) => (isOption(name) ? `--${name}` : whole))
    .replaceAll('`', '')
    .replaceAll('the action', 'the command')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function isOption(name: string): boolean {
  return INPUT_OPTIONS.some((option) => option.name === name);
}

const COLUMN = 28;

/** A term, and beside it, or below if it is long, what it means. */
function definition(term: string, meaning: string): string {
  const [first = '', ...rest] = wrapped(meaning, WIDTH - COLUMN);
  const indent = ' '.repeat(COLUMN);
  const head = `  ${term}`;
  const begin = head.length < COLUMN - 1 ? `${head.padEnd(COLUMN)}${first}` : `${head}\n${indent}${first}`;
  return [begin, ...rest.map((line) => `${indent}${line}`)].join('\n');
}

function paragraph(text: string, indent = 0): readonly string[] {
  return wrapped(text, WIDTH - indent).map((line) => `${' '.repeat(indent)}${line}`);
}

/** Lines of at most so many characters, unless a word is longer. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function sections(all: readonly Section[]): string {
  return `${all
    .map(([heading, lines]) => [...(heading === '' ? [] : [`${heading}:`]), ...lines].join('\n'))
    .join('\n\n')}\n`;
}
