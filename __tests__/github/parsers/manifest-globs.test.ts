import { describe, expect, test } from '@jest/globals';
import { manifestGlobs } from '../../../src/github/parsers/manifest-globs.ts';

type Globs = readonly (readonly [string | undefined, readonly string[]])[];

describe('manifests are read', () => {
  test.each<[string, unknown, Globs]>([
    ['from lines and commas', 'a.yaml, b.yaml\nc.yaml', [[undefined, ['a.yaml', 'b.yaml', 'c.yaml']]]],
    ['from a list, whose items may have commas', ['{a,b}.yaml', 'c'], [[undefined, ['{a,b}.yaml', 'c']]]],
    [
      'by cluster, one per line',
      'east: out/east/*.yaml\nwest: out/west/*.yaml',
      [
        ['east', ['out/east/*.yaml']],
        ['west', ['out/west/*.yaml']],
      ],
    ],
    [
      'by cluster, several globs on one line',
      'east: a.yaml, b.yaml, west: c.yaml',
      [
        ['east', ['a.yaml', 'b.yaml']],
        ['west', ['c.yaml']],
      ],
    ],
    [
      'for every cluster and for one, in any order of the lines',
      'east: e.yaml\ncommon.yaml',
      [
        ['east', ['e.yaml']],
        [undefined, ['common.yaml']],
      ],
    ],
    [
      'from a mapping',
      { east: 'a.yaml, b.yaml', west: ['{c,d}.yaml', 'e.yaml'] },
      [
        ['east', ['a.yaml', 'b.yaml']],
        ['west', ['{c,d}.yaml', 'e.yaml']],
      ],
    ],
    [
      'from a list with mappings and pairs in it',
      ['common.yaml', { east: 'a.yaml' }, 'west: {b,c}.yaml', 'more.yaml'],
      [
        [undefined, ['common.yaml', 'more.yaml']],
        ['east', ['a.yaml']],
        ['west', ['{b,c}.yaml']],
      ],
    ],
    [
      'for a cluster with colons and slashes in its name',
      'arn:aws:eks:eu-west-1:1:cluster/prod: out/*.yaml',
      [['arn:aws:eks:eu-west-1:1:cluster/prod', ['out/*.yaml']]],
    ],
    ['with an equals sign as part of the path', 'env=prod/*.yaml', [[undefined, ['env=prod/*.yaml']]]],
  ])('%s', (_what, given, globs) => {
    expect(manifestGlobs.parse(given)).toEqual(new Map(globs));
  });

  test.each<[string, unknown, RegExp]>([
    ['a cluster twice', 'east: a.yaml\neast: b.yaml', /cluster "east" is listed twice; list all its globs/],
    ['a cluster twice in a list', [{ east: 'a' }, 'east: b'], /cluster "east" is listed twice/],
    ['nothing', ' ', /expected globs/],
    ['no globs for a cluster', { east: [] }, /expected globs/],
    ['an empty glob', ['a', ''], /expected globs/],
    ['an empty mapping', {}, /expected globs/],
  ])('but not with %s', (_what, given, message) => {
    expect(manifestGlobs.safeParse(given).error?.issues[0]?.message).toMatch(message);
  });
});
