import { expect, test } from '@jest/globals';
import { isYamlError, parseYaml } from '../../src/core/yaml.ts';

/** Each level repeats the one before ten times. */
const laughs = (levels: number, what = 'ha'): string =>
  [
    `l0: &l0 ${what}`,
    ...Array.from({ length: levels }, (_, i) => {
      const aliases = Array.from({ length: 10 }, () => `*l${String(i)}`);
      return `l${String(i + 1)}: &l${String(i + 1)} [${aliases.join(', ')}]`;
    }),
  ].join('\n');

const chain = [
  'l0: &l0 [x]',
  ...Array.from({ length: 300 }, (_, i) => `l${String(i + 1)}: &l${String(i + 1)} [*l${String(i)}]`),
].join('\n');

test('aliases are followed', () => {
  expect(parseYaml('a: &a {b: 1}\nc: *a')).toEqual({ a: { b: 1 }, c: { b: 1 } });
  expect(parseYaml(laughs(4))).toMatchObject({ l0: 'ha' });
});

test.each([
  ['billions of values', laughs(9), /^with its aliases written out, it would have more than 8 MiB/],
  ['one long text often', laughs(2, 'x'.repeat(1_000_000)), /more than 8 MiB/],
  ['ever deeper values', chain, /^its values are nested more than 200 levels deep/],
  ['a value that contains itself', 'a: &a [*a]', /^its values are nested more than 200 levels deep|anchor/],
  ['too many aliases', `a: &a 1\nb: [${'*a,'.repeat(1_001)}]`, /maxAliases/],
  ['deep brackets', '['.repeat(100_000), /maxDepth/],
  ['deep JSON', '{"a":'.repeat(100_000), /maxDepth/],
  ['many merges', `a: &a {x: 1}\nb:\n${'  - {<<: [*a,*a]}\n'.repeat(600)}`, /maxAliases/],
])('%s: refused', (_what, text, problem) => {
  let error: unknown;
  try {
    parseYaml(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(isYamlError(error)).toBe(true);
  expect(String(error)).toMatch(new RegExp(problem.source.replaceAll('^', '')));
});
