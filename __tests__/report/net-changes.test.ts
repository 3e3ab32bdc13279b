import { expect, test } from '@jest/globals';
import type { Weights } from '../../src/core/weights.ts';
import { comparedChanges } from '../../src/report/net-changes.ts';
import { say, textsIn } from '../../src/texts/texts.ts';
import { LANGUAGES } from '../../src/texts/language.ts';
import { change } from '../support/record.ts';
import { weights } from '../support/release.ts';

const start = weights({ v1: 80, v2: 20 });
const half = weights({ v1: 50, v2: 50 });
const full = weights({ v1: 0, v2: 100 });

type Move = readonly [before: Weights | undefined, after: Weights];

function reasonsOf(moves: readonly Move[]): readonly string[] {
  const writes = moves.map(([before, after]) => change({ reason: { kind: 'weightsSet', before, after } }));
  return comparedChanges(writes).flatMap(({ reasons }) =>
    reasons.map((reason) => say(reason, textsIn('en'))),
  );
}

test.each<[string, readonly Move[], readonly string[]]>([
  [
    'that follow each other',
    [
      [start, half],
      [half, full],
      [full, start],
    ],
    ['weights v1=80,v2=20 → v1=50,v2=50 → v1=0,v2=100 → v1=80,v2=20'],
  ],
  [
    'with a change by someone else in between',
    [
      [start, half],
      [start, full],
    ],
    ['weights v1=80,v2=20 → v1=50,v2=50', 'weights v1=80,v2=20 → v1=0,v2=100'],
  ],
  [
    'of which the first creates the route',
    [
      [undefined, start],
      [start, half],
    ],
    ['weights v1=80,v2=20', 'weights v1=80,v2=20 → v1=50,v2=50'],
  ],
  [
    'of which one changes nothing',
    [
      [start, half],
      [half, half],
    ],
    ['weights v1=80,v2=20 → v1=50,v2=50', 'weights v1=50,v2=50, as before'],
  ],
])('the steps of one object %s', (_which, moves, reasons) => {
  expect(reasonsOf(moves)).toEqual(reasons);
});

test.each(LANGUAGES)('a path of weights is one phrase in %s', (language) => {
  const path = { kind: 'weightsSet', before: start, between: [half], after: full } as const;
  expect(say(path, textsIn(language))).toMatch(/ v1=80,v2=20 → v1=50,v2=50 → v1=0,v2=100$/);
});
