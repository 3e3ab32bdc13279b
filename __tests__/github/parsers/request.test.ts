import { describe, expect, test } from '@jest/globals';
import { headers, host, urlPath } from '../../../src/github/parsers/request.ts';
import '../../support/one-realm.ts';
import { read, refuses, accepts } from '../../support/parsers.ts';

describe('headers', () => {
  accepts(headers, [
    ['x-user: anna', { 'x-user': 'anna' }],
    ['cookie: a=b; c=d', { cookie: 'a=b; c=d' }],
    ['accept: text/html, */*\r\nx-user=anna\r\n', { accept: 'text/html, */*', 'x-user': 'anna' }],
    ['referer: https://example.com/?a=b', { referer: 'https://example.com/?a=b' }],
    ['cookie:a=b', { cookie: 'a=b' }],
    ['', {}],
  ]);
  refuses(headers, ['x-user', 'x-user: a\nx-user: b', 'bad name: a', 'x: a\u0000b', 'X-Canary-Version: v2']);

  // The message about a refused value appears in the log, the summary, and on the pull request.
  test.each([
    ['authorization: Bearer s3cr3t\nx-tenant', 'got authorization: …, … (header 2 is not name: value)'],
    ['s3cr3t', 'got … (header 1 is not name: value)'],
    ['cookie: s3cr3t\ncookie: s3cr3t', 'got cookie: …, cookie: … ("cookie" is listed twice)'],
    ['x-token: s3cr3t\u0000', 'got x-token: … (Invalid character in header content'],
  ])('that are refused, %j, are quoted without their values', (given, message) => {
    const problem = (): unknown => read(headers, given);
    expect(problem).toThrow(message);
    expect(problem).not.toThrow('s3cr3t');
  });
});

describe('a path', () => {
  accepts(urlPath, [
    ['/', '/'],
    ['/hello?name=a%20b', '/hello?name=a%20b'],
    ['/你好', '/%E4%BD%A0%E5%A5%BD'],
  ]);
  refuses(urlPath, ['', 'hello', '/a b', 'http://a/']);
});

describe('a host', () => {
  accepts(
    host,
    ['shop.example.com', 'shop.example.com:8443', '203.0.113.7', '[2001:db8::7]:8080', 'my_shop'].map(
      (name) => [name, name] as const,
    ),
  );
  refuses(host, [
    'https://shop.example.com/',
    'a\r\nx: y',
    '*.example.com',
    'shop.example.com/hello',
    'shop:',
  ]);
});
