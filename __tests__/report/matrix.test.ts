import { describe, expect, test } from '@jest/globals';
import { matrixOf, rangesInWords, viewOf } from '../../src/report/matrix.ts';
import type { MatrixRow } from '../../src/report/matrix.ts';
import { textsIn } from '../../src/texts/texts.ts';
import type { IngressEvidence, IngressVerdict } from '../../src/verify/evidence.ts';
import { evidence } from '../support/evidence.ts';
import { weights } from '../support/release.ts';

/** An ingress with its own address for each verdict. */
function ingresses(...verdicts: readonly IngressVerdict[]): readonly IngressEvidence[] {
  return verdicts.map((verdict, i) =>
    evidence({ verdict, cluster: `c${String(i)}`, url: `http://203.0.113.${String(i)}` }),
  );
}

const clustersOf = (rows: readonly MatrixRow[]): string => rows.map((row) => row.evidence.cluster).join(' ');

test('failed ingresses come before inconclusive ones, and each group keeps the order of the clusters', () => {
  const { notable, undecided, passed } = matrixOf(
    ingresses('pass', 'inconclusive', 'undecided', 'fail', 'pass', 'fail', 'undecided'),
  );
  expect([notable, undecided, passed].map(clustersOf)).toEqual(['c3 c5 c1', 'c2 c6', 'c0 c4']);
});

test('a column has the weight that all ingresses have, and none if they differ', () => {
  const same = matrixOf(ingresses('pass', 'pass'));
  expect(same.columns).toEqual([
    { version: 'v1', weight: 0.8 },
    { version: 'v2', weight: 0.2 },
  ]);
  const different = matrixOf([evidence(), evidence({ weights: weights({ v1: 50, v2: 50 }) })]);
  expect(different.columns.map(({ weight }) => weight)).toEqual([undefined, undefined]);
});

test('an ingress without one of the versions has an empty cell there', () => {
  const { columns, passed } = matrixOf([
    evidence(),
    evidence({ weights: weights({ v3: 100 }), counts: weights({ v3: 10 }), samples: 10 }),
  ]);
  expect(columns.map(({ version }) => version)).toEqual(['v1', 'v2', 'v3']);
  expect(passed.map(({ cells }) => cells.map((cell) => cell?.observed))).toEqual([
    [0.802, 0.198, undefined],
    [undefined, undefined, 1],
  ]);
});

test('failed requests without a known version count as well', () => {
  const { hasFailures, passed } = matrixOf([evidence({ errors: new Map([['timeout', 2]]) })]);
  expect([hasFailures, passed[0]?.failed]).toEqual([true, 2]);
  expect(matrixOf([evidence()]).hasFailures).toBe(false);
});

test('clusters that share an address are listed', () => {
  const shared = [evidence(), evidence({ cluster: 'west' }), evidence({ cluster: 'north', url: 'http://b' })];
  expect(matrixOf(shared).shared).toEqual([{ url: 'http://203.0.113.7', clusters: ['east', 'west'] }]);
});

describe('what is shown at once', () => {
  const many = (verdict: IngressVerdict, number: number): readonly IngressVerdict[] =>
    Array.from({ length: number }, () => verdict);

  test.each<[string, readonly IngressVerdict[], number, string]>([
    ['ten that passed', many('pass', 10), 10, ''],
    ['none of a hundred that passed', many('pass', 100), 0, '100 pass'],
    ['one that failed and one that passed', ['pass', 'fail'], 2, ''],
    ['only the one that failed of ten', ['fail', ...many('pass', 9)], 1, '9 pass'],
    ['what failed, and not what was undecided', ['fail', 'undecided', 'pass'], 2, '1 undecided'],
    ['nothing that is undecided', many('undecided', 2), 0, '2 undecided'],
    ['all that failed', many('fail', 50), 50, ''],
  ])('%s', (_what, verdicts, number, rest) => {
    const { shown, folded } = viewOf(matrixOf(ingresses(...verdicts)));
    expect(shown).toHaveLength(number);
    expect(folded.map(({ verdict, rows }) => `${String(rows.length)} ${verdict}`).join()).toBe(rest);
  });
});

test('a line for folded rows has the lowest and the highest share of each version', () => {
  const { passed } = matrixOf([
    evidence(),
    evidence({ counts: weights({ v1: 790, v2: 210 }), url: 'http://b' }),
  ]);
  expect(rangesInWords(passed, textsIn('en').formats)).toBe('v1 79–80.2%, v2 19.8–21%');
  expect(rangesInWords(passed.slice(1), textsIn('en').formats)).toBe('v1 79%, v2 21%');
});
