import { describe, expect, test } from '@jest/globals';
import { isHighest, majorTag, packageVersion, parseVersion } from '../../scripts/release/versions.ts';
import type { Version } from '../../scripts/release/versions.ts';

function version(tag: string): Version {
  const parsed = parseVersion(tag);
  if (parsed === undefined) throw new Error(`${tag} is not a version`);
  return parsed;
}

describe('a tag is a version', () => {
  test.each(['v0.1.0', 'v1.2.3', 'v10.20.30', 'v1.0.0-rc.1', 'v1.0.0-0', 'v1.0.0-alpha-2'])('%s', (tag) => {
    expect(parseVersion(tag)?.tag).toBe(tag);
  });
});

describe('a tag is not a version', () => {
  test.each([
    'v1',
    'v1.2',
    '1.2.3',
    'v1.2.3.4',
    'v01.2.3',
    'v1.2.03',
    'v1.2.3-',
    'v1.2.3-rc..1',
    'v1.2.3-01',
    'v1.2.3+build',
    'v1.2.3 ',
    ' v1.2.3',
    'v1.2.3\nv9.9.9',
    'release/v1.2.3',
    '--force',
    '',
  ])('%j', (tag) => {
    expect(parseVersion(tag)).toBeUndefined();
  });
});

test('the version of a package is that of the tag without its v', () => {
  expect(packageVersion(version('v1.2.3-rc.1'))).toBe('1.2.3-rc.1');
});

test('the tag of a major version', () => {
  expect([majorTag(version('v0.3.0')), majorTag(version('v12.0.1'))]).toEqual(['v0', 'v12']);
});

describe('the highest version', () => {
  test.each([
    ['v1.3.0', ['v1.2.1', 'v1.3.0'], true],
    ['v1.2.1', ['v1.2.1', 'v1.3.0'], false],
    ['v1.10.0', ['v1.9.0', 'v1.9.9'], true],
    ['v1.9.0', ['v1.10.0'], false],
    ['v1.0.10', ['v1.0.9'], true],
    ['v2.0.0', ['v1.99.99'], true],
    ['v1.3.0', ['v1.4.0-rc.1'], true],
    ['v1.4.0-rc.1', ['v1.3.0'], false],
    ['v1.0.0', [], true],
  ] as const)('%s among %j: %s', (tag, others, highest) => {
    expect(isHighest(version(tag), others.map(version))).toBe(highest);
  });
});
