import { describe, expect, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { INPUTS } from '../../src/github/inputs.ts';
import { parseReleaseFile } from '../../src/github/release-file.ts';
import { pages, readPage, yamlFilesIn } from '../support/markdown.ts';

/** Readers copy what a page shows, so the action has to accept it. */
const blocks = pages.flatMap((page) => readPage(page).code);
const yaml = [...blocks.filter(({ language }) => language === 'yaml'), ...yamlFilesIn('examples')].map(
  (block, i) => ({ ...block, name: `block ${String(i + 1)}, ${block.page}` }),
);
/** The action, referred to by its repository or from within it. */
const USES = /(^|\/)multicluster-canary@|^\.\/?$/;
const SCHEMAS = new Map<string, (typeof INPUTS.shape)[keyof typeof INPUTS.shape]>(
  Object.entries(INPUTS.shape),
);

test.each(yaml)('$name is valid YAML', ({ text }) => {
  expect(loadAll(text)).not.toEqual([]);
});

const steps = yaml.flatMap(({ name, text }) =>
  stepsIn(loadAll(text)).map((inputs, i) => ({ name: `step ${String(i + 1)} of ${name}`, inputs })),
);

test('there are steps to check', () => {
  expect(steps.length).toBeGreaterThan(5);
});

describe.each(steps)('$name', ({ inputs }) => {
  test('uses only existing inputs', () => {
    expect(Object.keys(inputs).filter((name) => !SCHEMAS.has(name))).toEqual([]);
  });

  test('uses only valid values', () => {
    const given = Object.entries(inputs).filter(([, value]) => !String(value).includes('${{'));
    const problems = given.flatMap(([name, value]) => {
      const read = SCHEMAS.get(name)?.safeParse(String(value));
      return read?.success === false ? read.error.issues.map(({ message }) => `${name}: ${message}`) : [];
    });
    expect(problems).toEqual([]);
  });
});

/** A release file on a page begins with a comment that contains its path. */
const releaseFiles = yaml.filter(
  ({ page, text }) => /^# \S*canary\S*\.yml/.test(text) || page === 'examples/canary.yml',
);

test.each(releaseFiles)('$name is a valid release file', ({ text }) => {
  const { values, problems } = parseReleaseFile('canary.yml', text);
  const wrong = [...values].flatMap(([key, { value }]) => {
    const read = SCHEMAS.get(key)?.safeParse(value);
    return read?.success === false ? read.error.issues.map(({ message }) => `${key}: ${message}`) : [];
  });
  expect([...problems, ...wrong]).toEqual([]);
});

test('the INPUT_ variables on pages are those of inputs', () => {
  const named = blocks.flatMap(({ page, text }) =>
    [...text.matchAll(/\bINPUT_([A-Z][A-Z-]*)/g)].map(([variable, name = '']) => ({
      page,
      variable,
      input: name.toLowerCase(),
    })),
  );
  expect(named.filter(({ input }) => !SCHEMAS.has(input))).toEqual([]);
});

/** The inputs of every step, anywhere in a document, that uses the action. */
function stepsIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap(stepsIn);
  if (!('uses' in value && typeof value.uses === 'string' && USES.test(value.uses))) return below;
  return 'with' in value && typeof value.with === 'object' && value.with !== null
    ? [{ ...value.with }, ...below]
    : below;
}
