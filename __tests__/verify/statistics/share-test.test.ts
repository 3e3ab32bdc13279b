import { describe, expect, test } from '@jest/globals';
import { ShareTest } from '../../../src/verify/statistics/share-test.ts';
import type { ShareTestOptions, ShareVerdict } from '../../../src/verify/statistics/share-test.ts';
import { undecidedAfter, worstCase } from '../../../bench/inconclusive.ts';
import { random } from '../../support/random.ts';

/** The errors that the reference values are given for: one of a hundred of each kind. */
const ONE_PERCENT = { alpha: 0.01, beta: 0.01 };

describe('counts added at once yield the reference verdict and evidence', () => {
  test.each<[readonly number[], readonly number[], ShareVerdict, number]>([
    [[80, 20], [480, 120], 'continue', -6.022182],
    [[80, 20], [528, 132], 'pass', -6.468842],
    [[80, 20], [700, 300], 'fail', 26.089774],
    [[80, 20], [29, 0], 'continue', 4.44654],
    [[80, 20], [30, 0], 'fail', 4.663868],
    [[95, 5], [126, 0], 'continue', 4.569964],
    [[95, 5], [127, 0], 'fail', 4.619128],
    [[99, 1], [792, 8], 'pass', -7.19241],
    [[100, 0], [458, 0], 'continue', 0],
    [[100, 0], [459, 0], 'pass', 0],
    [[60, 30, 10], [600, 300, 100], 'pass', -7.432316],
    [[60, 30, 10], [550, 300, 150], 'fail', 9.058036],
  ])('%j with %j: %s at ln E = %d', (weights, counts, verdict, logEvidence) => {
    const share = new ShareTest(weights, ONE_PERCENT);
    expect(share.add(counts)).toBe(verdict);
    expect(share.logEvidence).toBeCloseTo(logEvidence, 6);
  });

  test('a hit on a version at weight 0 is infinite evidence', () => {
    const share = new ShareTest([100, 0]);
    expect(share.add([458, 1])).toBe('fail');
    expect(share.logEvidence).toBe(Infinity);
  });
});

describe('before the first sample', () => {
  const share = new ShareTest([80, 20]);

  test('there are no counts, shares or evidence', () => {
    expect([share.samples, share.shares, share.logEvidence]).toEqual([0, [0, 0], 0]);
  });

  test('an empty batch decides nothing', () => {
    expect(share.add([0, 0])).toBe('continue');
  });
});

test('samples and shares include all batches', () => {
  const share = new ShareTest([80, 20]);
  share.add([10, 5]);
  share.add([5, 0]);
  expect([share.samples, share.shares]).toEqual([20, [0.75, 0.25]]);
});

describe('weights count in any scale', () => {
  test.each([[[80, 20]], [[0.8, 0.2]], [[4, 1]], [[8e300, 2e300]], [[8e-300, 2e-300]]])('%j', (weights) => {
    const share = new ShareTest(weights);
    share.add([700, 300]);
    expect(share.logEvidence).toBeCloseTo(26.089774, 6);
  });
});

describe('a version alone', () => {
  test('passes at its first sample', () => {
    expect(new ShareTest([100]).add([1])).toBe('pass');
  });

  test('does not pass without a sample', () => {
    expect(new ShareTest([100]).add([0])).toBe('continue');
  });
});

describe('extreme weights', () => {
  test('a miss on the version at weight 100 fails immediately', () => {
    expect(new ShareTest([0, 100, 0]).add([0, 5, 1])).toBe('fail');
  });

  test('a version at weight 0 next to two others delays the pass until its share is proven small', () => {
    expect(new ShareTest([50, 50, 0]).add([229, 229, 0])).toBe('continue');
  });

  test('its first hit fails although the others are on target', () => {
    expect(new ShareTest([50, 50, 0]).add([400, 400, 1])).toBe('fail');
  });

  test.each([
    ['the new version gets nothing', [1000, 0], 'fail'],
    ['half of what was asked', [995, 5], 'continue'],
    ['what was asked', [2970, 30], 'pass'],
  ])('of 1%% %s: %j is %s', (_what, counts, verdict) => {
    expect(new ShareTest([99, 1], ONE_PERCENT).add(counts)).toBe(verdict);
  });
});

