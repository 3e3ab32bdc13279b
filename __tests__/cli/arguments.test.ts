import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readArguments } from '../../src/cli/arguments.ts';
import type { Command, JobCommand } from '../../src/cli/arguments.ts';
import { INPUT_OPTIONS } from '../../src/cli/options.ts';
import { INPUTS, OPERATIONS } from '../../src/github/inputs.ts';
import { expectHolds } from '../support/properties.ts';

const inputsOf = (...args: readonly string[]): unknown => {
  const read = readArguments(args);
  return read.kind === 'job' ? Object.fromEntries(read.inputs) : read;
};

const problemsOf = (...args: readonly string[]): readonly string[] => {
  const read: Command = readArguments(args);
  return read.kind === 'refused' ? read.problems : [`read as ${read.kind}`];
};

const job = (...args: readonly string[]): JobCommand => {
  const read = readArguments(args);
  if (read.kind !== 'job') throw new Error(JSON.stringify(read));
  return read;
};

describe('an option', () => {
  const names = Object.keys(INPUTS.shape).filter((name) => name !== 'summary');
  const many = INPUT_OPTIONS.filter((option) => option.many).map(({ name }) => name);

  test('exists for every input', () => {
    expect(INPUT_OPTIONS.map(({ name }) => name)).toEqual(Object.keys(INPUTS.shape));
  });

  test('gives its input any text, in either spelling', () =>
    expectHolds(
      1500,
      fc.property(fc.constantFrom(...names), fc.string({ unit: 'binary' }), (name, text) => {
        expect(inputsOf(`--${name}=${text}`)).toEqual({ [name]: text });
        fc.pre(!text.startsWith('--'));
        expect(inputsOf(`--${name}`, text)).toEqual({ [name]: text });
      }),
    ));

  test('that takes several values joins its repetitions as lines', () =>
    expectHolds(
      500,
      fc.property(
        fc.constantFrom(...many),
        fc.array(fc.string(), { minLength: 1, maxLength: 4 }),
        (name, values) => {
          expect(inputsOf(...values.map((value) => `--${name}=${value}`))).toEqual({
            [name]: values.join('\n'),
          });
        },
      ),
    ));

  test.each(names.filter((name) => !many.includes(name)))('--%s is given once', (name) => {
    expect(problemsOf(`--${name}=a`, `--${name}=b`)).toEqual([
      `--${name} is given 2 times, and takes one value.`,
    ]);
  });

  test('of every name that takes several values is repeated', () => {
    expect(many).toEqual(
      expect.arrayContaining(['kubeconfig', 'clusters', 'weights', 'headers', 'manifests', 'metrics']),
    );
  });

  test.each([
    [['--max-rp', '20'], ['--max-rp is not an option; did you mean --max-rps?']],
    [['--no-coment'], ['--no-coment is not an option; did you mean --no-comment?']],
    [
      ['--max_rps=20', '--bak=1'],
      ['--max_rps is not an option; did you mean --max-rps?', '--bak is not an option; did you mean --bake?'],
    ],
    [['-x'], ['-x is not an option']],
    [['--__proto__=a'], [expect.stringMatching(/^--__proto__ is not an option; /)]],
    [['--toString'], [expect.stringMatching(/^--toString is not an option; /)]],
  ])('%j is refused with the nearest name', (args, problems) => {
    expect(problemsOf('rollout', ...args)).toEqual(problems);
  });

  test('without a value does not take the next option for one', () => {
    expect(problemsOf('rollout', '--app', '--max-rps', '20')).toEqual([
      '--app needs a value: --app TEXT. For a value that begins with --, write --app=--max-rps',
    ]);
    expect(problemsOf('--tolerance')).toEqual(['--tolerance needs a value: --tolerance NUMBER.']);
  });

  test('that is a flag is denied by --no-', () => {
    expect(inputsOf('--no-comment')).toEqual({ comment: 'false' });
    expect(problemsOf('--no-comment=x')).toEqual(['--no-comment takes no value; got "x".']);
    expect(problemsOf('--json=x')).toEqual(['--json takes no value; got "x".']);
  });
});

describe('the operation', () => {
  test.each(OPERATIONS)('%s is the first argument, or an option', (operation) => {
    expect(inputsOf(operation)).toEqual({ operation });
    expect(inputsOf('--app', 'shop', operation)).toEqual({ operation, app: 'shop' });
    expect(inputsOf('--operation', operation)).toEqual({ operation });
    expect(inputsOf(operation, '--operation', operation)).toEqual({ operation });
  });

  test.each([
    [[], /^Which operation\?/],
    [['promot'], /^"promot" is not an operation; did you mean promote\? The operations are rollout, /],
    [['verify', '--operation', 'plan'], /^The operation is given twice: verify, and --operation plan\.$/],
    [['verify', 'plan'], /^"plan" is unexpected: after the operation come options/],
    [['help', 'promot'], /^"promot" is not an operation/],
  ])('%j is refused', (args, problem) => {
    expect(problemsOf(...args)).toEqual([expect.stringMatching(problem)]);
  });
});

describe('what is no job', () => {
  test.each([
    [['--help'], undefined],
    [['-h'], undefined],
    [['help'], undefined],
    [['promote', '--help'], 'promote'],
    [['help', 'promote'], 'promote'],
    [['promote', '--app=shop', '-h'], 'promote'],
  ])('%j asks for help', (args, operation) => {
    expect(readArguments(args)).toEqual({ kind: 'help', operation });
  });

  test('asks for the version of the program, unless it names the one to release', () => {
    expect([readArguments(['--version']), readArguments(['version'])]).toEqual([
      { kind: 'version' },
      { kind: 'version' },
    ]);
    expect(inputsOf('--version', 'v2')).toEqual({ version: 'v2' });
    expect(problemsOf('rollout', '--version')).toEqual(['--version needs a value: --version TEXT.']);
  });
});

describe('--summary', () => {
  test('names the file, and wants a summary whatever the release file says', () => {
    const { inputs, summaryFile } = job('rollout', '--summary', 'out/summary.md');
    expect([inputs.get('summary'), summaryFile]).toEqual(['true', 'out/summary.md']);
  });

  test.each([
    [['--no-summary'], 'false'],
    [['--summary=false'], 'false'],
    [['--summary=true'], 'true'],
  ])('%j gives the input alone', (args, value) => {
    const { inputs, summaryFile } = job('rollout', ...args);
    expect([inputs.get('summary'), summaryFile]).toEqual([value, undefined]);
  });
});
