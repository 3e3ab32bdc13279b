import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { KUBECTL_SCHEMA } from '../../src/github/kubectl-yaml.ts';
import '../support/one-realm.ts';

const read = (text: string): unknown =>
  (load(`v: ${text}\n`, { schema: KUBECTL_SCHEMA }) as { v: unknown }).v;

// What sigs.k8s.io/yaml 1.6.0, which kubectl uses, makes of each.
describe('a scalar is read as kubectl reads it', () => {
  const words: readonly [string, unknown][] = [
    ...['yes', 'Yes', 'YES', 'y', 'Y', 'on', 'On', 'ON', 'true', 'True', 'TRUE'].map(
      (text): [string, unknown] => [text, true],
    ),
    ...['no', 'No', 'NO', 'n', 'N', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE'].map(
      (text): [string, unknown] => [text, false],
    ),
    ...['~', 'null', 'Null', 'NULL', ''].map((text): [string, unknown] => [text, null]),
    ...[
      'yEs',
      'tRue',
      'nULL',
      '_1',
      '0x1.8p1',
      '190:20:30',
      '1:30',
      '20:30.15',
      '2001-12-14',
      '2001-12-14T21:59:43Z',
      '100m',
      '1e400',
      'Infinity',
      'NaN',
      '.e3',
      '5e',
      '0xG',
      '--1',
      '+',
      '.',
      '=',
    ].map((text): [string, unknown] => [text, text]),
  ];
  const numbers: readonly [string, number][] = [
    ['0644', 420],
    ['0o644', 420],
    ['0O17', 15],
    ['0x3E8', 1000],
    ['0X3E8', 1000],
    ['0b101', 5],
    ['0B101', 5],
    ['-0b11', -3],
    ['1_200', 1200],
    ['1_', 1],
    ['1__2', 12],
    ['-1_0', -10],
    ['+5', 5],
    ['+0x1F', 31],
    ['-017', -15],
    ['089', 89],
    ['08', 8],
    ['00', 0],
    ['-0', 0],
    ['1.50', 1.5],
    ['1e3', 1000],
    ['1.e3', 1000],
    ['.5', 0.5],
    ['5.', 5],
    ['-.5', -0.5],
    ['1_0.5_0', 10.5],
    ['0x_1F', 31],
    ['.5_0', 0.5],
    ['1e-7', 1e-7],
    ['0777_7', 4095],
    ['+1e3', 1000],
  ];

  test.each([...words, ...numbers])('%j', (text, value) => {
    expect(read(text)).toBe(value);
  });

  test.each<[string, unknown]>([
    ['"yes"', 'yes'],
    ["'on'", 'on'],
    ['"0644"', '0644'],
    ['!!str yes', 'yes'],
    ['!!bool yes', true],
    ['!!int "5"', 5],
    ['{yes: 1}', { true: 1 }],
    ['{0644: x}', { 420: 'x' }],
  ])('%s', (text, value) => {
    expect(read(text)).toEqual(value);
  });
});

test('an integer that JavaScript would round is refused, not changed', () => {
  expect(() => read('9223372036854775807')).toThrow(
    'the integer 9223372036854775807 is too large to be read exactly; if it is text, put it in quotes',
  );
});
