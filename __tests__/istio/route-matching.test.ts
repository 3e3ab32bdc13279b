import { describe, expect, test } from '@jest/globals';
import { takesRequest } from '../../src/istio/route-matching.ts';
import type { RoutedRequest } from '../../src/istio/route-matching.ts';

type Match = Readonly<Record<string, unknown>>;

const request: RoutedRequest = {
  method: 'GET',
  path: '/hello/there?lang=en',
  headers: { 'X-Team': 'greeters' },
  host: 'hello.example.com',
};

const taken = (...match: readonly Match[]): boolean => takesRequest({ match }, request);

describe('a route takes a request', () => {
  test.each<[string, readonly Match[]]>([
    ['without a match', []],
    ['by an empty match', [{}]],
    ['by any of its matches', [{ uri: { exact: '/no' } }, { uri: { prefix: '/hello' } }]],
    ['by the exact path, without the query', [{ uri: { exact: '/hello/there' } }]],
    ['by a prefix', [{ uri: { prefix: '/hel' } }]],
    ['by an expression for the whole path', [{ uri: { regex: '/hello/.*' } }]],
    [
      'by a path in another case, where that is ignored',
      [{ uri: { prefix: '/HELLO' }, ignoreUriCase: true }],
    ],
    ['by a header, whatever the case of its name', [{ headers: { 'x-team': { exact: 'greeters' } } }]],
    ['by the presence of a header', [{ headers: { 'x-team': {} } }]],
    ['without a header that it must not have', [{ withoutHeaders: { 'x-other': {} } }]],
    ['by a parameter of the query', [{ queryParams: { lang: { exact: 'en' } } }]],
    ['by method and host', [{ method: { exact: 'GET' }, authority: { exact: 'hello.example.com' } }]],
    [
      'by what the request does not tell',
      [{ port: 80, sourceLabels: { app: 'x' }, scheme: { exact: 'https' } }],
    ],
    ['by an expression that cannot be read here', [{ uri: { regex: '(?P<x>.*' } }]],
  ])('%s', (_what, match) => {
    expect(taken(...match)).toBe(true);
  });

  test.each<[string, Match]>([
    ['of another path', { uri: { exact: '/hello' } }],
    ['of a path in another case', { uri: { prefix: '/HELLO' } }],
    ['by an expression for a part of the path', { uri: { regex: '/hello' } }],
    ['without the header it asks for', { headers: { 'x-canary-version': { exact: 'v2' } } }],
    ['with a header that it must not have', { withoutHeaders: { 'x-team': {} } }],
    ['of another method', { method: { exact: 'POST' } }],
    ['of another host', { authority: { prefix: 'b.' } }],
    ['of sidecars alone', { gateways: ['mesh'] }],
    ['without the parameter it asks for', { queryParams: { page: {} } }],
    ['that fits one condition of two', { uri: { prefix: '/hello' }, method: { exact: 'POST' } }],
  ])('not %s', (_what, match) => {
    expect(taken(match)).toBe(false);
  });
});

describe('a path that begins with two slashes is no host', () => {
  test.each<[string, Match, boolean]>([
    ['//hello', { uri: { exact: '//hello' } }, true],
    ['//hello', { uri: { exact: '/' } }, false],
    ['//x:y', { uri: { prefix: '//' } }, true],
    ['//hello?lang=en', { queryParams: { lang: { exact: 'en' } } }, true],
    ['//hello?a=b?c', { queryParams: { a: { exact: 'b?c' } } }, true],
  ])('%s, by %j: %s', (path, match, expected) => {
    expect(takesRequest({ match: [match] }, { ...request, path })).toBe(expected);
  });
});