describe('an edge that was ruled out stays ruled out', () => {
  // 600 of 720 rule out the lower edge alone, 600 of 775 the upper edge alone.
  const early = [600, 120] as const;
  const later = [0, 55] as const;

  test('in one batch, the counts decide nothing', () => {
    expect(new ShareTest([80, 20]).add([600, 175])).toBe('continue');
  });

  test('in two batches, they pass', () => {
    const share = new ShareTest([80, 20]);
    expect([share.add(early), share.add(later)]).toEqual(['continue', 'pass']);
  });
});

describe('a verdict is final', () => {
  test.each<[ShareVerdict, readonly number[], readonly number[]]>([
    ['pass', [528, 132], [0, 1000]],
    ['fail', [30, 0], [450, 120]],
  ])('%s stays after %j and then %j', (verdict, first, second) => {
    const share = new ShareTest([80, 20], ONE_PERCENT);
    share.add(first);
    expect(share.add(second)).toBe(verdict);
  });

  test('inconclusive is final although more samples would decide', () => {
    const share = new ShareTest([80, 20], { maxSamples: 100 });
    expect([share.add([80, 20]), share.add([0, 1000])]).toEqual(['inconclusive', 'inconclusive']);
  });

  test('and no more samples are counted', () => {
    const share = new ShareTest([80, 20]);
    share.add([528, 132]);
    share.add([5, 5]);
    expect([share.samples, share.shares]).toEqual([660, [0.8, 0.2]]);
  });
});

describe('the precedence of verdicts', () => {
  test('puts fail before pass if both are reached with the same sample', () => {
    const share = new ShareTest([80, 20], { alpha: 0.01, beta: 0.5 });
    // One look rules out the lower edge; at the next, the upper one is ruled out by a swap that is a fail as well.
    expect([share.add([20, 0]), share.add([0, 60])]).toEqual(['continue', 'fail']);
  });

  test('puts a decision before inconclusive at the last sample', () => {
    expect(new ShareTest([80, 20], { maxSamples: 660 }).add([528, 132])).toBe('pass');
  });
});

describe('the largest number of samples', () => {
  test.each<[readonly number[], ShareTestOptions, number]>([
    [[100], {}, 1],
    [[100, 0], {}, 459],
    [[80, 20], { maxSamples: 7 }, 7],
  ])('for %j with %j: %d', (weights, options, most) => {
    expect(new ShareTest(weights, options).maxSamples).toBe(most);
  });

  test.each([
    ['tolerance', { tolerance: 0.02 }],
    ['confidence', { beta: 0.001 }],
    ['number of ingresses', { ingresses: 100 }],
  ])('grows with the %s', (_what, options) => {
    const most = (more: ShareTestOptions): number => new ShareTest([60, 30, 10], more).maxSamples;
    expect(most(options)).toBeGreaterThan(most({}));
  });

  test('ends a test that has not decided', () => {
    expect(new ShareTest([80, 20], { maxSamples: 600 }).add([480, 120])).toBe('inconclusive');
  });
});

describe('a correct split of two versions is inconclusive in fewer than one check in a million', () => {
  test.each([
    [0.25, 0.1, 1],
    [0.25, 0.0001, 100],
    [0.12, 0.01, 2],
  ])('at any weight with tolerance %d and beta %d, at %d ingresses', (tolerance, beta, ingresses) => {
    expect(worstCase(tolerance, beta, ingresses).chance).toBeLessThan(1e-6);
  });

  test.each([
    [0.8, 0.05, 0.01],
    [0.04, 0.05, 0.0001],
    [0.01, 0.02, 0.01],
  ])('at weight %d with tolerance %d and beta %d', (weight, tolerance, beta) => {
    const { maxSamples } = new ShareTest([weight, 1 - weight], { tolerance, beta });
    expect(undecidedAfter(maxSamples, weight, tolerance, beta)).toBeLessThan(1e-6);
  });
});

describe('several ingresses share the probability of a false alarm', () => {
  test.each([
    [1, 'fail'],
    [2, 'continue'],
  ])('30 hits of 30 at 80%% among %d: %s', (ingresses, verdict) => {
    expect(new ShareTest([80, 20], { ...ONE_PERCENT, ingresses }).add([30, 0])).toBe(verdict);
  });
});

