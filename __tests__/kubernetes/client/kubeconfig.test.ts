import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { serverOf } from '../../../src/kubernetes/client/contexts.ts';
import { readKubeconfig } from '../../../src/kubernetes/client/kubeconfig.ts';
import type { KubeConfig } from '../../../src/kubernetes/client/kubeconfig.ts';
import { messageOf } from '../../../src/core/errors.ts';
import '../../support/one-realm.ts';

const TOKEN = 'tok3n-that-nobody-may-see';

/** A kubeconfig with one context, whose user has this token. */
const kubeconfig = (name: string, token = TOKEN, server = `https://${name}.example`): string =>
  [
    'apiVersion: v1',
    'kind: Config',
    `current-context: ${name}`,
    'clusters:',
    `- name: ${name}`,
    `  cluster: { server: "${server}" }`,
    'contexts:',
    `- name: ${name}`,
    `  context: { cluster: ${name}, user: ${name} }`,
    'users:',
    `- name: ${name}`,
    `  user: { token: ${token} }`,
    '',
  ].join('\n');

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const wrapped = (text: string): string => (base64(text).match(/.{1,76}/g) ?? []).join('\n');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const contextsIn = (value: string | undefined, env: NodeJS.ProcessEnv = {}): readonly string[] =>
  readKubeconfig(value, env)
    .getContexts()
    .map(({ name }) => name);

/** What is said about a value that is refused. */
function refusal(value: string, env: NodeJS.ProcessEnv = {}): string {
  try {
    readKubeconfig(value, env);
  } catch (error) {
    return messageOf(error);
  }
  throw new Error('it was taken');
}

describe('a kubeconfig is read from', () => {
  test.each<[string, string]>([
    ['its text', kubeconfig('east')],
    ['its text with Windows line ends', kubeconfig('east').replaceAll('\n', '\r\n')],
    ['its text behind a document start', `---\n${kubeconfig('east')}`],
    ['its text behind a comment', `# made by a script\n${kubeconfig('east')}`],
    [
      'JSON',
      '{"contexts":[{"name":"east","context":{"cluster":"c","user":"u"}}],"clusters":[{"name":"c","cluster":{"server":"https://a"}}],"users":[{"name":"u","user":{}}]}',
    ],
    ['base64', base64(kubeconfig('east'))],
    ['base64 in lines', wrapped(kubeconfig('east'))],
    ['base64 in Windows lines', wrapped(kubeconfig('east')).replaceAll('\n', '\r\n')],
    ['base64 for URLs', Buffer.from(kubeconfig('east')).toString('base64url')],
    [
      'base64 of JSON',
      base64('{"contexts":[{"name":"east","context":{"cluster":"c","user":"u"}}],"users":[],"clusters":[]}'),
    ],
  ])('%s', (_what, value) => {
    expect(contextsIn(value)).toEqual(['east']);
  });

  test('a path', () => {
    expect(contextsIn(file('a', kubeconfig('east')))).toEqual(['east']);
  });

  test.each([
    ['in lines', '\n'],
    ['in Windows lines', '\r\n'],
    ['with commas', ', '],
    ['as in $KUBECONFIG', ':'],
  ])('several paths %s', (_what, separator) => {
    const paths = [file('a', kubeconfig('east')), file('b', kubeconfig('west'))];
    expect(contextsIn(paths.join(separator))).toEqual(['east', 'west']);
  });

  test('$KUBECONFIG, where nothing is given', () => {
    expect(contextsIn(undefined, { KUBECONFIG: file('a', kubeconfig('east')) })).toEqual(['east']);
  });

  test('what exists of $KUBECONFIG', () => {
    const list = [join(folder, 'gone'), file('a', kubeconfig('east'))].join(':');
    expect(contextsIn('', { KUBECONFIG: list })).toEqual(['east']);
  });

  test('what is given, whatever $KUBECONFIG says', () => {
    expect(contextsIn(kubeconfig('east'), { KUBECONFIG: file('b', kubeconfig('west')) })).toEqual(['east']);
  });
});

describe('a token that stands in a file', () => {
  const withTokenFile = (path: string): string =>
    kubeconfig('east').replace(/\{ token: .* \}/, `{ tokenFile: ${path} }`);
  const logins = (value: string): readonly unknown[] =>
    readKubeconfig(value, {})
      .getUsers()
      .map((user) => 'tokenFile' in user && user.tokenFile);

  test('is found beside the kubeconfig, as with kubectl', () => {
    expect(logins(file('config', withTokenFile('secrets/token')))).toEqual([join(folder, 'secrets/token')]);
  });

  test('is found by its path where the kubeconfig is a text', () => {
    expect(logins(withTokenFile('/run/token'))).toEqual(['/run/token']);
  });
});

