import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { workspaceOf } from '../../src/core/workspace.ts';
import { readManifests } from '../../src/github/manifests.ts';
import type { ManifestGlobs } from '../../src/github/parsers/manifest-globs.ts';
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

const everywhere = (...globs: readonly string[]): ManifestGlobs => new Map([[undefined, globs]]);
const read = (...globs: readonly string[]): ReturnType<typeof readManifests> =>
  readManifests(everywhere(...globs.map((glob) => join(folder, glob))));
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

describe('symbolic links', () => {
  let checkout = '';
  let outside = '';
  beforeEach(() => {
    checkout = join(folder, 'work');
    outside = join(folder, 'outside');
    write({
      'work/.git/config': CONFIG,
      'work/deploy/a.yaml': named('a'),
      'work/shared/b.yaml': named('b'),
      'outside/secret.yaml': named('secret'),
      'outside/report.txt': '',
    });
  });
  const inCheckout = (...globs: readonly string[]): ReturnType<typeof readManifests> =>
    readManifests(everywhere(...globs.map((glob) => join(checkout, glob))), {
      workspace: workspaceOf([checkout]),
    });
  const link = (target: string, path: string): void => {
    symlinkSync(target, join(checkout, path));
  };

  test.each(['deploy/x.yaml', 'deploy/*.yaml', '**/*.yaml', '*/x.yaml'])(
    'to a file outside the checkout are refused by %s',
    (glob) => {
      link(join(outside, 'secret.yaml'), 'deploy/x.yaml');
      const { manifests, problems } = inCheckout(glob);
      expect(problems).toEqual([
        `Input manifests: ${join(checkout, 'deploy/x.yaml')} leads through a symbolic link to ${join(outside, 'secret.yaml')}, outside ${checkout}. Use the file itself instead of the link.`,
      ]);
      expect(manifests.map(({ object }) => object.metadata.name)).not.toContain('secret');
    },
  );

  test.each(['x/secret.yaml', 'x/*.yaml'])(
    'to a folder outside are refused by %s, which names it',
    (glob) => {
      link(outside, 'x');
      expect(inCheckout(glob).problems).toEqual([
        expect.stringContaining(
          `/x${glob.endsWith('/*.yaml') ? '' : '/secret.yaml'} leads through a symbolic link to ${outside}`,
        ),
      ]);
    },
  );

  test.each(['**/*.yaml', '*/*.yaml'])('to a folder outside are not followed by %s', (glob) => {
    link(outside, 'x');
    const found = inCheckout(glob);
    expect(found.problems).toEqual([]);
    expect(namesIn(found)).toEqual(['a', 'b']);
  });

  test('to another checkout in the workspace are refused', () => {
    write({ 'work/other/.git/config': '', 'work/other/kubeconfig.yaml': named('secret') });
    link('../other/kubeconfig.yaml', 'deploy/x.yaml');
    link('../.git/config', 'deploy/y.yaml');
    expect(inCheckout('deploy/x.yaml', 'deploy/y.yaml').problems).toEqual([
      expect.stringContaining(
        `/deploy/x.yaml leads through a symbolic link to ${checkout}/other/kubeconfig.yaml, in another checkout.`,
      ),
      expect.stringContaining(`/deploy/y.yaml leads to ${checkout}/.git/config, in a folder of Git.`),
    ]);
    // Named by itself, it is what was asked for.
    expect(namesIn(inCheckout('other/*.yaml'))).toEqual(['secret']);
  });

  test('to what looks like a checkout outside are refused', () => {
    write({ 'outside/.git/config': '' });
    link(outside, 'other');
    expect(inCheckout('other/secret.yaml').problems).toHaveLength(1);
    expect(inCheckout('other/*.yaml').problems).toHaveLength(1);
  });

  test('to files and folders of the same checkout are followed', () => {
    link('../shared/b.yaml', 'deploy/b.yaml');
    link('shared', 'linked');
    expect(namesIn(inCheckout('deploy/*.yaml'))).toEqual(['a', 'b']);
    expect(namesIn(inCheckout('linked/*.yaml'))).toEqual(['b']);
    expect(namesIn(inCheckout('**/*.yaml'))).toEqual(['a', 'b']);
  });

  test('that lead around in circles end', () => {
    link('..', 'deploy/up');
    link('../shared', 'deploy/across');
    link('../deploy', 'shared/back');
    link('self', 'self');
    const found = inCheckout('**/*.yaml');
    expect(found.problems).toEqual([]);
    expect(namesIn(found)).toEqual(['a', 'b']);
  });

  test('in a folder outside the workspace must not leave it', () => {
    symlinkSync(join(outside, 'secret.yaml'), join(checkout, 'out.yaml'));
    symlinkSync('shared/b.yaml', join(checkout, 'in.yaml'));
    const elsewhere = workspaceOf([outside]);
    const found = readManifests(everywhere(join(checkout, '*.yaml')), { workspace: elsewhere });
    expect(namesIn(found)).toEqual(['b']);
    expect(found.problems).toHaveLength(1);
    // A path that an input spells out leads where it leads.
    expect(namesIn(readManifests(everywhere(join(checkout, 'out.yaml')), { workspace: elsewhere }))).toEqual([
      'secret',
    ]);
  });

  test('above the workspace change nothing', () => {
    symlinkSync(checkout, join(folder, 'link'));
    const path = join(folder, 'link');
    expect(
      namesIn(readManifests(everywhere(join(path, 'deploy/*.yaml')), { workspace: workspaceOf([path]) })),
    ).toEqual(['a']);
  });
});

