import { describe, expect, test } from '@jest/globals';
import { versionSource } from '../../../src/github/parsers/version-source.ts';
import { attribute } from '../../../src/verify/attribution.ts';
import type { Reply } from '../../../src/verify/ingress-client.ts';
import '../../support/one-realm.ts';
import { read, refuses, accepts } from '../../support/parsers.ts';

describe('the source of the version', () => {
  accepts(versionSource, [
    ['auto', { from: 'auto' }],
    ['header:X-App-Version', { from: 'header', name: 'X-App-Version' }],
    ['json:/app/version', { from: 'json', pointer: '/app/version' }],
  ]);
  refuses(versionSource, [
    '',
    'auto:x',
    'header',
    'header:',
    'body:',
    'json:',
    'json:app',
    'json:/a~b',
    'cookie:x',
    'header:bad name',
  ]);

  test('refuses an invalid pattern and says why', () => {
    expect(() => read(versionSource, 'body:(')).toThrow('missing closing )');
    expect(() => read(versionSource, 'body:(?!a)b')).toThrow('unsupported Perl syntax');
    expect(() => read(versionSource, `body:${'a'.repeat(1_025)}`)).toThrow('longer than 1024 characters');
  });

  test.each([
    ['body:build-(\\w+)', 'x build-v7 y', 'v7'],
    ['body:a:b', 'xa:by', 'a:b'],
    ['body:(?<version>v[0-9]+)', 'v12', 'v12'],
    ['body:(?i)VERSION (\\d+)', 'version 3', '3'],
    // Each of these takes exponential time as an expression of JavaScript.
    ['body:(a+)+$', `${'a'.repeat(16_384)}!`, undefined],
    ['body:(a|aa)+$', `${'a'.repeat(16_384)}!`, undefined],
    ['body:(.*a){20}$', `${'a'.repeat(16_384)}!`, undefined],
  ])('of %s is found in a body', (input, body, version) => {
    const source = versionSource.parse(input);
    const reply: Reply = { kind: 'answer', status: 200, headers: {}, body, ms: 1 };
    expect(attribute(reply, source).version).toBe(version);
  });
});
