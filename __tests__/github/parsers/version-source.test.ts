import { describe, expect, test } from '@jest/globals';
import { versionSource } from '../../../src/github/parsers/version-source.ts';
import '../../support/one-realm.ts';
import { read, refuses, accepts } from '../../support/parsers.ts';

describe('the source of the version', () => {
  accepts(versionSource, [
    ['auto', { from: 'auto' }],
    ['header:X-App-Version', { from: 'header', name: 'X-App-Version' }],
    ['body:build-(\\w+)', { from: 'body', pattern: /build-(\w+)/ }],
    ['body:a:b', { from: 'body', pattern: /a:b/ }],
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
    expect(() => read(versionSource, 'body:(')).toThrow('Invalid regular expression');
  });
});