describe('files for one cluster', () => {
  const inClusters = (
    globs: Readonly<Record<string, string>>,
    common: readonly string[] = [],
  ): ReturnType<typeof readManifests> =>
    readManifests(
      new Map<string | undefined, readonly string[]>([
        ...(common.length === 0 ? [] : [[undefined, common.map((glob) => join(folder, glob))] as const]),
        ...Object.entries(globs).map(([cluster, glob]) => [cluster, [join(folder, glob)]] as const),
      ]),
    );

  test('are marked with it', () => {
    write({ 'all.yaml': named('a'), 'out/east/b.yaml': named('b'), 'out/west/b.yaml': named('b') });
    const { manifests, problems } = inClusters({ east: 'out/east/*.yaml', west: 'out/west/*.yaml' }, [
      'all.yaml',
    ]);
    expect(problems).toEqual([]);
    expect(manifests.map(({ cluster, object }) => [cluster, object.metadata.name])).toEqual([
      [undefined, 'a'],
      ['east', 'b'],
      ['west', 'b'],
    ]);
  });

  test('may be the same for several clusters', () => {
    write({ 'a.yaml': named('a') });
    expect(namesIn(inClusters({ east: 'a.yaml', west: '*.yaml' }))).toEqual(['a', 'a']);
  });

  test('that are missing, empty or wrong are reported with the cluster', () => {
    write({ 'a.yaml': named('a'), 'none.yaml': '# nothing', 'wrong.yaml': 'kind: Pod' });
    expect(inClusters({ east: 'out/*.yaml' }, ['a.yaml']).problems).toEqual([
      `Input manifests: east: no file matches ${join(folder, 'out/*.yaml')}.`,
    ]);
    expect(inClusters({ east: 'a.yaml', west: 'none.yaml' }).problems).toEqual([
      `Input manifests: west: no object found in ${join(folder, 'none.yaml')}.`,
    ]);
    expect(inClusters({ west: 'wrong.yaml' }).problems).toEqual([
      expect.stringMatching(/^Input manifests: west: .*wrong\.yaml, document 1 is not a Kubernetes object/),
    ]);
  });

  test('have one bound together', () => {
    write({ 'many.yaml': Array.from({ length: 600 }, (_, i) => named(`c${String(i)}`)).join('---\n') });
    expect(inClusters({ east: 'many.yaml', west: 'many.yaml' }).problems).toEqual([
      expect.stringMatching(/^Input manifests: west: 1 file contains more than .* or 1,000 objects/),
    ]);
  });
});

describe('bounds', () => {
  test('a file outside the workspace is refused where the release file names it', () => {
    write({ 'work/a.yaml': named('a'), 'outside.yaml': named('b') });
    const workspace = workspaceOf([join(folder, 'work')]);
    const input = '.github/canary.yml:2: manifests';
    const read = (glob: string): ReturnType<typeof readManifests> =>
      readManifests(everywhere(join(folder, glob)), { input, workspace, confined: true });
    expect(namesIn(read('work/*.yaml'))).toEqual(['a']);
    expect(read('*.yaml').problems).toEqual([
      `${input}: ${join(folder, '*.yaml')} is outside the workspace. The release file can name only files in it; use the input manifests.`,
    ]);
  });

  test('a device, a pipe and a huge file are refused', () => {
    write({ 'huge.yaml': '' });
    truncateSync(join(folder, 'huge.yaml'), 2 * 1024 ** 3);
    execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
    expect(
      readManifests(everywhere('/dev/zero', join(folder, 'pipe.yaml'), join(folder, 'huge.yaml'))).problems,
    ).toEqual([
      'Input manifests: /dev/zero is a device; expected a regular file.',
      `Input manifests: ${join(folder, 'pipe.yaml')} is a named pipe; expected a regular file.`,
      `Input manifests: ${join(folder, 'huge.yaml')} has more than 2 MiB, the most that is read.`,
    ]);
  });

  test('more files than a release has are refused', () => {
    write(Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`${String(i)}.yaml`, CONFIG])));
    expect(read('*.yaml').problems).toEqual([
      `Input manifests: ${join(folder, '*.yaml')} matches more than 1,000 files; name the folder that contains the manifests.`,
    ]);
  });

  test('more objects than a release has are refused', () => {
    write({ 'a.yaml': Array.from({ length: 1_001 }, (_, i) => named(`a${String(i)}`)).join('---\n') });
    expect(read('a.yaml').problems).toEqual([
      'Input manifests: 1 file contains more than 16 MiB or 1,000 objects, the most that is read; name only the manifests of this version.',
    ]);
  });

  test('a file without any object is reported briefly', () => {
    write({ 'a.yaml': '- x\n---\n'.repeat(1_000) });
    expect(read('a.yaml').problems).toHaveLength(20);
  });

  test('aliases that express billions of values are refused', () => {
    const levels = Array.from({ length: 9 }, (_, i) => {
      const aliases = Array.from({ length: 9 }, () => `*l${String(i)}`);
      return `  l${String(i + 1)}: &l${String(i + 1)} [${aliases.join(', ')}]`;
    });
    write({ 'a.yaml': [CONFIG.trimEnd(), 'data:', '  l0: &l0 x', ...levels].join('\n') });
    expect(read('a.yaml').problems).toEqual([
      `Input manifests: ${join(folder, 'a.yaml')} does not parse: with its aliases written out, it would have more than 8 MiB.`,
    ]);
  });
});
