import { describe, expect, test } from '@jest/globals';
import { commitStatusOf, pendingStatus, statusContext } from '../../src/report/commit-status.ts';
import { evidence } from '../support/evidence.ts';
import { agreed, held } from '../support/record.ts';
import { weights } from '../support/release.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import type { PlannedChange } from '../../src/report/run-events.ts';

const record = (operation: string, rest: Partial<RunRecord> = {}): RunRecord => ({
  ...emptyRecord(operation, 'helloworld', 'gray-demo'),
  held: agreed(weights({ v1: 80, v2: 20 })),
  ...rest,
});

const change = (cluster: string): PlannedChange => ({
  cluster,
  verb: 'update',
  object: 'VirtualService gray-demo/helloworld',
  reason: 'weights',
  diff: '',
  tried: true,
});

const half = new Map([
  ['v1', 50],
  ['v2', 50],
]);

const apart = held({ east: weights({ v1: 80, v2: 20 }), west: half });
const failing = evidence({
  verdict: 'fail',
  versions: new Map([
    ['v1', { errors: 0, latency: undefined }],
    ['v2', { errors: 99, latency: undefined }],
  ]),
});

test('the name of the status is that of the app, as branch protection is told it', () => {
  expect(statusContext('helloworld')).toBe('canary/helloworld');
});

test('a run that goes on is pending', () => {
  expect(pendingStatus('promote')).toEqual({ state: 'pending', description: 'promote is in progress' });
});

describe('a run that has ended', () => {
  test.each([
    ['a pass', record('rollout', { verdict: 'pass' }), 'success', 'rollout: pass; in force: v1=80,v2=20'],
    [
      'a fail',
      record('promote', { verdict: 'fail', failure: 'no' }),
      'failure',
      'promote: fail, traffic split check failed; in force: v1=80,v2=20',
    ],
    [
      'no decision',
      record('rollout', { verdict: 'inconclusive', failure: 'no' }),
      'failure',
      'rollout: inconclusive; in force: v1=80,v2=20',
    ],
    [
      'no judgement',
      record('rollout', { failure: 'west cannot be\nreached' }),
      'error',
      'rollout: west cannot be reached',
    ],
    [
      'a failure after a pass',
      record('rollout', { verdict: 'pass', failure: 'the lock was lost' }),
      'error',
      'rollout: the lock was lost',
    ],
    [
      'a plan',
      record('plan', {
        plan: { weights: half, clusters: ['east', 'west'], changes: [change('east'), change('east')] },
      }),
      'success',
      'plan: 2 changes in 1 cluster, v1=80,v2=20 → v1=50,v2=50',
    ],
    [
      'a plan of nothing',
      record('plan', { plan: { weights: half, clusters: ['east'], changes: [] } }),
      'success',
      'plan: nothing would change; in force: v1=80,v2=20',
    ],
    [
      'a version that fails',
      record('rollout', { verdict: 'fail', failure: 'no', evidence: [failing] }),
      'failure',
      'rollout: fail, v2 fails; in force: v1=80,v2=20',
    ],
    [
      'a plan that finds clusters apart',
      record('plan', {
        held: apart,
        plan: { weights: half, clusters: ['east', 'west'], changes: [change('west')] },
        failure: 'The clusters hold different weights',
      }),
      'failure',
      'plan: clusters hold different weights: east holds v1=80,v2=20; west holds v1=50,v2=50',
    ],
    [
      'a plan for a cluster that joins',
      record('plan', {
        held: held({ east: half, north: undefined }),
        plan: { weights: half, clusters: ['east', 'north'], changes: [change('north')] },
      }),
      'success',
      'plan: 1 change in 1 cluster, east holds v1=50,v2=50; north holds no VirtualService → v1=50,v2=50',
    ],
    [
      'a status that finds clusters apart',
      record('status', { held: apart, failure: 'x' }),
      'failure',
      'status: clusters hold different weights: east holds v1=80,v2=20; west holds v1=50,v2=50',
    ],
    [
      'nothing to sample',
      record('rollout'),
      'success',
      'rollout: released, not verified; in force: v1=80,v2=20',
    ],
    [
      'a plan that is refused',
      record('plan', { failure: 'exceeded quota' }),
      'failure',
      'plan: exceeded quota',
    ],
    [
      'words that turn the direction of writing',
      record('rollout', { failure: 'image \u202Egood' }),
      'error',
      'rollout: image U+202Egood',
    ],
  ])('with %s says so', (_, ended, state, description) => {
    expect(commitStatusOf(ended)).toEqual({ state, description });
  });

  test.each(['no '.repeat(100), '🐦'.repeat(200), `${'x'.repeat(129)}${'🐦'.repeat(9)}`])(
    'has its description cut to what GitHub takes, between characters',
    (failure) => {
      const { description } = commitStatusOf(record('rollout', { failure }));
      expect(description.length).toBeLessThanOrEqual(140);
      expect(description).toMatch(/…$/);
      expect(description.isWellFormed()).toBe(true);
    },
  );
});
