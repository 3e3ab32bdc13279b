import { expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
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
        reason: quoted('weights v1=100 → v1=80,v2=20'),
        diff: '-weight: 100\n+weight: 80',
        tried: true,
        ...change,
      })),
    },
  });
}

test('a plan shows a change that several clusters get once, with its reason, and the difference on demand', () => {
  const text = planOf({}, { cluster: 'west' });
  expect(text).toContain('### Plan: v1=100 → v1=80,v2=20');
  expect(text).toContain(
    '<details><summary><strong>VirtualService gray-demo/helloworld</strong>: update in east, west; weights v1=100 → v1=80,v2=20</summary>\n\n```diff\n-weight: 100\n+weight: 80\n```\n\n</details>\n',
  );
  expect(text.match(/<details>/g)).toHaveLength(1);
  expect(text).toContain('Nothing was written.');
});

test('a plan shows what differs between clusters separately', () => {
  const text = planOf({}, { cluster: 'west', diff: '-weight: 50\n+weight: 80' });
  expect(text).toContain('update in east; weights');
  expect(text).toContain('update in west; weights');
});

test.each([
  ['create', '--- /dev/null\n+++ Service gray-demo/hello\n@@ -0,0 +1,1 @@\n+kind: Service'],
  ['update', '--- Service gray-demo/hello\n+++ Service gray-demo/hello\n@@ -1,1 +1,1 @@\n-a: 1\n+a: 2'],
])('a plan says that a server-side apply would %s the object', (effect, diff) => {
  expect(planOf({ verb: 'apply', diff })).toContain(`</strong>: ${effect} in east;`);
});

test('the same workload in many clusters is one change', () => {
  const clusters = Array.from({ length: 10 }, (_, i) => `c${String(i)}`);
  const text = planOf(
    ...clusters.map((cluster) => ({
      cluster,
      object: 'Deployment gray-demo/b',
      reason: { kind: 'forVersion', version: 'v2' } as const,
    })),
  );
  expect(text).toContain('<strong>Deployment gray-demo/b</strong>: update in 10 clusters; for v2</summary>');
  expect(text).toContain(`In: ${clusters.join(', ')}`);
});

test('many objects of a kind are folded, and the others stay visible', () => {
  const maps = Array.from({ length: 5 }, (_, i) => ({ object: `ConfigMap gray-demo/c${String(i)}` }));
  expect(planOf(...maps, {})).toMatch(
    /<details><summary>5 ConfigMap objects<\/summary>(?:\s+<details><summary><strong>ConfigMap[^]*?<\/details>){5}\s+<\/details>\s+<details><summary><strong>VirtualService/,
  );
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
  const text = planOf({ cluster: 'east', object: 'ConfigMap <img>', reason: quoted('**bold** `code`') });
  expect(text).not.toMatch(/<img>|\*\*bold|`code`/);
});
