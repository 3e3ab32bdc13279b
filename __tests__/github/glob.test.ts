import { describe, expect, test } from '@jest/globals';
import { ANY_FOLDERS, matchesSegment, parseGlob } from '../../src/github/glob.ts';

const names = ['a.yaml', 'ab.yaml', 'b.yml', 'c-1.yaml', '.hidden.yaml', 'a[1].yaml', '日本.yaml'];

/** The names that any alternative of a pattern without folders matches. */
function matched(pattern: string): readonly string[] {
  const globs = parseGlob(pattern);
  return names.filter((name) =>
    globs.some(({ base, segments: [segment] }) =>
      segment === undefined || segment === ANY_FOLDERS ? base === name : matchesSegment(segment, name),
    ),
  );
}

test.each<[string, readonly string[]]>([
  ['*.yaml', ['a.yaml', 'ab.yaml', 'c-1.yaml', 'a[1].yaml', '日本.yaml']],
  ['*', ['a.yaml', 'ab.yaml', 'b.yml', 'c-1.yaml', 'a[1].yaml', '日本.yaml']],
  ['?.yaml', ['a.yaml']],
  ['??.yaml', ['ab.yaml', '日本.yaml']],
  ['[ab]*', ['a.yaml', 'ab.yaml', 'b.yml', 'a[1].yaml']],
  ['[a-b].y*', ['a.yaml', 'b.yml']],
  ['[!a]*.yaml', ['c-1.yaml', '日本.yaml']],
  ['[^a]*.yaml', ['c-1.yaml', '日本.yaml']],
  ['.*', ['.hidden.yaml']],
  ['[.]*', ['.hidden.yaml']],
  ['a\\[1\\].yaml', ['a[1].yaml']],
  ['*\\]*', ['a[1].yaml']],
  ['{a,b}.{yaml,yml}', ['a.yaml', 'b.yml']],
  ['{a,{ab,b}}.y*', ['a.yaml', 'ab.yaml', 'b.yml']],
  ['c-{1..3}.yaml', ['c-1.yaml']],
  ['*a*a*.yaml', []],
  ['*a*.y*l', ['a.yaml', 'ab.yaml', 'a[1].yaml']],
])('%s matches its names', (pattern, expected) => {
  expect(matched(pattern)).toEqual(expected);
});

test.each([
  ['deploy/*.yaml', 'deploy', 1],
  ['./deploy/../deploy/*.yaml', 'deploy', 1],
  ['deploy/**/**/**/*.yaml', 'deploy', 2],
  ['/tmp/a/*/b.yaml', '/tmp/a', 2],
  ['/*.yaml', '/', 1],
  ['a.yaml', 'a.yaml', 0],
])('%s begins in its folder', (pattern, base, segments) => {
  expect(parseGlob(pattern).map((glob) => [glob.base, glob.segments.length])).toEqual([[base, segments]]);
});

describe('a glob without end', () => {
  test('of many wildcards takes a step for each of them and each character of a name', () => {
    let steps = 0;
    const counted = {
      kind: 'one' as const,
      fits: (character: string) => ((steps += 1), character === 'a'),
      fitsLeadingDot: false,
    };
    const segment = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? { kind: 'any' as const } : counted));
    const missing = [...segment, { ...counted, fits: () => false }];
    expect(matchesSegment(missing, 'a'.repeat(255))).toBe(false);
    expect(steps).toBeLessThan(200 * 255);
  });

  test.each([
    ['{a,b}'.repeat(20), 'has more than 100 alternatives in braces'],
    [`{${'a,'.repeat(101)}}`, 'has more than 100 alternatives in braces'],
    ['{1..999999999}', 'has more than 100 alternatives in braces'],
    [`${'{a,'.repeat(150)}x${'}'.repeat(150)}`, 'has more than 100 alternatives in braces'],
    ['*'.repeat(1_001), 'is longer than 1000 characters'],
    ['+(a|b)*', 'contains an extended pattern such as +(a|b), which is not supported'],
    ['a/!(b).yaml', 'contains an extended pattern'],
    ['!a.yaml', 'would exclude files, which is not supported'],
  ])('such as %s is refused', (pattern, problem) => {
    expect(() => parseGlob(pattern)).toThrow(problem);
  });
});