describe('invalid options are refused with a RangeError that names them', () => {
  test.each<[string, readonly number[], ShareTestOptions]>([
    ['weights', [], {}],
    ['weights', [0, 0], {}],
    ['weights', [-1, 2], {}],
    ['weights', [NaN, 1], {}],
    ['weights', [Infinity, 1], {}],
    ['weights', [Number.MAX_VALUE, Number.MAX_VALUE], {}],
    ['tolerance', [80, 20], { tolerance: 0 }],
    ['tolerance', [80, 20], { tolerance: 1 }],
    ['tolerance', [80, 20], { tolerance: NaN }],
    ['zeroTolerance', [100, 0], { zeroTolerance: 0 }],
    ['alpha', [80, 20], { alpha: 0 }],
    ['alpha', [80, 20], { alpha: 1 }],
    ['beta', [80, 20], { beta: -0.01 }],
    ['ingresses', [80, 20], { ingresses: 0 }],
    ['ingresses', [80, 20], { ingresses: 1.5 }],
    ['maxSamples', [80, 20], { maxSamples: 0 }],
    ['maxSamples', [80, 20], { maxSamples: NaN }],
  ])('%s: %p with %p', (name, weights, options) => {
    const make = (): ShareTest => new ShareTest(weights, options);
    expect(make).toThrow(RangeError);
    expect(make).toThrow(name);
  });

  test.each([[[1]], [[1, 2, 3]], [[1.5, 0]], [[-1, 2]], [[NaN, 0]], [[Infinity, 0]]])(
    'counts %p for two versions',
    (counts) => {
      expect(() => new ShareTest([80, 20]).add(counts)).toThrow(RangeError);
    },
  );

  test('without counting the refused batch', () => {
    const share = new ShareTest([80, 20]);
    expect(() => share.add([5, -1])).toThrow(RangeError);
    expect(share.samples).toBe(0);
  });
});

/** How an 80/20 test ends when the first version really gets a certain share, computed exactly over all that may happen. */
interface Ending {
  readonly pass: number;
  readonly fail: number;
  readonly inconclusive: number;
  /** Samples on average. */
  readonly samples: number;
}

const W = 0.8;
const THRESHOLD = Math.log(100);
const STEPS = [0.75, 0.85].map((edge) => [Math.log(W / edge), Math.log((1 - W) / (1 - edge))] as const);
const MOST = new ShareTest([80, 20]).maxSamples;
const LOWER = 1;
const UPPER = 2;
const BOTH = LOWER + UPPER;

/** Wald's two one-sided tests of 80 % against 75 % and 85 %; those of 20 % are the same ones, seen from the other side. */
function ruledOut(n: number, hits: number): number {
  const [lower = false, upper = false] = STEPS.map(
    ([hit, miss]) => hits * hit + (n - hits) * miss >= THRESHOLD,
  );
  return (lower ? LOWER : 0) + (upper ? UPPER : 0);
}

const fails = (n: number, hits: number): boolean => new ShareTest([80, 20]).add([hits, n - hits]) === 'fail';

/** What may stand after n samples: from the first to the last count of the first version that is no fail, the edges that each rules out. */
interface Row {
  readonly first: number;
  readonly last: number;
  readonly edges: Uint8Array;
}

const rows: readonly Row[] = ((): readonly Row[] => {
  const found: Row[] = [{ first: 0, last: 0, edges: new Uint8Array(1) }];
  let [first, last] = [0, 0];
  for (let n = 1; n <= MOST; n += 1) {
    last += 1;
    while (fails(n, last)) last -= 1;
    while (fails(n, first)) first += 1;
    const from = first;
    found.push({
      first,
      last,
      edges: Uint8Array.from({ length: last - first + 1 }, (_, i) => ruledOut(n, from + i)),
    });
  }
  return found;
})();

