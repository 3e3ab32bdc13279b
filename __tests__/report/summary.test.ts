import { describe, expect, test } from '@jest/globals';
import { escape } from '../../src/report/markdown.ts';
import { newJournal } from '../../src/report/record.ts';
import type { PlannedChange, RunRecord } from '../../src/report/record.ts';
import { summaryOf } from '../../src/report/summary.ts';
import { evidence } from '../support/evidence.ts';
import { change } from '../support/record.ts';
import { weights } from '../support/release.ts';

const summary = (rest: Partial<RunRecord> = {}): string =>
  summaryOf({ ...newJournal('rollout', 'hello', 'demo'), ...rest });
const linesOf = (text: string): readonly string[] => text.split('\n');

describe('the heading tells the outcome', () => {
  test.each<[Partial<RunRecord>, string]>([
    [{ verdict: 'pass' }, '## ✅ hello in demo: rollout pass'],
    [{ verdict: 'fail', failure: 'x' }, '## ❌ hello in demo: rollout fail'],
    [{ verdict: 'inconclusive', failure: 'x' }, '## ⚠️ hello in demo: rollout inconclusive'],
    [{}, '## ✅ hello in demo: rollout done'],
    [{ failure: 'x' }, '## ❌ hello in demo: rollout failed'],
  ])('%j: %s', (rest, heading) => {
    expect(linesOf(summary(rest))[0]).toBe(heading);
  });
});

test('a run in which nothing happened is told in two lines', () => {
  expect(summary()).toBe('## ✅ hello in demo: rollout done\n\nNothing was written.\n');
});

test('the reason of a failure is quoted, line by line', () => {
  expect(summary({ failure: 'first\nsecond' })).toContain('\n\n> first\n> second\n\n');
});

test('weights in force, before and next are told', () => {
  const told = summary({
    weights: weights({ v1: 80, v2: 20 }),
    previous: weights({ v1: 100 }),
    next: weights({ v1: 50, v2: 50 }),
  });
  expect(told).toContain('In force: **v1=80,v2=20** · before: v1=100 · next: v1=50,v2=50');
});

test('what users got stands in a table, a line for each version', () => {
  const rows = linesOf(summary({ evidence: [evidence({ errors: new Map([['status 503', 2]]) })] })).filter(
    (line) => line.startsWith('|'),
  );
  expect(rows).toEqual([
    '| Ingress | Version | Asked | Observed | Samples | Failed requests | Verdict |',
    '| --- | --- | ---: | ---: | ---: | ---: | --- |',
    '| east<br>http://203.0.113.7 | v1 | 80 % | 80.2 % | 802 | 2 | ✅ pass<br>the shares match the weights (1000 samples) |',
    '|  | v2 | 20 % | 19.8 % | 198 |  |  |',
  ]);
});

test('likely causes are a list', () => {
  expect(
    summary({
      findings: [
        { title: 'A', detail: 'a.' },
        { title: 'B', detail: 'b.' },
      ],
    }),
  ).toContain('### Likely cause\n1. **A.** a.\n1. **B.** b.');
});

test('what the clusters hold stands in a table', () => {
  expect(summary({ clusters: [{ cluster: 'east', text: 'weights v1=100' }] })).toContain(
    '| Cluster | Holds |\n| --- | --- |\n| east | weights v1=100 |',
  );
});

test('writes are folded away', () => {
  const made = change({ object: 'Service demo/hello', reason: 'v1 in east' });
  expect(summary({ changes: [made] })).toMatch(
    /<details><summary>1 write<\/summary>\n\n\| Cluster \| Object \| Why \|\n.*\n\| east \| Service demo\/hello \| v1 in east \|\n\n<\/details>/,
  );
});

test('the phases come last, with their seconds', () => {
  expect(
    summary({
      phases: [
        { name: 'Read', start: 0, seconds: 0.51 },
        { name: 'Verify', start: 0.6, seconds: 8.04 },
      ],
    }),
  ).toMatch(/\nRead 0\.5 s · Verify 8\.0 s\n$/);
});

