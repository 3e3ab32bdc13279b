import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  apportion,
  formatWeights,
  sameWeights,
  stepWeights,
  storedWeights,
  unserved,
} from '../../src/core/weights.ts';
import {
  acquiredBy,
  decodeLease,
  encodeLease,
  endedOf,
  intentOf,
  newLease,
  released,
  renewed,
} from '../../src/fleet/transaction/lease-format.ts';
import type { Lease } from '../../src/fleet/transaction/lease-format.ts';
import { hostCovers, hostSpecificity, isHostOf, narrowerHost } from '../../src/istio/hosts.ts';
import { parseMeshConfig } from '../../src/istio/mesh-config.ts';
import { recordOf, recordProblem, withRecord } from '../../src/release/history.ts';
import { RateTest } from '../../src/verify/statistics/rate-test.ts';
import { ShareTest } from '../../src/verify/statistics/share-test.ts';
import { anyWeights } from '../support/istio-arbitraries.ts';
import { APP, NAMESPACE, virtualService } from '../support/objects.ts';
import { canonical, expectHolds, readBack } from '../support/properties.ts';

describe('weights', () => {
  test('are divided into whole points that add up, each less than one point off', () =>
    expectHolds(
      1500,
      fc.property(fc.integer({ min: 1, max: 1000 }), anyWeights, (total, shares) => {
        const points = apportion(total, shares);
        expect([...points.values()].reduce((a, b) => a + b, 0)).toBe(total);
        for (const [version, share] of shares) {
          const got = points.get(version) ?? 0;
          expect(Number.isInteger(got)).toBe(true);
          expect(Math.abs(got - (total * share) / 100)).toBeLessThan(1);
          expect(got > 0 || share === 0).toBe(!unserved(points, shares).includes(version));
        }
      }),
    ));

  test('of a step are 100 in all, and keep the others in proportion', () =>
    expectHolds(
      1500,
      fc.property(
        fc.integer({ min: 0, max: 100 }),
        anyWeights,
        fc.constantFrom('v1', 'v2', 'new'),
        (step, current, version) => {
          const others = [...current].filter(([name]) => name !== version);
          fc.pre(others.length > 0);
          const next = stepWeights(step, version, current);
          const sum = others.reduce((all, [, weight]) => all + weight, 0);
          expect(next.get(version)).toBe(step);
          expect([...next.values()].reduce((a, b) => a + b, 0)).toBe(100);
          for (const [name, weight] of sum === 0 ? [] : others)
            expect(Math.abs((next.get(name) ?? 0) - ((100 - step) * weight) / sum)).toBeLessThan(1);
        },
      ),
    ));
});