describe('several files are merged', () => {
  const reached = (config: KubeConfig, context: string): readonly unknown[] => {
    config.setCurrentContext(context);
    return [config.getCurrentCluster()?.server, config.getCurrentUser()?.token];
  };
  /** A file whose cluster and user are called `default`, as k3s calls those of every cluster. */
  const anonymous = (context: string): string =>
    kubeconfig('default', context, `https://${context}.example`).replace(
      '- name: default\n  context:',
      `- name: ${context}\n  context:`,
    );

  test('and entries of one name belong to their files', () => {
    const paths = ['east', 'west'].map((name) => file(name, anonymous(name)));
    const config = readKubeconfig(paths.join('\n'), {});
    expect(['east', 'west'].map((name) => reached(config, name))).toEqual([
      ['https://east.example', 'east'],
      ['https://west.example', 'west'],
    ]);
    expect(config.clashes.size).toBe(0);
  });

  test('and what a file does not hold itself is that of another', () => {
    const [servers = '', contexts = ''] = kubeconfig('east').split('contexts:\n');
    const paths = [file('a', servers), file('b', `kind: Config\ncontexts:\n${contexts}`)];
    expect(reached(readKubeconfig(paths.join('\n'), {}), 'east')).toEqual(['https://east.example', TOKEN]);
  });

  test('and the first of two contexts of one name counts, but the clash is known', () => {
    const first = file('a', kubeconfig('east', 'first'));
    const second = file('b', kubeconfig('east', 'second', 'https://other.example'));
    const config = readKubeconfig(`${first}\n${second}`, {});
    expect(reached(config, 'east')).toEqual(['https://east.example', 'first']);
    expect([...config.clashes]).toEqual([['east', [first, second]]]);
  });

  test('and the same context twice is no clash', () => {
    const paths = [file('a', kubeconfig('east')), file('b', kubeconfig('east'))];
    expect(readKubeconfig(paths.join('\n'), {}).clashes.size).toBe(0);
  });

  test('and the first current context counts', () => {
    const paths = [file('a', kubeconfig('east')), file('b', kubeconfig('west'))];
    expect(readKubeconfig(paths.join('\n'), {}).getCurrentContext()).toBe('east');
  });

  test('each with its own relative paths', () => {
    mkdirSync(join(folder, 'sub'));
    const text = kubeconfig('west').replace(
      '{ token: tok3n-that-nobody-may-see }',
      '{ client-certificate: cert.pem, client-key: key.pem }',
    );
    const config = readKubeconfig(`${file('a', kubeconfig('east'))}\n${file('sub/b', text)}`, {});
    expect(config.getUsers()[1]).toMatchObject({
      certFile: join(folder, 'sub/cert.pem'),
      keyFile: join(folder, 'sub/key.pem'),
    });
  });
});

describe('two contexts reach the same server', () => {
  test.each<[boolean, string, string]>([
    [true, 'https://a.example', 'https://A.example:443/'],
    [false, 'https://a.example', 'https://a.example:6443'],
    [false, 'https://a.example/k8s/clusters/c-1', 'https://a.example/k8s/clusters/c-2'],
    [false, 'https://a.example', 'http://a.example'],
  ])('%s: %s and %s', (same, a, b) => {
    const [one, other] = [a, b].map((server) =>
      serverOf(readKubeconfig(kubeconfig('east', TOKEN, server), {}), 'east'),
    );
    expect(one === other).toBe(same);
  });

  test('not where they go through different proxies', () => {
    const through = (proxy: string): string | undefined =>
      serverOf(
        readKubeconfig(kubeconfig('east').replace('{ server:', `{ proxy-url: "${proxy}", server:`), {}),
        'east',
      );
    expect(through('http://user:secret@a:3128')).toBe('https://east.example through a:3128');
    expect(through('http://a:3128')).not.toBe(through('http://b:3128'));
  });
});

