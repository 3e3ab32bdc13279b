import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { z } from 'zod';
import { CanaryError } from '../../src/core/errors.ts';
import { formatWeights, sameWeights } from '../../src/core/weights.ts';
import { INPUTS, readInputs } from '../../src/github/inputs.ts';
import { duration } from '../../src/github/parsers/duration.ts';
import { placement } from '../../src/github/parsers/clusters.ts';
import { headers } from '../../src/github/parsers/request.ts';
import { map } from '../../src/github/parsers/plain.ts';
import { steps, weights } from '../../src/github/parsers/versions.ts';
import { RELEASE_FILE, parseReleaseFile } from '../../src/github/release-file.ts';
import { readKubeconfig } from '../../src/kubernetes/client/kubeconfig.ts';
import { anyWeights } from '../support/istio-arbitraries.ts';
import { expectHolds } from '../support/properties.ts';
import '../support/one-realm.ts';

/** Pieces of the grammars of all inputs, so that generated texts come close to what they accept. */
const piece = fc.oneof(
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'v1',
      'v2',
      '80',
      '20',
      '100',
      '0',
      '=',
      ':',
      ': ',
      ',',
      '\n',
      ' ',
      'east',
      'west',
      'none',
      'auto',
      'header:',
      'body:',
      'json:',
      '/',
      '[',
      ']',
      '(',
      '*',
      '\\',
      '.',
      '-',
      'http://',
      'a.example.com',
      '@',
      's',
      'ms',
      '90',
      '1e3',
      '%',
      'true',
      'x-user',
      '#',
      '{',
      '}',
      '&a',
      '*a',
      '<<: ',
      '"',
      "'",
      '|',
      '> ',
      '---',
      '!!js',
      'constructor',
      '__proto__',
      'toString',
    ),
  },
);
const text = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''));

/** What YAML may hold beside text. */
const value = fc.oneof(
  text,
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 3 }),
  fc.dictionary(text, text, { maxKeys: 3 }),
  fc.jsonValue({ maxDepth: 2 }),
);

const names = Object.keys(INPUTS.shape) as (keyof typeof INPUTS.shape)[];

const OF_A_VALUE = /^(got |is required)[^]*; expected |^is required; expected /;
/** Of a metric, a message may say what it lacks. */
const OF_A_LIST = /^(got |line \d+|does not parse: |has |is required|[^]+ is not a key of )/;

describe('every input', () => {
  test.each(names)('%s is read, or refused in a sentence', (name) => {
    const schema: z.ZodType = INPUTS.shape[name];
    return expectHolds(
      120,
      fc.property(value, (given) => {
        const { success, error } = schema.safeParse(given);
        const messages = success ? [] : error.issues.map(({ message }) => message);
        expect(
          messages.filter((message) => !(name === 'metrics' ? OF_A_LIST : OF_A_VALUE).test(message)),
        ).toEqual([]);
        expect(messages.every((message) => message.length < 1000)).toBe(true);
      }),
    );
  });

  test('means the same with white space around it', () =>
    expectHolds(
      1500,
      fc.property(
        fc.constantFrom(...names),
        text,
        fc.constantFrom(' ', '\n', ' \n '),
        (name, given, space) => {
          const read = (one: string): unknown => {
            const { values, problems } = readInputs((asked) => (asked === name ? one : ''));
            return problems.some((problem) => problem.startsWith(`Input ${name}: got`))
              ? 'refused'
              : values[name];
          };
          expect(read(`${space}${given}${space}`)).toEqual(read(given));
        },
      ),
    ));

  test('means the same in the release file, where it may stand there', () =>
    expectHolds(
      800,
      fc.property(
        fc.constantFrom(...(Object.keys(RELEASE_FILE.shape) as (keyof typeof INPUTS.shape)[])),
        text,
        (name, given) => {
          const source = stringify(
            { [name]: given },
            { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 },
          );
          const file = parseReleaseFile('canary.yml', source);
          expect(file.problems).toEqual([]);
          const inFile = readInputs(() => '', file.values).values[name];
          const asInput = readInputs((asked) => (asked === name ? given : '')).values[name];
          expect(inFile).toEqual(asInput);
        },
      ),
    ));
});

describe('the release file', () => {
  test('is read, or refused with its place', () =>
    expectHolds(
      1500,
      fc.property(
        fc.oneof(
          text,
          fc
            .dictionary(fc.oneof(fc.constantFrom(...names), text), value, { maxKeys: 3 })
            .map((content) => stringify(content)),
        ),
        (source) => {
          const { values, problems } = parseReleaseFile('canary.yml', source);
          expect(
            problems.every(
              (problem) => problem.startsWith('canary.yml') || problem.startsWith('The release file'),
            ),
          ).toBe(true);
          readInputs(() => '', values);
        },
      ),
    ));

  test('drops nothing: each key is read, empty, or refused', () =>
    expectHolds(
      800,
      fc.property(
        fc.dictionary(
          fc.oneof(
            fc.constantFrom(...names, '__proto__', 'constructor'),
            fc.stringMatching(/^[a-z_]{1,12}$/),
          ),
          fc.constantFrom('x', 'v1', '', '7'),
          { maxKeys: 4 },
        ),
        (content) => {
          const { values, problems } = parseReleaseFile(
            'canary.yml',
            stringify(content, { defaultStringType: 'QUOTE_DOUBLE' }),
          );
          const lost = Object.entries(content).filter(
            ([key, given]) =>
              given !== '' && !values.has(key) && !problems.some((problem) => problem.includes(`: ${key}: `)),
          );
          expect(lost).toEqual([]);
        },
      ),
    ));
});

