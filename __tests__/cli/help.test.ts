import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readDescriptions } from '../../src/cli/descriptions.ts';
import { helpOfOperation, helpOfProgram } from '../../src/cli/help.ts';
import { OPERATION_HELP } from '../../src/cli/operation-help.ts';
import { INPUTS, OPERATIONS } from '../../src/github/inputs.ts';

const ROOT = new URL('../../', import.meta.url);
const descriptions = readDescriptions(new URL('action.yml', ROOT));
const program = helpOfProgram(descriptions);
const texts = [
  { name: 'the program', text: program },
  ...OPERATIONS.map((name) => ({ name, text: helpOfOperation(name, descriptions) })),
];

const NAMES = Object.keys(INPUTS.shape);

/** The options that have an entry of their own. */
const listed = (text: string): readonly string[] =>
  [...text.matchAll(/^ {2}(?:-h, )?--([a-z-]+)/gm)].map(([, name = '']) => name);

describe.each(texts)('the help for $name', ({ text }) => {
  test('fits on a terminal of 100 columns, and contains no Markdown', () => {
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(text.match(/`|\]\(/g)).toBeNull();
  });

  test('speaks of options, not of inputs and secrets of a workflow', () => {
    expect(text.match(/\b(?:inputs?|secrets?|workflow|job|the action)\b/gi)).toBeNull();
  });

  test('tells defaults', () => {
    expect(text).toContain('Default: .github/canary.yml.');
  });
});

test('the help for the program lists every input', () => {
  expect(new Set(listed(program))).toEqual(new Set([...NAMES, 'help', 'json']));
});

test.each(OPERATIONS)(
  'the help for %s mentions every input, in a list or among those without use',
  (operation) => {
    const text = helpOfOperation(operation, descriptions);
    const { unused } = OPERATION_HELP[operation];
    // `--summary` and `--version` are options of the command line as well.
    expect(new Set([...listed(text), ...unused])).toEqual(
      new Set([...NAMES.filter((name) => name !== 'operation'), 'help', 'json']),
    );
    expect(listed(text).filter((name) => unused.some((one) => one === name))).toEqual([]);
  },
);

test.each(OPERATIONS)('%s is described as in the README', (operation) => {
  const readme = readFileSync(new URL('README.md', ROOT), 'utf8');
  const row = readme.split('\n').find((line) => line.startsWith(`| \`${operation}\``)) ?? '';
  expect(row.split('|')[2]?.trim()).toBe(OPERATION_HELP[operation].summary);
});

test('a value stands for itself by its form', () => {
  expect(program).toMatch(/^ {2}--max-rps NUMBER {2,}Requests per second to each ingress. Default: 100\.$/m);
  expect(program).toMatch(/^ {2}--on-failure rollback\|keep$/m);
  expect(program).toMatch(/^ {2}--bake TIME /m);
  expect(program).toMatch(/^ {2}--weights KEY=VALUE /m);
  expect(program).toMatch(/^ {2}--steps LIST /m);
});
