import { describe, expect, test } from '@jest/globals';
import { readKubeconfig } from '../../src/kubernetes/client/kubeconfig.ts';
import { readInputs } from '../../src/github/inputs.ts';
import type { InputName } from '../../src/github/inputs.ts';
import { releaseFromInputs } from '../../src/github/release-from-inputs.ts';
import '../support/one-realm.ts';

const LEAST = { clusters: 'east', app: 'shop', namespace: 'web' };
const many = (entry: (i: number) => string): string =>
  Array.from({ length: 100_000 }, (_, i) => entry(i)).join('\n');

/** Everything that is wrong with the inputs. */
function problemsOf(inputs: Readonly<Record<string, string>>): readonly string[] {
  const all: Readonly<Record<string, string>> = { ...LEAST, ...inputs };
  const { values, problems, sources } = readInputs((name) => all[name] ?? '');
  const contexts = Array.from({ length: 100 }, (_, i) => `cluster-${String(i)}`);
  return [...problems, ...releaseFromInputs(values, ['east', ...contexts], sources).problems];
}

describe('100,000 entries', () => {
  test.each<[InputName, (i: number) => string]>([
    ['clusters', (i) => `c${String(i)}`],
    ['config-clusters', (i) => `c${String(i)}`],
    ['weights', (i) => `v${String(i)}=0`],
    ['ingress', (i) => `c${String(i)}=http://127.0.0.1:${String(i)}`],
    ['image', (i) => `v${String(i)}=nginx:${String(i)}`],
    ['manifests', (i) => `${String(i)}/*.yaml`],
    ['steps', (i) => String(i)],
    ['virtual-service', (i) => `vs-${String(i)}`],
    ['gateway-selector', (i) => `k${String(i)}=v`],
    ['hosts', (i) => `h${String(i)}.example.com`],
    ['routes', (i) => `r${String(i)}`],
    ['headers', (i) => `x-${String(i)}: v`],
  ])('of %s are one short problem', (input, entry) => {
    const problems = problemsOf({ [input]: many(entry) });
    expect(problems).toEqual([
      expect.stringMatching(
        new RegExp(
          `^Input ${input}: got .* \\(100,000 entries, of which at most 10,000 are accepted\\); expected `,
        ),
      ),
    ]);
    expect(problems.join('').length).toBeLessThan(1_500);
  });
});

/** Long enough that an expression which goes through it again from each place would take minutes. */
const LONG = 200_000;

test.each<[InputName, string]>([
  ['weights', `v1${' '.repeat(LONG)}x`],
  ['steps', `1${' '.repeat(LONG)}x`],
  ['image', `a${'-'.repeat(LONG)}:`],
  ['image', `${'a.'.repeat(LONG)}/`],
  ['host', `a${'.a'.repeat(LONG)}!`],
  ['headers', `a${' '.repeat(LONG)}x`],
  ['ingress', `east=${'://'.repeat(LONG)}`],
  ['bake', `${'1'.repeat(LONG)}x`],
  ['port', '9'.repeat(LONG)],
  ['tolerance', `${'9'.repeat(LONG)}e999`],
  ['app', 'a'.repeat(LONG)],
  ['version', '-'.repeat(LONG)],
  ['clusters', `east:${' '.repeat(LONG)}`.trimEnd() + '\t'.repeat(LONG) + 'x'],
])('a long text as %s is refused in linear time', (input, text) => {
  const problems = problemsOf({ [input]: text });
  expect(problems).toEqual([expect.stringContaining(`Input ${input}: got `)]);
});

test('a long text that is no kubeconfig is refused in linear time', () => {
  for (const text of [`a${'\n'.repeat(LONG)}a`, `a\n${' '.repeat(LONG)}a`, `- ${'\n '.repeat(LONG)}a`])
    expect(() => readKubeconfig(text, {})).toThrow('Input kubeconfig');
});
