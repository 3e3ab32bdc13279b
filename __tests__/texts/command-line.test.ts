import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  inputLabel,
  inputLabels,
  inputPlace,
  inputSetting,
  speakOf,
  theInput,
  theInputs,
} from '../../src/core/wording.ts';
import { inputOfProblem, inputProblemOf } from '../../src/report/input-problems.ts';
import type { Message, MessageValues } from '../../src/texts/message.ts';
import { say, textsIn } from '../../src/texts/texts.ts';
import { misspacedIn } from '../support/chinese.ts';
import { MESSAGES } from '../support/messages.ts';

beforeAll(() => {
  speakOf('command');
});

const EXAMPLES = Object.entries(MESSAGES).flatMap(([kind, examples]) =>
  examples.map(
    (values): Message => ({ kind, ...values }) as { readonly kind: keyof MessageValues } as Message,
  ),
);

/** What a person has only on GitHub. */
const GITHUB =
  /\b(?:the input [a-z-]+|this (?:step|job|runner)|the (?:runner|job)|secrets?|workflow)\b|\(inputs? |输入 [a-z]|本步骤|本作业|作业|运行器/;

describe.each(['en', 'zh'] as const)('on a command line, in %s', (language) => {
  const texts = textsIn(language);

  test('no message speaks of inputs, steps or runners of GitHub', () => {
    const said = EXAMPLES.map((message) => say(message, texts));
    expect(said.filter((text) => GITHUB.test(text))).toEqual([]);
    expect(said.filter((text) => /(?:^|[ (（])--[a-z-]+/.test(text)).length).toBeGreaterThan(5);
    expect(said.flatMap((text) => (language === 'zh' ? misspacedIn(text) : []))).toEqual([]);
  });

  test('nor does the state after a run, or what to do next', () => {
    const said = Object.values({ ...texts.state, ...texts.nextStep }).filter(
      (text) => typeof text === 'string',
    );
    expect(said.length).toBeGreaterThan(5);
    expect(said.filter((text) => GITHUB.test(text))).toEqual([]);
  });
});

test('an input is the option that people write', () => {
  expect([
    theInput('routes'),
    theInputs('path', 'host'),
    inputLabel('pods'),
    inputLabel('pods', 'none'),
    inputLabels('max-samples', 'verify-timeout'),
    inputPlace('weights'),
    inputSetting('routes', 'main'),
  ]).toEqual([
    '--routes',
    '--path and --host',
    '--pods',
    '--pods none',
    '--max-samples, --verify-timeout',
    '--weights',
    '--routes main',
  ]);
});

test('a problem with an option is one of that input', () => {
  const problem = '--max-rps: got "x"; expected a number.';
  expect(inputOfProblem(problem)).toBe('max-rps');
  expect(inputProblemOf(problem)).toEqual({ place: '--max-rps', rest: ': got "x"; expected a number.' });
});
