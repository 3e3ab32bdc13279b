import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readManifests } from '../../src/github/manifests.ts';
import '../support/one-realm.ts';

const CONFIG = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n';
const named = (name: string): string => CONFIG.replace('settings', name);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'manifests-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const read = (...globs: readonly string[]): ReturnType<typeof readManifests> =>
  readManifests(globs.map((glob) => join(folder, glob)));
const namesIn = ({ manifests }: ReturnType<typeof readManifests>): readonly string[] =>
  manifests.map(({ object }) => object.metadata.name);

/** The single object of a file with this text. */
function parsed(text: string): unknown {
  write({ 'one.yaml': text });
  const { manifests, problems } = read('one.yaml');
  expect(problems).toEqual([]);
  return manifests[0]?.object;
}

describe('the files', () => {
  beforeEach(() => {
    write({
      'b.yaml': named('b'),
      'a.yaml': named('a'),
      'sub/c.yaml': named('c'),
      'sub/d.yml': named('d'),
      'readme.md': '# x',
    });
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ['a path', ['b.yaml'], ['b']],
    ['a glob, in the order of the paths', ['*.yaml'], ['a', 'b']],
    ['several globs, in their order', ['sub/*.yaml', '*.yaml'], ['c', 'a', 'b']],
    ['a glob through folders', ['**/*.yaml'], ['a', 'b', 'c']],
    ['alternatives', ['**/*.{yaml,yml}'], ['a', 'b', 'c', 'd']],
    ['a file that two globs match, once', ['a.yaml', '*.yaml'], ['a', 'b']],
    ['a path with a detour, once', ['a.yaml', 'sub/../a.yaml'], ['a']],
  ])('are found by %s', (_what, globs, names) => {
    expect(namesIn(read(...globs))).toEqual(names);
  });

  test('that do not exist are reported by their glob', () => {
    expect(read('*.json').problems).toEqual([`Input manifests: no file matches ${join(folder, '*.json')}.`]);
  });

  test('that cannot be read are reported', () => {
    symlinkSync(join(folder, 'gone'), join(folder, 'link.yaml'));
    expect(read('link.yaml').problems).toHaveLength(1);
  });

  test('name their objects by path and document number', () => {
    write({ 'two.yaml': `${named('a')}---\n${named('b')}` });
    expect(read('two.yaml').manifests.map(({ source }) => source)).toEqual([
      expect.stringMatching(/two\.yaml, document 1$/),
      expect.stringMatching(/two\.yaml, document 2$/),
    ]);
  });
});

describe('the documents', () => {
  test.each<[string, string, readonly string[]]>([
    ['one', CONFIG, ['settings']],
    ['several', `${named('a')}---\n${named('b')}`, ['a', 'b']],
    [
      'with empty ones between',
      `---\n---\n${named('a')}---\n# a comment\n---\n${named('b')}---\n`,
      ['a', 'b'],
    ],
    ['with Windows line ends', `${named('a')}---\n${named('b')}`.replaceAll('\n', '\r\n'), ['a', 'b']],
    ['with a byte order mark', `\uFEFF${CONFIG}`, ['settings']],
    ['JSON', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"j"}}', ['j']],
    [
      'a List',
      `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n`,
      ['a', 'b'],
    ],
    [
      'a List of a kind',
      `apiVersion: v1\nkind: ConfigMapList\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n`,
      ['a'],
    ],
    [
      'an object whose kind only ends like a list',
      'apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\n',
      ['a'],
    ],
  ])('are read: %s', (_what, text, names) => {
    write({ 'app.yaml': text });
    expect(namesIn(read('app.yaml'))).toEqual(names);
  });

  test.each<[string, string]>([
    ['no kind', 'apiVersion: v1\nmetadata: { name: a }\n'],
    ['no apiVersion', 'kind: ConfigMap\nmetadata: { name: a }\n'],
    ['no name', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { generateName: a- }\n'],
    ['a scalar', 'hello\n'],
    ['a list', '- a\n- b\n'],
    ['a List of something else', 'apiVersion: v1\nkind: List\nitems: [1]\n'],
  ])('with %s are reported', (_what, text) => {
    write({ 'app.yaml': `${CONFIG}---\n${text}` });
    expect(read('app.yaml').problems).toEqual([
      expect.stringMatching(
        /^Input manifests: .*app\.yaml, document 2 is not a Kubernetes object: it needs apiVersion, kind and metadata\.name\.$/,
      ),
    ]);
  });

  test.each([
    ['on', 'the boolean true'],
    ['0644', 'the number 420'],
  ])('whose name %s is not text are reported with the remedy', (name, readAs) => {
    write({ 'app.yaml': named(name) });
    expect(read('app.yaml').problems).toEqual([
      expect.stringContaining(`metadata.name is ${readAs}, so put it in quotes to make it text`),
    ]);
  });

  test('without any object are reported', () => {
    write({ 'app.yaml': '# nothing yet\n' });
    expect(read('app.yaml').problems).toEqual([expect.stringMatching(/no object found in .*app\.yaml\.$/)]);
  });

  test('that do not parse are reported with file and line', () => {
    write({ 'app.yaml': `${CONFIG}data:\n  a: b\n   c: d\n` });
    expect(read('app.yaml').problems).toEqual([
      expect.stringMatching(/^Input manifests: .*app\.yaml:7 does not parse: /),
    ]);
  });

  test('that do not parse do not hide others', () => {
    write({ 'a.yaml': 'a: [\n', 'b.yaml': CONFIG });
    const { manifests, problems } = read('*.yaml');
    expect([manifests.length, problems.length]).toEqual([1, 1]);
  });
});

describe('a value', () => {
  const dataOf = (text: string): unknown =>
    (parsed(`${CONFIG}data:\n${text}`) as { readonly data: unknown }).data;

  test('under a merge key is merged', () => {
    expect(dataOf('  base: &base { a: 1, b: 2 }\n  more: { <<: *base, b: 3 }\n')).toEqual({
      base: { a: 1, b: 2 },
      more: { a: 1, b: 3 },
    });
  });

  test.each<[string, unknown]>([
    ['1', 1],
    ['1.5', 1.5],
    ['true', true],
    ['null', null],
    ['"1"', '1'],
    ['2026-11-22', '2026-11-22'],
    ['1Gi', '1Gi'],
    ['10:30', '10:30'],
    // kubectl reads YAML 1.1, and file modes are written so: `defaultMode: 0644` are the permissions rw-r--r--.
    ['0644', 0o644],
    ['0o644', 0o644],
  ])('%s is %p, as kubectl reads it', (text, value) => {
    expect(dataOf(`  a: ${text}\n`)).toEqual({ a: value });
  });

  test('of a duplicated key is reported', () => {
    write({ 'app.yaml': `${CONFIG}kind: Secret\n` });
    expect(read('app.yaml').problems).toEqual([
      expect.stringContaining('app.yaml:5 does not parse: duplicated mapping key'),
    ]);
  });

  test('of an unknown field is kept', () => {
    expect(parsed(`${CONFIG}someday: { a: [1, { b: c }] }\n`)).toMatchObject({
      someday: { a: [1, { b: 'c' }] },
    });
  });
});