describe('a plan', () => {
  const proposed: PlannedChange = {
    cluster: 'east',
    verb: 'update',
    object: 'VirtualService demo/hello',
    reason: 'weights',
    diff: '-a\n+b',
    tried: true,
  };
  const planned = (rest: Partial<PlannedChange> = {}): string =>
    summary({
      operation: 'plan',
      plan: {
        weights: weights({ v1: 80, v2: 20 }),
        clusters: ['east', 'west'],
        changes: [{ ...proposed, ...rest }],
      },
    });

  test('shows the difference of each change, by cluster', () => {
    expect(planned()).toContain('**update VirtualService demo/hello**: weights.\n\n```diff\n-a\n+b\n```');
  });

  test('says where nothing would change', () => {
    expect(summary({ plan: { weights: weights({ v1: 100 }), clusters: ['east'], changes: [] } })).toContain(
      'Nothing would change: every cluster holds what was asked for.',
    );
  });

  test.each(['```', '~~~', '````\n```'])('keeps a difference that holds %j within its block', (hostile) => {
    const told = linesOf(planned({ diff: `+a\n${hostile}\n<img src=x>` }));
    const fence = told[told.findIndex((line) => line.endsWith('diff') && line.startsWith('`'))]?.replace(
      'diff',
      '',
    );
    const closing = told.findIndex((line) => line === fence);
    expect(told[closing - 1]).toBe('<img src=x>');
  });
});

// All of these can come from a server, a cluster, or a file of the repository.
describe('a hostile text stays text', () => {
  const HOSTILE = [
    '<img src=x onerror=alert(1)>',
    '</details><script>alert(1)</script>',
    '| a | b |',
    'first\nsecond\r\nthird',
    '# heading',
    '**bold** _it_ ~~gone~~ `code`',
    '[link](https://example.com) ![image](https://example.com/x.png)',
    '@octocat closes #1',
    '&lt;b&gt; &#60;b&#62;',
    '\\| \\<b\\>',
    '- item',
    '1. item',
    '\u2028<b>\u2029',
  ];

  const everywhere = (text: string): string =>
    summary({
      app: text,
      namespace: text,
      verdict: 'fail',
      failure: text,
      weights: weights({ [text]: 100 }),
      previous: weights({ [text]: 100 }),
      next: weights({ [text]: 100 }),
      evidence: [evidence({ cluster: text, url: text, reason: text, weights: weights({ [text]: 100 }) })],
      findings: [{ title: text, detail: text }],
      clusters: [{ cluster: text, text }],
      changes: [change({ cluster: text, object: text, reason: text, before: text, after: `${text}.` })],
      plan: {
        weights: weights({ [text]: 100 }),
        clusters: [text],
        changes: [{ cluster: text, verb: 'update', object: text, reason: text, diff: '', tried: true }],
      },
    });

  const plain = everywhere('x');
  const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

  test.each([
    ['makes no element', /<[^>]*>/g],
    ['makes no cell', /\|/g],
    ['makes no heading', /^#+ /gm],
    ['makes no emphasis, code or struck text', /[*_`~]/g],
    ['makes no link', /[[\]]/g],
    ['mentions nobody, and no issue', /[@]|#\d/g],
  ])('%s', (_what, pattern) => {
    // Entities such as &#124; are text: they do not count.
    const seen = (text: string): number => count(text.replaceAll(/&(?:#\d+|amp|lt|gt);/g, ''), pattern);
    expect(HOSTILE.filter((text) => seen(everywhere(text)) !== seen(plain))).toEqual([]);
  });

  test.each(HOSTILE.filter((text) => !text.includes('\n')).map((text) => [text]))(
    'adds no line: %j',
    (text) => {
      expect(linesOf(everywhere(text))).toHaveLength(linesOf(plain).length);
    },
  );

  test.each([
    ['<b>', '&lt;b&gt;'],
    ['a & b', 'a &amp; b'],
    ['a|b', 'a&#124;b'],
    ['a\r\n b', 'a b'],
    ['&lt;', '&amp;lt;'],
  ])('%j is written %j', (text, written) => {
    expect(escape(text)).toBe(written);
  });
});