const LABEL = fc.constantFrom('a', 'b', 'shop', 'example', 'com');
const NAME = fc.array(LABEL, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const PATTERN = fc.oneof(
  NAME,
  NAME.map((name) => `*.${name}`),
  fc.constant('*'),
);
/** Names for a pattern to cover: all of one to four labels. */
const covers = (pattern: string, host: string): boolean => {
  const [wanted, given] = [pattern.split('.').toReversed(), host.split('.').toReversed()];
  if (pattern === '*') return true;
  if (!pattern.startsWith('*')) return pattern === host;
  return given.length >= wanted.length && wanted.slice(0, -1).every((label, i) => label === given[i]);
};

describe('hosts', () => {
  test('are covered as a comparison label by label says', () =>
    expectHolds(
      2000,
      fc.property(PATTERN, NAME, (pattern, host) => {
        expect(hostCovers(pattern, host)).toBe(covers(pattern, host));
      }),
    ));

  test('have the narrower of two patterns in common, or nothing', () =>
    expectHolds(
      2000,
      fc.property(PATTERN, PATTERN, NAME, (a, b, host) => {
        const narrower = narrowerHost(a, b);
        expect(covers(a, host) && covers(b, host)).toBe(narrower !== undefined && covers(narrower, host));
        expect(narrowerHost(b, a)).toBe(narrower);
      }),
    ));

  test('are closest to the longest pattern that covers them', () =>
    expectHolds(
      1500,
      fc.property(fc.array(PATTERN, { maxLength: 4 }), NAME, (patterns, host) => {
        const rank = (pattern: string): number =>
          pattern === '*' ? 0 : pattern === host ? Infinity : pattern.length;
        const found = patterns.filter((pattern) => covers(pattern, host)).map(rank);
        expect(hostSpecificity(patterns, host)).toBe(Math.max(-1, ...found));
      }),
    ));

  test('mean the service by its short name in its namespace alone, or by its full name', () =>
    expectHolds(
      1000,
      fc.property(
        fc.constantFrom(
          APP,
          'other',
          `${APP}.${NAMESPACE}`,
          `${APP}.${NAMESPACE}.svc`,
          `${APP}.${NAMESPACE}.svc.cluster.local`,
          `${APP}.x.svc.cluster.local`,
          `x${APP}.${NAMESPACE}.svc.cluster.local`,
        ),
        fc.constantFrom(NAMESPACE, 'x', undefined),
        (host, from) => {
          const full = host.includes('.') ? host : `${host}.${from ?? ''}.svc.cluster.local`;
          expect(isHostOf({ app: APP, namespace: NAMESPACE }, host, from)).toBe(
            full === `${APP}.${NAMESPACE}.svc.cluster.local`,
          );
        },
      ),
    ));
});

describe('the share test', () => {
  const samples = fc.array(fc.nat(1), { minLength: 1, maxLength: 400 });
  const split = fc.constantFrom([80, 20], [50, 50], [95, 5]);
  const counted = (list: readonly number[]): readonly [number, number] => [
    list.filter((one) => one === 0).length,
    list.filter((one) => one === 1).length,
  ];

  test('has the same evidence whatever the order of the samples in a batch', () =>
    expectHolds(
      400,
      fc.property(samples, split, (list, weights) => {
        const [batch, swapped] = [new ShareTest(weights), new ShareTest(weights.toReversed())];
        const [a, b] = counted(list);
        expect(batch.add([a, b])).toBe(swapped.add([b, a]));
        expect(batch.logEvidence).toBeCloseTo(swapped.logEvidence, 9);
      }),
    ));

  test('keeps a verdict once it is final', () =>
    expectHolds(
      300,
      fc.property(samples, split, (list, weights) => {
        const one = new ShareTest(weights);
        const verdicts = list.map((version) => one.add(version === 0 ? [1, 0] : [0, 1]));
        const first = verdicts.findIndex((verdict) => verdict !== 'continue');
        expect(first < 0 || verdicts.slice(first).every((verdict) => verdict === verdicts[first])).toBe(true);
      }),
    ));

  test('has no more evidence between two counts than at one of them: it never falls again', () =>
    expectHolds(
      800,
      fc.property(split, fc.uniqueArray(fc.nat(2000), { minLength: 3, maxLength: 3 }), (weights, counts) => {
        const evidence = counts
          .toSorted((a, b) => a - b)
          .map((hits) => {
            const one = new ShareTest(weights, { onlyFails: true });
            one.add([hits, 2000 - hits]);
            return one.logEvidence;
          });
        const [low = 0, middle = 0, high = 0] = evidence;
        expect(middle).toBeLessThanOrEqual(Math.max(low, high) + 1e-9);
      }),
    ));
});

describe('the rate test', () => {
  test('has more evidence for every hit in place of a miss, and stays exceeded', () =>
    expectHolds(
      500,
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 200 }),
        fc.nat(),
        fc.constantFrom(0.01, 0.05, 0.2),
        (trials, at, limit) => {
          const run = (list: readonly boolean[]): RateTest => {
            const one = new RateTest(limit, 1e-5);
            const outcomes = list.map((hit) => one.add(hit));
            expect(outcomes.join()).toMatch(/^(false,?)*(true,?)*$/);
            return one;
          };
          const worse = trials.with(at % trials.length, true);
          expect(run(worse).logEvidence).toBeGreaterThanOrEqual(run(trials).logEvidence - 1e-9);
          expect(run(trials.toReversed()).logEvidence).toBeCloseTo(run(trials).logEvidence, 9);
        },
      ),
    ));
});

const history = fc.array(anyWeights, { maxLength: 4 });
const intent = fc.record({
  target: anyWeights,
  previous: fc.option(anyWeights, { nil: undefined }),
  direction: fc.constantFrom('forward' as const, 'back' as const),
  history: fc.option(history, { nil: undefined }),
  objects: fc.array(
    fc.record({
      clusters: fc.array(fc.string()),
      objects: fc.array(
        fc.record({
          apiVersion: fc.string(),
          kind: fc.string(),
          metadata: fc.record({ name: fc.string(), namespace: fc.string() }),
        }),
      ),
    }),
    { maxLength: 3 },
  ),
  transaction: fc.string({ minLength: 1 }),
  holder: fc.string({ minLength: 1 }),
  run: fc.string(),
});
const json = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.string(),
  fc.constantFrom('null', '[]', '{"app":1}', `[{"app":"${APP}"}]`),
);

