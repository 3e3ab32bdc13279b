import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import type { PlannedChange } from '../../src/report/run-events.ts';
import { headlineOf } from '../../src/report/headline.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { commentOf } from '../../src/report/summary/comment.ts';
import { agreed, held } from '../support/record.ts';
import { weights } from '../support/release.ts';

const eighty = weights({ v1: 80, v2: 20 });
const half = weights({ v1: 50, v2: 50 });
const lineOf = (operation: string, rest: Partial<RunRecord>): string =>
  headlineOf({ ...emptyRecord(operation, 'hello', 'demo'), ...rest }).line;
const change = (cluster: string): PlannedChange => ({
  cluster,
  verb: 'update',
  object: 'VirtualService demo/hello',
  reason: quoted('weights'),
  diff: '',
  tried: true,
});
const planned = (clusters: readonly string[], to = half): RunRecord['plan'] => ({
  weights: to,
  clusters,
  changes: clusters.map(change),
});
const names = (number: number): readonly string[] =>
  Array.from({ length: number }, (_, i) => `c${String(i)}`);
const all = (clusters: readonly string[], given = eighty): RunRecord['held'] =>
  held(Object.fromEntries(clusters.map((name) => [name, given])));
const ARN = 'arn:aws:eks:sa-east-1:123456789012:cluster/production-south-america-checkout-blue';

test.each<[string, Partial<RunRecord>, string]>([
  [
    'weights',
    { held: agreed(eighty), plan: planned(['east', 'west', 'west']) },
    'plan: v1/v2 80/20 → 50/50 in east, west; 3 changes',
  ],
  [
    'many clusters',
    { held: all(names(10)), plan: planned(names(10)) },
    'plan: v1/v2 80/20 → 50/50 in all 10 clusters; 10 changes',
  ],
  [
    'clusters with long names',
    { held: all([ARN]), plan: planned([ARN]) },
    'plan: v1/v2 80/20 → 50/50 in 1 cluster; 1 change',
  ],
  [
    'a first install',
    { held: held({ east: undefined, west: undefined }), plan: planned(['east', 'west'], eighty) },
    'plan: v1/v2 → 80/20 in east, west; 2 changes',
  ],
  [
    'one cluster of two',
    { held: agreed(eighty), plan: planned(['west'], eighty) },
    'plan: v1/v2 at 80/20 in east, west; 1 change in west',
  ],
  [
    'a new version',
    { held: agreed(weights({ v1: 100 })), plan: planned(['east', 'west'], eighty) },
    'plan: v1/v2 100/0 → 80/20 in east, west; 2 changes',
  ],
])('a plan for %s says what would change where', (_what, rest, line) => {
  expect(lineOf('plan', rest)).toBe(line);
});

describe('a run says what it found, and where the weights are', () => {
  const forward = { at: 1, weights: half, before: eighty, direction: 'forward' } as const;
  const finished = weights({ v1: 0, v2: 100 });

  test.each<[string, Partial<RunRecord>, string]>([
    [
      'after a step',
      { verdict: 'pass', held: agreed(half), steps: [forward] },
      'traffic split verified; v1/v2 80/20 → 50/50 in east, west',
    ],
    [
      'after several steps, from the weights before the first',
      {
        verdict: 'pass',
        held: agreed(finished),
        previous: half,
        steps: [forward, { ...forward, weights: finished, before: half }],
      },
      'traffic split verified; v1/v2 80/20 → 0/100 in east, west',
    ],
    [
      'after a step that found its weights in force',
      { verdict: 'pass', held: agreed(half), previous: eighty, steps: [{ ...forward, before: half }] },
      'traffic split verified; v1/v2 at 50/50 in east, west',
    ],
    [
      'after a step back',
      { verdict: 'fail', held: agreed(eighty), steps: [forward, { ...forward, direction: 'back' }] },
      'traffic split check failed; v1/v2 back at 80/20 in east, west',
    ],
    [
      'without a step',
      { verdict: 'pass', held: agreed(eighty), previous: half },
      'traffic split verified; v1/v2 at 80/20 in east, west',
    ],
    ['before anything was read', { failure: 'no' }, 'rollout failed'],
    [
      'where the clusters disagree',
      { held: held({ east: eighty, west: half }) },
      'clusters hold different weights',
    ],
  ])('%s', (_what, rest, line) => {
    expect(lineOf('rollout', rest)).toBe(line);
  });
});

test('the first line that a comment shows is that of the plan', () => {
  const record = {
    ...emptyRecord('plan', 'hello', 'demo'),
    held: agreed(eighty),
    plan: planned(['east', 'west']),
  };
  const [, first] = commentOf(record, { sha: undefined, runUrl: undefined }).split('\n');
  expect(first).toBe('## ✅ hello in demo: plan: v1/v2 80/20 → 50/50 in east, west; 2 changes');
});

test('the line is translated', () => {
  expect(lineOf('plan', { language: 'zh', held: agreed(eighty), plan: planned(['east', 'west']) })).toBe(
    'plan：v1/v2 80/20 → 50/50（east、west）；2 项变更',
  );
});
