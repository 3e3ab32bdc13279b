import { describe, expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import { quoted } from '../../src/texts/message.ts';
import {
  clustersAgree,
  clustersDisagree,
  describeClusterWeights,
  describeDisagreement,
  readClusterWeights,
  isOpenChoice,
  formatClusterWeights,
} from '../../src/release/cluster-weights.ts';
import type { HttpRoute } from '../../src/kubernetes/objects.ts';
import { clusterState, fleetOf, to, virtualService } from '../support/objects.ts';
import { EAST, WEST, release } from '../support/release.ts';

const a = (...route: NonNullable<HttpRoute['route']>): HttpRoute => ({ name: 'a', match: [], route });
const b = (...route: NonNullable<HttpRoute['route']>): HttpRoute => ({ name: 'b', route });
const split: readonly HttpRoute[] = [a(to('v2')), b(to('v1', 90), to('v2', 10))];
const OPEN = 'different weights by route (route a: v2=100; route b: v1=90,v2=10)';

const held = (
  east: readonly HttpRoute[],
  west: readonly HttpRoute[],
  routes?: readonly string[],
): ReturnType<typeof readClusterWeights> =>
  readClusterWeights(
    release(routes === undefined ? {} : { traffic: { routes } }),
    fleetOf(
      clusterState(EAST, { traffic: { virtualServices: [virtualService(east)] } }),
      clusterState(WEST, { traffic: { virtualServices: [virtualService(west)] } }),
    ),
  );

describe('several routes that lead to the service', () => {
  test.each<
    [
      string,
      ReturnType<typeof readClusterWeights>,
      string,
      { open: boolean; agree: boolean | undefined; differ: boolean },
    ]
  >([
    [
      'are an open choice where none is chosen',
      held(split, split),
      OPEN,
      { open: true, agree: undefined, differ: false },
    ],
    [
      'are an open choice where none names a version',
      held([a(to(undefined)), b(to(undefined))], [a(to(undefined)), b(to(undefined))]),
      'several routes that name no version (route a: no version; route b: no version)',
      { open: true, agree: undefined, differ: false },
    ],
    [
      'hold the weights that all of them hold, whichever is meant',
      held([a(to('v1')), b(to('v1'))], [a(to('v1')), b(to('v1'))]),
      'v1=100',
      { open: false, agree: true, differ: false },
    ],
    [
      'are no open choice where the chosen ones differ',
      held(split, split, ['a', 'b']),
      OPEN,
      { open: false, agree: false, differ: true },
    ],
    [
      'are no open choice where another cluster holds others',
      held(split, [b(to('v1'))]),
      OPEN,
      { open: false, agree: false, differ: true },
    ],
  ])('%s', (_what, found, text, { open, agree, differ }) => {
    expect(found[0] && inEnglish(found[0].text)).toBe(text);
    expect([isOpenChoice(found), clustersAgree(found), clustersDisagree(found)]).toEqual([
      open,
      agree,
      differ,
    ]);
    expect(formatClusterWeights(found)).not.toBe('no weights');
  });

  test.each<[string, ReturnType<typeof readClusterWeights>, string]>([
    [
      'of the clusters where they hold different ones',
      held([b(to('v1'))], [b(to('v2'))]),
      'The clusters hold different weights: east holds v1=100; west holds v2=100.',
    ],
    [
      'of their routes where the clusters hold the same',
      held(split, split, ['a', 'b']),
      `No cluster holds one set of weights: east and west hold ${OPEN}.`,
    ],
  ])('the difference is said %s', (_what, found, sentence) => {
    expect(describeDisagreement(found)).toBe(sentence);
  });
});

describe('who holds what, of many clusters', () => {
  const names = Array.from({ length: 10 }, (_, i) => `c${String(i)}`);
  const holding = (textOf: (i: number) => string): Parameters<typeof describeClusterWeights>[0] =>
    names.map((name, i) => ({
      cluster: name,
      place: name,
      kind: 'unclear',
      weights: undefined,
      text: quoted(textOf(i)),
    }));

  test.each<[string, (i: number) => string, string]>([
    ['names the one that differs first', (i) => (i === 7 ? 'b' : 'a'), 'c7 holds b; the 9 others hold a'],
    [
      'names those that hold the same together',
      (i) => (i === 7 ? 'c' : i < 3 ? 'b' : 'a'),
      'c7 holds c; c0, c1 and c2 hold b; the 6 others hold a',
    ],
    ['counts groups of many', (i) => (i < 4 ? 'b' : 'a'), '4 of them hold b; the 6 others hold a'],
    ['counts all that hold the same', () => 'a', '10 of them hold a'],
  ])('%s', (_what, textOf, sentence) => {
    expect(describeClusterWeights(holding(textOf))).toBe(sentence);
  });
});