describe('refused is', () => {
  test('a path that is no file', () => {
    expect(refusal('no/such/file')).toBe(
      "Input kubeconfig names no/such/file, which is not a file. Pass the kubeconfig's text, its base64 encoding, or the path of a file that an earlier step wrote.",
    );
  });

  test('a list of which one path is no file', () => {
    expect(refusal(`${file('a', kubeconfig('east'))}\nno/such/file`)).toMatch(
      /^Input kubeconfig names no\/such\/file, which is not a file\./,
    );
  });

  test('$KUBECONFIG, where none of it exists', () => {
    expect(refusal('', { KUBECONFIG: 'no/a:no/b' })).toMatch(
      /^\$KUBECONFIG names no\/a, no\/b, which is not a file\./,
    );
  });

  test.each<[string, string]>([
    ['a text without contexts', 'apiVersion: v1\nkind: Config\n'],
    ['a text of another kind', 'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\n'],
    ['an empty object', '{}'],
  ])('%s', (_what, value) => {
    expect(refusal(value)).toBe('Input kubeconfig contains no context. Is it a kubeconfig?');
  });

  // With the library's own reader, each of these would be an anonymous or a different user, a crash, or memory without end.
  test.each<[string, object, string]>([
    ['a token that is a number', { token: 12345678 }, 'token: expected string, received number'],
    [
      'a password that is a list',
      { username: 'a', password: ['b'] },
      'password: expected string, received array',
    ],
    ['a key that is a number', { 'client-key-data': 5 }, 'client-key-data: expected string, received number'],
    [
      'a token file that kubectl would not read',
      { 'token-file': '/dev/zero' },
      'token-file: kubectl does not know this setting; use tokenFile',
    ],
  ])('%s', (_what, user, problem) => {
    expect(refusal(JSON.stringify({ users: [{ name: 'ci', user }] }))).toBe(
      `Input kubeconfig is not a kubeconfig that kubectl would accept: users[0].user.${problem}.`,
    );
  });

  test.each(['clusters', 'users', 'contexts'])('two of the %s with one name', (kind) => {
    const cluster = { server: 'https://a' };
    const entry = { name: 'ci', cluster, user: {}, context: { cluster: 'a', user: 'a' } };
    expect(refusal(JSON.stringify({ [kind]: [entry, entry] }))).toBe(
      `Input kubeconfig is not a kubeconfig that kubectl would accept: ${kind} has several entries with the name ci.`,
    );
  });

  test('a file that is empty, by its path', () => {
    const path = file('a', '');
    expect(refusal(path)).toMatch(`Kubeconfig ${path} `);
  });

  test('a folder, as a sentence', () => {
    expect(refusal(folder)).toContain(folder);
  });
});

// Whatever is wrong with the value, a message of the action is shown to everyone who sees the job.
describe('a message never holds what is secret', () => {
  const SHORT = 'pa55w0rd';

  test.each<[string, string, string]>([
    ['a line that is indented wrongly', kubeconfig('east').replace('{ token:', '{ bad: [ token:'), TOKEN],
    ['a text that is cut off', kubeconfig('east').slice(0, -3), TOKEN],
    ['an entry that stands there twice', `${kubeconfig('east')}users: []\n`, TOKEN],
    [
      'a password that reads as an alias',
      `kind: Config\nusers:\n- name: a\n  user:\n    password: *${SHORT}\n`,
      SHORT,
    ],
    [
      'a password that reads as a tag',
      `kind: Config\nusers:\n- name: a\n  user:\n    password: !${SHORT} x\n`,
      SHORT,
    ],
    ['a text without its first lines', `- name: east\n  user:\n    token: ${TOKEN}\n`, TOKEN],
    [
      'base64 in lines, in quotes',
      `"${wrapped(kubeconfig('east'))}"`,
      base64(kubeconfig('east')).slice(76, 152),
    ],
    [
      'base64 in lines, with a stray character',
      `${wrapped(kubeconfig('east'))}%`,
      base64(kubeconfig('east')).slice(76, 152),
    ],
    [
      'base64 of something else',
      base64(`hello ${TOKEN} hello hello hello`),
      base64(`hello ${TOKEN} hello hello hello`),
    ],
    ['base64 twice', base64(base64(kubeconfig('east'))), base64(base64(kubeconfig('east'))).slice(0, 40)],
    ['base64 of a text that does not parse', base64(`kind: Config\nusers:\n- token: [${TOKEN}\n`), TOKEN],
  ])('of %s', (_what, value, secret) => {
    expect(refusal(value)).not.toContain(secret);
  });

  test.each([
    ['a token', 'tok3nThatNobodyMaySee'],
    ['a short password', 'hunter2'],
    ['a password of words', 'correct-horse-battery-staple'],
    ['a token of a bootstrap', 'abcdef.0123456789abcdef'],
    ['a token of the job', 'ghs_16C7e42F292c6912E7'],
    ['a token with slashes', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCY'],
    ['a token behind a path', '/tmp/eyJhbGciOi.c3ViamVj/c2lnbmF0'],
    ['a URL with a token', 'https://east.example/?token=x4Ft9'],
    ['an UUID', '2f1b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d'],
  ])('given in place of a kubeconfig: %s', (_what, value) => {
    for (const given of [value, `no/such/file\n${value}`, `${value},no/such/file`]) {
      expect(refusal(given)).toMatch(/^Input kubeconfig is neither a kubeconfig nor/);
      expect(refusal('', { KUBECONFIG: given })).not.toContain(value);
    }
  });

  test.each([
    '/home/runner/clusters/kubeconfig',
    'deploy/eastCluster/config-v2.yaml',
    'east.yml',
    '~/.kube/config',
  ])('but it holds a path: %s', (path) => {
    expect(refusal(path)).toContain(`Input kubeconfig names ${path}, which is not a file`);
  });

  test('of a file that does not parse', () => {
    expect(
      refusal(file('a', `kind: Config\nusers:\n- name: a\n  user:\n    password: *${SHORT}\n`)),
    ).not.toContain(SHORT);
  });
});
