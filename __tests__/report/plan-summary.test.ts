import { expect, test } from '@jest/globals';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { PlannedChange } from '../../src/report/run-events.ts';
import { agreed } from '../support/record.ts';
import { summaryOf } from '../../src/report/summary/summary.ts';

function planOf(...changes: readonly Partial<PlannedChange>[]): string {
  return summaryOf({
    ...emptyRecord('plan', 'helloworld', 'gray-demo'),
    held: agreed(new Map([['v1', 100]])),
    plan: {
      weights: new Map([
        ['v1', 80],
        ['v2', 20],
      ]),
      clusters: ['east', 'west'],
      changes: changes.map((change) => ({
        cluster: 'east',
        verb: 'update',
        object: 'VirtualService gray-demo/helloworld',
        reason: 'weights v1=100 → v1=80,v2=20',
        diff: '-weight: 100\n+weight: 80',
        tried: true,
        ...change,
      })),
    },
  });
}

test('a plan lists the changes by cluster, with reason and difference', () => {
  const text = planOf({}, { cluster: 'west' }, { cluster: 'west' });
  expect(text).toContain('### Plan: v1=100 → v1=80,v2=20');
  expect(text).toContain('<details><summary>east: 1 change</summary>');
  expect(text).toContain('<details><summary>west: 2 changes</summary>');
  expect(text).toContain(
    '**update VirtualService gray-demo/helloworld**: weights v1=100 → v1=80,v2=20.\n\n```diff\n-weight: 100\n+weight: 80\n```',
  );
  expect(text).toContain('Nothing was written.');
});

test('a plan without changes says so', () => {
  expect(planOf()).toContain('Nothing would change: every cluster already matches the request.');
});

test('a change that the server could not check is marked', () => {
  expect(planOf({ tried: false })).toContain('The server could not check it yet');
});

test.each(['```\n</details><img src=x>', '  ````\n## Pass', `+a: ${'`'.repeat(9)}\n${'`'.repeat(9)}`])(
  'a difference that contains %j stays within its code block',
  (diff) => {
    const [, fence = ''] = /^(`{3,})diff$/m.exec(planOf({ diff })) ?? [];
    const longest = Math.max(...(diff.match(/`+/g) ?? []).map(({ length }) => length));
    expect(fence.length).toBeGreaterThan(longest);
    expect(planOf({ diff })).toContain(`${fence}diff\n${diff}\n${fence}\n`);
  },
);

test('names and reasons stay text', () => {
  const text = planOf({ cluster: 'east', object: 'ConfigMap <img>', reason: '**bold** `code`' });
  expect(text).not.toMatch(/<img>|\*\*bold|`code`/);
});