describe('what the clusters store', () => {
  const lease = newLease({ app: APP, namespace: NAMESPACE });

  test('is read from a Lease as it was written, and what others added stays', () =>
    expectHolds(
      800,
      fc.property(
        intent,
        fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
        fc.dictionary(fc.constantFrom('a', 'example.com/b'), fc.string(), { noNullPrototype: true }),
        (one, ended, theirs) => {
          const start: Lease = { ...lease, metadata: { ...lease.metadata, annotations: theirs } };
          const stored = readBack(
            encodeLease(start, { state: 'held', holder: one.holder, intent: one, ended }),
          );
          expect(decodeLease(stored)).toEqual({ state: 'held', holder: one.holder, intent: one, ended });
          expect(intentOf(decodeLease(readBack(renewed(stored, one.holder))))).toEqual(one);
          const open = readBack(released(stored, 'open intent', one.transaction));
          expect(decodeLease(open)).toEqual({ state: 'released with open intent', intent: one, ended });
          expect(intentOf(decodeLease(readBack(acquiredBy(open, 'another'))))).toEqual(one);
          const over = readBack(released(stored, 'ended', one.transaction));
          expect(decodeLease(over)).toEqual({ state: 'ended', ended: one.transaction });
          expect(over.metadata.annotations).toMatchObject(theirs);
          expect(endedOf(decodeLease(readBack(released(stored, 'as found', one.transaction))))).toBe(ended);
        },
      ),
    ));

  test('is read from any Lease without an exception, and an intent that is not understood stays to the letter', () =>
    expectHolds(
      800,
      fc.property(json, fc.constantFrom('', 'somebody'), (text, holderIdentity) => {
        const found: Lease = {
          ...lease,
          metadata: { ...lease.metadata, annotations: { 'multicluster-canary/intent': text } },
          spec: { holderIdentity },
        };
        const content = decodeLease(found);
        expect(content.state === 'unreadable' ? content.text : text).toBe(text);
        expect(acquiredBy(found, 'me').metadata.annotations).toEqual(found.metadata.annotations);
      }),
    ));

  test('is read from the record of a release as it was written, beside the records of others', () =>
    expectHolds(
      800,
      fc.property(anyWeights, history, fc.nat(), json, (weights, earlier, revision, others) => {
        const vs = virtualService([], { annotations: { 'multicluster-canary/release': others } });
        fc.pre(recordProblem(vs, APP) === undefined);
        const record = { app: APP, revision, weights, history: earlier };
        const stored = readBack(withRecord(vs, record));
        expect(canonical(plainRecord(recordOf(stored, APP)))).toBe(canonical(plainRecord(record)));
        expect(withRecord(stored, record)).toBe(stored);
        const theirs = [JSON.parse(others.trim() === '' ? '[]' : others) as unknown]
          .flat()
          .filter((one) => one !== null && (one as { app?: unknown }).app !== APP);
        const now = [
          JSON.parse(stored.metadata.annotations?.['multicluster-canary/release'] ?? '[]') as unknown,
        ].flat();
        expect(canonical(now.filter((one) => (one as { app?: unknown }).app !== APP))).toBe(
          canonical(theirs),
        );
      }),
    ));

  test('is refused where weights do not add up, or are none', () =>
    expectHolds(
      800,
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.dictionary(fc.constantFrom('v1', 'v2', 'v.3'), fc.integer({ min: -1, max: 101 })),
        ),
        (given) => {
          const { success, data } = storedWeights.safeParse(given);
          const sum = success ? [...data.values()].reduce((a, b) => a + b, 0) : 100;
          expect(sum).toBe(100);
        },
      ),
    ));

  test('is the configuration of a mesh in either spelling, or none', () =>
    expectHolds(
      500,
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.record(
            {
              rootNamespace: fc.constantFrom('a', ''),
              defaultVirtualServiceExportTo: fc.constantFrom(['.'], ['*'], []),
            },
            { requiredKeys: [] },
          ),
        ),
        (given) => {
          const read = parseMeshConfig(given);
          expect(read === undefined || (read.rootNamespace !== '' && read.virtualServices.length > 0)).toBe(
            true,
          );
          expect(parseMeshConfig(snake(given))).toEqual(read);
        },
      ),
    ));
});

function plainRecord(record: ReturnType<typeof recordOf>): unknown {
  if (record?.weights === undefined) return undefined;
  return [record.revision, formatWeights(record.weights), record.history.map((one) => formatWeights(one))];
}

/** The same fields, as Istio also spells them. */
function snake(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      one as unknown,
    ]),
  );
}

test('weights are the same whatever names them at 0', () =>
  expectHolds(
    500,
    fc.property(anyWeights, anyWeights, (a, b) => {
      const served = (weights: ReadonlyMap<string, number>): string =>
        canonical(Object.fromEntries([...weights].filter(([, weight]) => weight > 0)));
      expect(sameWeights(a, b)).toBe(served(a) === served(b));
      expect(sameWeights(a, new Map([...a, ['another', 0]]))).toBe(true);
    }),
  ));
