import { describe, expect, test } from '@jest/globals';
import { images } from '../../../src/github/parsers/images.ts';
import '../../support/one-realm.ts';
import { accepts, mapOf, read, refuses } from '../../support/parsers.ts';

describe('images', () => {
  const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

  accepts(images, [
    ['nginx', 'nginx'],
    ['registry:5000/team/app:1.2.3', 'registry:5000/team/app:1.2.3'],
    [`registry.example.com/app@${DIGEST}`, `registry.example.com/app@${DIGEST}`],
    [`app:1@${DIGEST}`, `app:1@${DIGEST}`],
    ['v2=app:2', mapOf(['v2', 'app:2'])],
    ['v1=app:1\nv2: registry:5000/app:2', mapOf(['v1', 'app:1'], ['v2', 'registry:5000/app:2'])],
    ['app:V2_rc.1', 'app:V2_rc.1'],
  ]);
  refuses(images, [
    'two words',
    'app@sha256:short',
    'v1=app:1,app:2',
    'v1=app:1,v1=app:2',
    'https://registry/app',
    'app:1:2',
    // An expression that came out empty: `app:${{ env.TAG }}`.
    'app:',
    'app@',
    'team//app:1',
    'team/App:1',
    'app/',
  ]);

  test.each(['new version=app:1', 'v/1=app:1'])('refuse %j, which names no version', (text) => {
    expect(() => read(images, text)).toThrow('; expected ');
  });
});
