import { describe, expect, test } from '@jest/globals';
import { attribute } from '../../src/verify/attribution.ts';
import type { Reply } from '../../src/verify/ingress-client.ts';
import type { VersionSource } from '../../src/release/release.ts';

const reply = (rest: Partial<Extract<Reply, { kind: 'answer' }>>): Reply => ({
  kind: 'answer',
  status: 200,
  headers: {},
  body: '',
  ms: 1,
  ...rest,
});
const AUTO: VersionSource = { from: 'auto' };

describe('by default the version is', () => {
  test.each<[string, Readonly<Record<string, string>>, string, string | undefined]>([
    ['that of the header which the managed routes set', { 'x-canary-version': 'v2' }, '', 'v2'],
    [
      'that of the header, whatever the body says',
      { 'x-canary-version': 'v2' },
      'Hello version: v1, instance: a',
      'v2',
    ],
    [
      "that of the body, in the form of Istio's sample",
      {},
      'Hello version: v1, instance: helloworld-v1-77cb56d4b4-x',
      'v1',
    ],
    ['that of a JSON body', {}, '{"name":"a","version":"v2","b":1}', 'v2'],
    ['that of a JSON body with spaces', {}, '{ "version" : "1.2.3-rc_4" }', '1.2.3-rc_4'],
    ['that of an assignment', {}, "VERSION='v3';", 'v3'],
    ['without the full stop of a sentence', {}, 'Hello version: v1.', 'v1'],
    ['not told by a version of something else', {}, 'subversion: 3, conversion=7', undefined],
    ['not told by an empty body', {}, '', undefined],
    ['not told by a word alone', {}, 'the version is unknown', undefined],
  ])('%s', (_what, headers, body, version) => {
    expect(attribute(reply({ headers, body }), AUTO).version).toBe(version);
  });
});

describe('the version can be configured', () => {
  test.each<[string, VersionSource, Partial<Extract<Reply, { kind: 'answer' }>>, string | undefined]>([
    [
      'by another header',
      { from: 'header', name: 'X-App-Version' },
      { headers: { 'x-app-version': 'v9', 'x-canary-version': 'v1' } },
      'v9',
    ],
    [
      'by another header, that is not there',
      { from: 'header', name: 'x-app-version' },
      { headers: { 'x-canary-version': 'v1' } },
      undefined,
    ],
    [
      'by the first group of a pattern',
      { from: 'body', pattern: /build-(\w+)/ },
      { body: 'x build-v7 y' },
      'v7',
    ],
    ['by all of a match without a group', { from: 'body', pattern: /v\d+/ }, { body: 'x v7 y' }, 'v7'],
    ['by a pattern that matches nothing', { from: 'body', pattern: /v\d+/ }, { body: 'x' }, undefined],
  ])('%s', (_what, source, rest, version) => {
    expect(attribute(reply(rest), source).version).toBe(version);
  });
});

describe('a JSON pointer', () => {
  const body = JSON.stringify({
    app: { version: 'v2', build: 17, flags: [true, 'v5'], deep: { a: null } },
    'a/b': 'slash',
    'm~n': 'tilde',
    '~1': 'both',
    '': 'empty',
  });

  test.each<[string, string | undefined]>([
    ['/app/version', 'v2'],
    ['/app/build', '17'],
    ['/app/flags/1', 'v5'],
    ['/a~1b', 'slash'],
    ['/m~0n', 'tilde'],
    ['/~01', 'both'],
    ['/', 'empty'],
    ['/app', undefined],
    ['/app/flags/0', undefined],
    ['/app/flags/2', undefined],
    ['/app/deep/a', undefined],
    ['/app/deep/a/b', undefined],
    ['/app/version/0', undefined],
    ['/nowhere', undefined],
    ['/constructor/name', undefined],
    ['/__proto__', undefined],
  ])('%s yields %s', (pointer, version) => {
    expect(attribute(reply({ body }), { from: 'json', pointer }).version).toBe(version);
  });

  test.each([[''], ['<html>'], ['{"app":'], ['null'], ['"v1"']])(
    'yields nothing from the body %s',
    (text) => {
      expect(
        attribute(reply({ body: text }), { from: 'json', pointer: '/app/version' }).version,
      ).toBeUndefined();
    },
  );
});

describe('a contradiction', () => {
  const headers = { 'x-canary-version': 'v2' };

  test('is a body that names another version than the header', () => {
    expect(attribute(reply({ headers, body: 'Hello version: v1' }), AUTO).contradiction).toBe('v1');
  });

  test.each<[string, VersionSource, Partial<Extract<Reply, { kind: 'answer' }>>]>([
    ['where both name the same', AUTO, { headers, body: 'Hello version: v2' }],
    ['where the body names none', AUTO, { headers, body: 'Hello' }],
    ['where there is no header', AUTO, { body: 'Hello version: v1' }],
    [
      'where the version is asked of something else',
      { from: 'header', name: 'x-canary-version' },
      { headers, body: 'Hello version: v1' },
    ],
  ])('is not reported %s', (_what, source, rest) => {
    expect(attribute(reply(rest), source).contradiction).toBeUndefined();
  });
});

test.each<[Readonly<Record<string, string>>, string | undefined]>([
  [{ 'x-canary-revision': '7' }, '7'],
  [{}, undefined],
])('the revision of a response with the headers %j is %s', (headers, revision) => {
  expect(attribute(reply({ headers }), AUTO).revision).toBe(revision);
});

describe('an error', () => {
  const headers = { 'x-canary-version': 'v2', 'x-canary-revision': '7' };

  test.each<[number, string | undefined]>([
    [200, undefined],
    [204, undefined],
    [302, undefined],
    [399, undefined],
    [400, 'status 400'],
    [404, 'status 404'],
    [503, 'status 503'],
  ])('at status %d: %s', (status, error) => {
    expect(attribute(reply({ status, headers }), AUTO).error).toBe(error);
  });

  test('keeps its version and revision, so that it counts for its version', () => {
    expect(attribute(reply({ status: 503, headers }), AUTO)).toMatchObject({ version: 'v2', revision: '7' });
  });

  test('is a success without a version', () => {
    expect(attribute(reply({}), AUTO).error).toBe('no version in the response');
  });

  test('without a version is named by its status', () => {
    expect(attribute(reply({ status: 404 }), AUTO).error).toBe('status 404');
  });

  test('is a request without a response, by what went wrong', () => {
    expect(attribute({ kind: 'failure', what: 'connection refused', ms: 3 }, AUTO)).toEqual({
      version: undefined,
      contradiction: undefined,
      revision: undefined,
      unmanaged: false,
      error: 'connection refused',
      ms: 3,
    });
  });
});

describe('no managed route gave', () => {
  test.each<[string, Partial<Extract<Reply, { kind: 'answer' }>>, boolean]>([
    ['a success without their headers', { body: 'Hello version: v1' }, true],
    ['an answer of 404 without them', { status: 404 }, true],
    ['a success with a version', { headers: { 'x-canary-version': 'v1' } }, false],
    ['a success with a revision', { headers: { 'x-canary-revision': '4' } }, false],
    ['a failure of a server, which may be the gateway', { status: 503 }, false],
  ])('%s: %#', (_what, rest, foreign) => {
    expect(attribute(reply(rest), AUTO).unmanaged).toBe(foreign);
  });
});
