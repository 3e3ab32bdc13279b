import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
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
  reason: quoted('weights'),
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

test('the status is named after the app', () => {
  expect(statusContext('helloworld')).toBe('canary/helloworld');
});

test('a run in progress is pending', () => {
  expect(pendingStatus('promote', 'en')).toEqual({ state: 'pending', description: 'promote is in progress' });
});

describe('the status of', () => {
  test.each([
    [
      'a pass',
      record('rollout', { verdict: 'pass' }),
      'success',
      'rollout: traffic split verified; v1/v2 at 80/20 in east, west',
    ],
    [
      'a fail',
      record('promote', { verdict: 'fail', failure: 'no' }),
      'failure',
      'promote: traffic split check failed; v1/v2 at 80/20 in east, west',
    ],
    [
      'an inconclusive check',
      record('rollout', { verdict: 'inconclusive', failure: 'no' }),
      'failure',
      'rollout: traffic split check inconclusive; v1/v2 at 80/20 in east, west',
    ],
    [
      'an error',
      record('rollout', { failure: 'west cannot be\nreached' }),
      'error',
      'rollout: west cannot be reached',
    ],
    [
      'an error after a pass',
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
      'plan: v1/v2 80/20 → 50/50 in east, west; 2 changes in east',
    ],
    [
      'a plan that no API server has checked',
      record('plan', {
        plan: {
          weights: half,
          clusters: ['east', 'west'],
          changes: [{ ...change('east'), tried: false, denied: true }],
        },
      }),
      'success',
      'plan: v1/v2 80/20 → 50/50 in east, west; 1 change in east (not checked by any API server)',
    ],
    [
      'a plan without changes',
      record('plan', { plan: { weights: weights({ v1: 80, v2: 20 }), clusters: ['east'], changes: [] } }),
      'success',
      'plan: v1/v2 at 80/20 in east, west; no changes',
    ],
    [
      'a failing version',
      record('rollout', { verdict: 'fail', failure: 'no', evidence: [failing] }),
      'failure',
      'rollout: v2 fails; v1/v2 at 80/20 in east, west',
    ],
    [
      'a plan for diverged clusters',
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
      'plan: v1/v2 at 50/50 in east, north; 1 change in north',
    ],
    [
      'the operation status for diverged clusters',
      record('status', { held: apart, failure: 'x' }),
      'failure',
      'status: clusters hold different weights: east holds v1=80,v2=20; west holds v1=50,v2=50',
    ],
    [
      'a rollout without ingresses',
      record('rollout'),
      'success',
      'rollout: released, not verified; v1/v2 at 80/20 in east, west',
    ],
    ['a refused plan', record('plan', { failure: 'exceeded quota' }), 'failure', 'plan: exceeded quota'],
    [
      'an error with direction marks',
      record('rollout', { failure: 'image \u202Egood' }),
      'error',
      'rollout: image U+202Egood',
    ],
  ])('%s gives state and description', (_, ended, state, description) => {
    expect(commitStatusOf(ended)).toEqual({ state, description });
  });

  test.each(['no '.repeat(100), '🐦'.repeat(200), `${'x'.repeat(129)}${'🐦'.repeat(9)}`])(
    'a long error is cut between characters to the length that GitHub accepts',
    (failure) => {
      const { description } = commitStatusOf(record('rollout', { failure }));
      expect(description.length).toBeLessThanOrEqual(140);
      expect(description).toMatch(/…$/);
      expect(description.isWellFormed()).toBe(true);
    },
  );
});