/** A text for a list of entries, as people write it. */
const written = (entries: readonly string[], commas: boolean): string => entries.join(commas ? ', ' : '\n');

describe('what is written is what is read', () => {
  test('of weights, in every form', () =>
    expectHolds(
      800,
      fc.property(anyWeights, fc.boolean(), fc.constantFrom('=', ': ', ' = '), (given, commas, sign) => {
        const entries = [...given].map(([name, weight]) => `${name}${sign}${String(weight)}`);
        expect([...weights.parse(formatWeights(given))]).toEqual([...given]);
        expect([...weights.parse(written(entries, commas))]).toEqual([...given]);
        expect(sameWeights(weights.parse(Object.fromEntries(given)), given)).toBe(true);
      }),
    ));

  test('of durations', () =>
    expectHolds(
      800,
      fc.property(
        fc.nat(2_000_000),
        fc.constantFrom<readonly [string, number]>(['ms', 1], ['s', 1000], ['', 1000], [' s', 1000]),
        (amount, [unit, factor]) => {
          expect(duration.parse(`${String(amount)}${unit}`)).toBe(amount * factor);
        },
      ),
    ));

  test('of steps', () =>
    expectHolds(
      500,
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        fc.constantFrom('', '%', ' %'),
        (given, commas, percent) => {
          const rising = given.toSorted((a, b) => a - b);
          expect(
            steps.parse(
              written(
                rising.map((step) => `${String(step)}${percent}`),
                commas,
              ),
            ),
          ).toEqual(rising);
          expect(steps.safeParse(written(rising.toReversed().map(String), commas)).success).toBe(
            rising.length === 1,
          );
        },
      ),
    ));

  const contextName = fc.stringMatching(/^[a-z][a-z0-9_@/-]{0,8}$/);
  test('of clusters by version', () =>
    expectHolds(
      500,
      fc.property(
        fc.uniqueArray(contextName, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (clusters, commas) => {
          const half = Math.ceil(clusters.length / 2);
          const groups = [
            ['v1', clusters.slice(0, half)],
            ['v2', clusters.slice(half)],
          ] as const;
          const given = groups.filter(([, found]) => found.length > 0);
          const lines = given.map(([version, [first = '', ...others]]) =>
            written([`${version}: ${first}`, ...others], commas),
          );
          const read = placement.parse(lines.join('\n'));
          expect([...read.byVersion]).toEqual(given);
          expect(read.clusters).toEqual(clusters);
          expect(placement.parse(Object.fromEntries(given))).toEqual(read);
          expect(placement.parse(written(clusters, commas)).clusters).toEqual(clusters);
        },
      ),
    ));

  const headerValue = fc
    .string({ minLength: 1, maxLength: 10 })
    .map((one) => one.trim())
    .filter((one) => one !== '');
  test('of headers', () =>
    expectHolds(
      500,
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^x-[a-z0-9-]{1,6}$/), { maxLength: 3 }),
        headerValue,
        fc.constantFrom(': ', ':', '='),
        (given, content, sign) => {
          const expected = Object.fromEntries(
            given.filter((name) => name !== 'x-canary-version').map((name) => [name, content]),
          );
          const lines = Object.keys(expected).map((name) => `${name}${sign}${content}`);
          fc.pre(!(sign === '=' && content.startsWith(':')));
          expect(headers.parse(lines.join('\n'))).toEqual(expected);
        },
      ),
    ));

  test('of labels, whatever their names', () =>
    expectHolds(
      500,
      fc.property(
        fc.uniqueArray(fc.constantFrom('istio', 'app', '__proto__', 'constructor', 'a/b.c'), {
          maxLength: 3,
        }),
        (keys) => {
          expect([...map.parse(keys.map((key) => `${key}=x`).join('\n'))]).toEqual(
            keys.map((key) => [key, 'x']),
          );
        },
      ),
    ));
});

test('a kubeconfig is read, or refused in a sentence that does not quote it', () => {
  const yaml = fc.oneof(
    text,
    fc
      .record({ clusters: value, contexts: value, users: value, 'current-context': value })
      .map((content) => stringify(content)),
  );
  return expectHolds(
    500,
    fc.property(yaml, (content) => {
      const secret = 'a-secret-token';
      const attempt = (): unknown => {
        try {
          return readKubeconfig(`${content}\ntoken: ${secret}\n`, {});
        } catch (error) {
          return error;
        }
      };
      const outcome = attempt();
      expect(
        outcome instanceof Error
          ? [outcome instanceof CanaryError, outcome.message.includes(secret)]
          : [true, false],
      ).toEqual([true, false]);
    }),
  );
});

test('texts of hundreds of thousands of characters are no more work than their length', () => {
  // Work that grows with the square of the length takes minutes here: the test would run into its limit.
  const long = ['a', '=', ' ', ',', '\n', 'v1=', '[', '://', '@', '-', '.', '0', ':', 'a:', '*', '(a+'].map(
    (one) => one.repeat(200_000 / one.length),
  );
  for (const given of long) {
    for (const name of names) INPUTS.shape[name].safeParse(`x${given}!`);
  }
  expect(long).toHaveLength(16);
});