function endingAt(p: number): Ending {
  let [pass, fail, samples] = [0, 0, 0];
  // Probability of each count of the first version, by the edges ruled out on the way (none, the lower, the upper).
  let before = [0, LOWER, UPPER].map((edges) => Float64Array.of(edges === 0 ? 1 : 0));
  for (const [n, { first, last, edges }] of rows.entries()) {
    if (n === 0) continue;
    const offset = rows[n - 1]?.first ?? 0;
    const now = before.map(() => new Float64Array(edges.length));
    let ended = 0;
    for (const [known, chances] of before.entries()) {
      for (let i = 0; i < chances.length; i += 1) {
        const chance = chances[i] ?? 0;
        for (let hit = 0; hit <= 1; hit += 1) {
          const reached = chance * (hit === 1 ? p : 1 - p);
          const hits = offset + i + hit;
          const all = known | (edges[hits - first] ?? 0);
          if (hits < first || hits > last) fail += reached;
          else if (all === BOTH) pass += reached;
          else {
            const state = now[all];
            if (state !== undefined) state[hits - first] = (state[hits - first] ?? 0) + reached;
            continue;
          }
          ended += reached;
        }
      }
    }
    samples += n * ended;
    before = now;
  }
  const inconclusive = before.reduce((sum, chances) => chances.reduce((a, b) => a + b, sum), 0);
  return { pass, fail, inconclusive, samples: samples + MOST * inconclusive };
}

describe('80/20 at the defaults, computed exactly', () => {
  const onTarget = endingAt(0.8);
  const atLower = endingAt(0.75);
  const atUpper = endingAt(0.85);

  test('every run ends in one of the three verdicts', () => {
    expect(onTarget.pass + onTarget.fail + onTarget.inconclusive).toBeCloseTo(1, 9);
  });

  test('on target, fewer than one run in a million fails', () => {
    expect(onTarget.fail).toBeLessThan(1e-6);
    expect(onTarget.fail).toBeGreaterThan(5e-7);
  });

  test('on target, fewer than one run in a million is inconclusive', () => {
    expect(onTarget.inconclusive).toBeLessThan(1e-6);
  });

  test('on target, a run takes 865 samples on average', () => {
    expect(Math.round(onTarget.samples)).toBe(865);
  });

  test.each([
    [75, atLower],
    [85, atUpper],
  ])('at the edge of %d%%, at most the 1%% of runs pass that the confidence allows', (_edge, ending) => {
    expect(ending.pass).toBeLessThanOrEqual(0.01);
  });

  test('at the worse of the edges, 0.97% of the runs pass', () => {
    expect(Math.max(atLower.pass, atUpper.pass)).toBeCloseTo(0.0097, 4);
  });

  test('swapped weights are caught after 21 samples on average', () => {
    expect(Math.round(endingAt(0.2).samples)).toBe(21);
  });

  test('the computation ends seeded runs at the same sample as the test', () => {
    const draw = random(20_261_122);
    const runs = [0.8, 0.78, 0.75, 0.85, 0.5].flatMap((p) =>
      Array.from({ length: 2 }, () => compareRun(p, draw)),
    );
    expect(runs.filter(({ real, computed }) => real !== computed)).toEqual([]);
  });
});

/** One run, sample by sample: how the test ends it, and how the computation above does. */
function compareRun(p: number, draw: () => number): { readonly real: string; readonly computed: string } {
  const share = new ShareTest([80, 20]);
  let [hits, known] = [0, 0];
  for (let n = 1; ; n += 1) {
    const hit = draw() < p;
    hits += hit ? 1 : 0;
    known |= ruledOut(n, hits);
    const real = share.add(hit ? [1, 0] : [0, 1]);
    const { first = 0, last = n } = rows[n] ?? {};
    const failed = hits < first || hits > last;
    const computed = failed ? 'fail' : known === BOTH ? 'pass' : n >= MOST ? 'inconclusive' : 'continue';
    if (real !== 'continue' || computed !== 'continue') {
      return { real: `${real} at ${String(share.samples)}`, computed: `${computed} at ${String(n)}` };
    }
  }
}

test('among many requests, a share within the tolerance does not fail where only those outside do', () => {
  const options = { onlyFails: true, failsOutside: true };
  expect(new ShareTest([80, 20], { onlyFails: true }).add([765_000, 235_000])).toBe('fail');
  expect(new ShareTest([80, 20], options).add([765_000, 235_000])).toBe('continue');
  expect(new ShareTest([80, 20], options).add([740_000, 260_000])).toBe('fail');
});
