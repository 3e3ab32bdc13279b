import { describe, expect, test } from '@jest/globals';
import { commitStatusOf, pendingStatus, statusContext } from '../../src/report/commit-status.ts';
import { newJournal } from '../../src/report/record.ts';
import type { PlannedChange, RunRecord } from '../../src/report/record.ts';

const record = (operation: string, rest: Partial<RunRecord> = {}): RunRecord => ({
  ...newJournal(operation, 'helloworld', 'gray-demo'),
  weights: new Map([
    ['v1', 80],
    ['v2', 20],
  ]),
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

test('the name of the status is that of the app, as branch protection is told it', () => {
  expect(statusContext('helloworld')).toBe('canary/helloworld');
});

test('a run that goes on is pending', () => {
  expect(pendingStatus('promote')).toEqual({ state: 'pending', description: 'promote is under way' });
});

describe('a run that has ended', () => {
  test.each([
    ['a pass', record('rollout', { verdict: 'pass' }), 'success', 'rollout: pass; in force: v1=80,v2=20'],
    [
      'a fail',
      record('promote', { verdict: 'fail', failure: 'no' }),
      'failure',
      'promote: fail; in force: v1=80,v2=20',
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
