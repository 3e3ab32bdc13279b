import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import type { PlannedChange } from '../../src/report/run-events.ts';
import { escape } from '../../src/report/summary/markdown.ts';
import { SUMMARY_LIMIT, summaryOf } from '../../src/report/summary/summary.ts';
import type { IngressEvidence } from '../../src/verify/evidence.ts';
import { evidence } from '../support/evidence.ts';
import { change, held } from '../support/record.ts';
import { weights } from '../support/release.ts';

const summary = (rest: Partial<RunRecord> = {}): string =>
  summaryOf({ ...emptyRecord('rollout', 'hello', 'demo'), ...rest });
const linesOf = (text: string): readonly string[] => text.split('\n');

describe('the heading gives the outcome', () => {
  test.each<[Partial<RunRecord>, string]>([
    [{ verdict: 'pass' }, '## ✅ hello in demo: traffic split verified'],
    [{ verdict: 'fail', failure: 'x' }, '## ❌ hello in demo: traffic split check failed'],
    [{ verdict: 'inconclusive', failure: 'x' }, '## ⚠️ hello in demo: traffic split check inconclusive'],
    [{}, '## ⚠️ hello in demo: released, not verified'],
    [{ failure: 'x' }, '## ❌ hello in demo: rollout failed'],
    [{ failure: 'x', verdict: 'pass' }, '## ❌ hello in demo: rollout failed'],
  ])('%j: %s', (rest, heading) => {
    expect(linesOf(summary(rest))[0]).toBe(heading);
  });
});

test('an error comes before how far the run got', () => {
  expect(summary({ failure: 'first\nsecond\nthird' })).toMatch(
    /\n\n<strong>first<\/strong>\n\n> second\n>\n> third\n\nThe run failed before the traffic split was checked\..*Next:/s,
  );
});

describe('the observed traffic split', () => {
  const rowsOf = (...ingresses: readonly Partial<IngressEvidence>[]): readonly string[] => {
    const seen = ingresses.map((one, i) => evidence({ url: `http://203.0.113.${String(i)}`, ...one }));
    return linesOf(summary({ evidence: seen }));
  };
  const firstTable = (lines: readonly string[]): readonly string[] => {
    const start = lines.findIndex((line) => line.startsWith('|'));
    return lines.slice(start, lines.indexOf('', start));
  };

  test('is a table with a row for each cluster and a column for each version', () => {
    const off = weights({ v1: 740, v2: 260 });
    expect(firstTable(rowsOf({}, { cluster: 'west', verdict: 'fail', counts: off }))).toEqual([
      '| Cluster | Verdict | v1&nbsp;(80%) | v2&nbsp;(20%) | Samples |',
      '| --- | --- | ---: | ---: | ---: |',
      '| west | ❌&nbsp;fail | **74.0%**, not&nbsp;75–85% | **26.0%**, not&nbsp;15–25% | 1,000 |',
      '| east | ✅&nbsp;pass | 80.2% | 19.8% | 1,000 |',
    ]);
  });

  test('says which version fails, and counts failed requests only if there are any', () => {
    const seen = new Map([['v2', { errors: 99, latency: undefined }]]);
    const failing = { versions: seen, errors: new Map([['status 500', 99]]) };
    expect(firstTable(rowsOf({ verdict: 'fail', ...failing }, { cluster: 'west' })).slice(0, 4)).toEqual([
      '| Cluster | Verdict | v1&nbsp;(80%) | v2&nbsp;(20%) | Samples | Failed requests |',
      '| --- | --- | ---: | ---: | ---: | ---: |',
      '| east | ❌&nbsp;fail | 80.2% | 19.8%, **50.0%&nbsp;fail** | 1,000 | 99&nbsp;(9.9%) |',
      '| west | ✅&nbsp;pass | 80.2% | 19.8% | 1,000 | 0 |',
    ]);
  });

  test('folds what was undecided when something else failed', () => {
    const off = weights({ v1: 700, v2: 300 });
    const lines = rowsOf(
      { cluster: 'a', verdict: 'undecided' },
      { cluster: 'b', verdict: 'fail' },
      { cluster: 'c', verdict: 'undecided', counts: off },
    );
    expect(firstTable(lines).slice(2)).toEqual(['| b | ❌&nbsp;fail | 80.2% | 19.8% | 1,000 |']);
    const fold = lines.findIndex((line) => line.startsWith('<details>'));
    expect(lines[fold]).toBe(
      '<details><summary>⚪ 2 ingresses undecided when the check stopped: v1 70–80.2%, v2 19.8–30%</summary>',
    );
    expect(firstTable(lines.slice(fold)).slice(2)).toEqual([
      '| a | ⚪&nbsp;undecided | 80.2% | 19.8% | 1,000 |',
      '| c | ⚪&nbsp;undecided | 70.0% | 30.0% | 1,000 |',
    ]);
  });

  test('of a hundred clusters that passed is one line until it is unfolded', () => {
    const lines = rowsOf(...Array.from({ length: 100 }, (_, i) => ({ cluster: `c${String(i)}` })));
    const heading = lines.indexOf('### Observed traffic split');
    expect(lines[heading + 2]).toBe(
      '<details><summary>✅ 100 ingresses passed: v1 80.2%, v2 19.8%</summary>',
    );
  });

  test('says why an ingress failed right below the table, and the other reasons on demand', () => {
    const lines = rowsOf(
      { verdict: 'fail', reason: quoted('bad') },
      { cluster: 'west', reason: quoted('good') },
    );
    const unfolded = lines.slice(
      0,
      lines.findIndex((line) => line.startsWith('<details>')),
    );
    expect(unfolded.filter((line) => line.startsWith('- '))).toEqual([
      '- east, http&#58;//203.0.113.0: **fail**, bad; 1,000 requests in 10 s',
    ]);
    expect(lines).toContain('- west, http&#58;//203.0.113.1: **pass**, good; 1,000 requests in 10 s');
  });

  test('names the clusters that share an address', () => {
    expect(rowsOf({ url: 'http://a' }, { url: 'http://a', cluster: 'west' })).toContain(
      'east and west share the address http&#58;//a, so any of them may have answered.',
    );
  });

  test('has tolerances and deviations on demand', () => {
    const lines = rowsOf({ counts: weights({ v1: 740, v2: 260 }) });
    const fold = lines.findIndex((line) => line.includes('<summary>Reasons, tolerance'));
    expect(firstTable(lines.slice(fold))).toEqual([
      '| Cluster | Version | Weight | Observed | Deviation | Tolerance | Samples |',
      '| --- | --- | ---: | ---: | --- | ---: | ---: |',
      '| ✅ east | v1 | 80% | **74.0%**&nbsp;⚠️ | `···●├───┼───┤····` | 75–85% | 740 |',
      '|  | v2 | 20% | **26.0%**&nbsp;⚠️ | `····├───┼───┤●···` | 15–25% | 260 |',
    ]);
  });
});

test('errors and response times are listed by version', () => {
  const seen = new Map([
    ['v1', { errors: 0, latency: { p50: 5, p90: 8, p99: 12, max: 1200 } }],
    ['v2', { errors: 198, latency: undefined }],
  ]);
  expect(summary({ evidence: [evidence({ versions: seen })] })).toContain(
    [
      '| ✅ east | v1 | 0 | 5.0&nbsp;ms | 8.0&nbsp;ms | 12.0&nbsp;ms | 1.20&nbsp;s |',
      '|  | v2 | **198**&nbsp;(100.0%) | – | – | – | – |',
    ].join('\n'),
  );
});

test('unusual connections are told after what is not covered', () => {
  expect(
    summary({ unseen: [quoted('Not that.')], connections: ['west is insecure.', 'A proxy.'].map(quoted) }),
  ).toContain(
    '<strong>Not covered:</strong> Not that.\n\n<strong>Connections:</strong> west is insecure. A proxy.\n\n',
  );
});

test('likely causes are a numbered list', () => {
  expect(
    summary({
      findings: [
        { title: quoted('A'), detail: quoted('a.') },
        { title: quoted('B'), detail: quoted('b.') },
      ],
    }),
  ).toContain('### Likely cause\n\n1. <strong>A.</strong> a.\n1. <strong>B.</strong> b.\n');
});

test('the state of the clusters is a table', () => {
  expect(summary({ clusters: [{ cluster: 'east', text: quoted('weights v1=100') }] })).toContain(
    '| Cluster | State |\n| --- | --- |\n| east | weights v1=100 |',
  );
});

test('clusters in the same state share a row, the rarest state first', () => {
  const states = ['v1=80', 'v1=80', 'v1=40', 'v1=80'];
  const clusters = states.map((state, i) => ({ cluster: `c${String(i)}`, text: quoted(state) }));
  expect(summary({ operation: 'status', clusters })).toContain(
    '| Cluster | State |\n| --- | --- |\n| c2 | v1=40 |\n| c0, c1, c3 | v1=80 |\n',
  );
});

describe('failed requests', () => {
  const { url, cluster } = evidence();
  const symptom = (notFound?: { path: string; host: string | undefined }): RunRecord['findings'][number] => ({
    title: { kind: 'requestsFailTitle', cluster },
    detail: {
      kind: 'requestsFail',
      requests: 409,
      url,
      kinds: new Map([['status 500', 19]]),
      notFound,
      unreached: undefined,
    },
    symptom: true,
  });
  const section = '### Failed requests';
  const failing = evidence({
    verdict: 'fail',
    reason: {
      kind: 'tooManyErrors',
      failed: 19,
      judged: 409,
      limit: 0.01,
      kinds: new Map([['status 500', 19]]),
    },
  });

  test('are not repeated where the reason for the verdict tells them', () => {
    expect(summary({ verdict: 'fail', evidence: [failing], findings: [symptom()] })).not.toContain(section);
  });

  test.each([
    ['where the reason is another one', evidence({ verdict: 'fail' }), symptom()],
    ['where there is advice', failing, symptom({ path: '/hello', host: undefined })],
  ])('have a section %s', (_where, one, finding) => {
    expect(summary({ verdict: 'fail', evidence: [one], findings: [finding] })).toContain(section);
  });

  test('are counted once beside the reason', () => {
    expect(summary({ verdict: 'fail', evidence: [failing] }).split('19 of 409 requests failed')).toHaveLength(
      3,
    );
  });
});

test('an error that begins with the headline is quoted from there', () => {
  const apart = held({ east: weights({ v1: 100 }), west: weights({ v2: 100 }) });
  const sentence = 'The clusters hold different weights: east holds v1=100; west holds v2=100.';
  const of = (failure: string): string => summary({ operation: 'status', held: apart, failure });
  expect(of(`${sentence} Do this.`)).toContain('\n\n> Do this.\n\n');
  expect(of(sentence)).not.toMatch(/^>/m);
  expect(of(`Before. ${sentence}`)).toContain(`\n\n> Before. ${sentence}\n\n`);
});

test('each object that was written has a line, with one difference on demand', () => {
  const shown = summary({
    changes: [
      change(),
      change({ cluster: 'west' }),
      change({ reason: quoted('put back'), before: 'weight: 20\n', after: 'weight: 5\n' }),
    ],
  });
  expect(shown).toContain(
    '<details><summary><strong>VirtualService demo/hello</strong>: changed in east; weights; put back</summary>\n\n```diff\n',
  );
  expect(shown).toMatch(/-weight: 0\n\+weight: 5\n```/);
});

test('the timeline has steps, checks, and phases that were long or failed', () => {
  const shown = summary({
    phases: [
      { name: 'Read', start: 0, seconds: 0.5, completed: true },
      { name: 'Ready', start: 0.5, seconds: 75, completed: true },
      { name: 'Verify', start: 80, seconds: 8, completed: true },
      { name: 'Lock', start: 88, seconds: 0.2, completed: false },
    ],
    steps: [{ at: 79, weights: weights({ v1: 80, v2: 20 }), before: undefined, direction: 'forward' }],
    checks: [
      {
        kind: 'verify',
        weights: weights({ v1: 80, v2: 20 }),
        verdict: 'pass',
        evidence: [evidence()],
        metrics: [],
        from: 80,
        to: 88,
      },
    ],
  });
  expect(shown).toContain(
    [
      '| 0.5&nbsp;s | Ready | 1&nbsp;min&nbsp;15&nbsp;s |',
      '| 1&nbsp;min&nbsp;19&nbsp;s | **Weights set: v1 80%, v2 20%** |  |',
      '| 1&nbsp;min&nbsp;20&nbsp;s | ✅ Verify v1 80%, v2 20%: pass (1,000 samples) | 8.0&nbsp;s |',
      '| 1&nbsp;min&nbsp;28&nbsp;s | ❌ Lock: not completed | 0.2&nbsp;s |',
    ].join('\n'),
  );
});

describe('a summary that is too long for GitHub', () => {
  const many = (number: number, lines: number): string =>
    summary({
      changes: Array.from({ length: number }, (_, i) =>
        change({ object: `ConfigMap demo/c${String(i)}`, before: undefined, after: 'a: €\n'.repeat(lines) }),
      ),
      evidence: [evidence({ verdict: 'fail' })],
      verdict: 'fail',
    });
  const bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

  test('is not shortened if it fits', () => {
    expect(many(10, 100)).not.toContain('Shortened');
  });

  test.each([
    [20, 10_000],
    [1_500, 100],
    [12_000, 1],
  ])('fits with %d objects of %d lines, and lists what was omitted', (number, lines) => {
    const shown = many(number, lines);
    expect(bytes(shown)).toBeLessThanOrEqual(SUMMARY_LIMIT);
    expect(bytes(shown)).toBeGreaterThan(0.9 * SUMMARY_LIMIT);
    expect(shown).toContain('| east | ❌&nbsp;fail |');
    expect(shown).toMatch(/Shortened to GitHub’s limit\. Omitted: [\d,]+ × difference/);
  });

  test('is cut if a single text is too long', () => {
    const shown = summary({
      failure: `${'x'.repeat(3_000_000)}\n`,
      findings: [{ title: quoted('y'.repeat(2_000_000)), detail: quoted('') }],
    });
    expect(bytes(shown)).toBeLessThanOrEqual(SUMMARY_LIMIT);
  });
});

describe('a plan', () => {
  const proposed: PlannedChange = {
    cluster: 'east',
    verb: 'update',
    object: 'VirtualService demo/hello',
    reason: quoted('weights'),
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

  test('shows the difference of each change', () => {
    expect(planned()).toContain(
      '<strong>VirtualService demo/hello</strong>: update in east; weights</summary>\n\n```diff\n-a\n+b\n```',
    );
  });

  test('says that nothing would change', () => {
    expect(
      summary({
        operation: 'plan',
        plan: { weights: weights({ v1: 100 }), clusters: ['east'], changes: [] },
      }),
    ).toContain('Nothing would change: every cluster already matches the request.');
  });

  test.each(['```', '~~~', '````\n```'])(
    'keeps a difference that contains %j within its code block',
    (hostile) => {
      const shown = linesOf(planned({ diff: `+a\n${hostile}\n<img src=x>` }));
      const fence = shown[shown.findIndex((line) => line.endsWith('diff') && line.startsWith('`'))]?.replace(
        'diff',
        '',
      );
      const closing = shown.findIndex((line) => line === fence);
      expect(shown[closing - 1]).toBe('<img src=x>');
    },
  );
});

// Any of these can come from a server, a cluster or a file of the repository.
describe('hostile text', () => {
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
      held: [
        ...held({ [text]: weights({ [text]: 100 }) }),
        { cluster: text, place: text, kind: 'unclear', weights: undefined, text: quoted(text) },
      ],
      unseen: [quoted(text)],
      harms: [quoted(text)],
      restored: [quoted(text)],
      previous: weights({ [text]: 100 }),
      next: weights({ [text]: 100 }),
      evidence: [
        evidence({ cluster: text, url: text, reason: quoted(text), weights: weights({ [text]: 100 }) }),
      ],
      findings: [{ title: quoted(text), detail: quoted(text) }],
      clusters: [{ cluster: text, text: quoted(text) }],
      report: text,
      changes: [
        change({ cluster: text, object: text, reason: quoted(text), before: text, after: `${text}.` }),
      ],
      plan: {
        weights: weights({ [text]: 100 }),
        clusters: [text],
        changes: [
          { cluster: text, verb: 'update', object: text, reason: quoted(text), diff: '', tried: true },
        ],
      },
    });

  const plain = everywhere('x');
  const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

  test.each([
    ['creates no element', /<[^>]*>/g],
    ['creates no table cell', /\|/g],
    ['creates no heading', /^#+ /gm],
    ['creates no emphasis, code or strikethrough', /[*_`~]/g],
    ['creates no link', /[[\]]/g],
    ['mentions no user and no issue', /[@]|#\d/g],
  ])('%s', (_what, pattern) => {
    // Entities such as &#124; are text, and so is the content of a code block: they do not count.
    const bare = (text: string): string =>
      text.replaceAll(/^(`{3,})diff\n[\s\S]*?\n\1$/gm, '').replaceAll(/&(?:#\d+|amp|lt|gt);/g, '');
    const seen = (text: string): number => count(bare(text), pattern);
    expect(HOSTILE.filter((text) => seen(everywhere(text)) !== seen(plain))).toEqual([]);
  });

  test.each(HOSTILE.filter((text) => !text.includes('\n')).map((text) => [text]))(
    'adds no line: %j',
    (text) => {
      // Of the same length: long names have a line of their own.
      const harmless = everywhere('x'.repeat(text.length));
      expect(linesOf(everywhere(text))).toHaveLength(linesOf(harmless).length);
    },
  );

  test.each([
    ['<b>', '&lt;b&gt;'],
    ['a & b', 'a &amp; b'],
    ['a|b', 'a&#124;b'],
    ['a\r\n b', 'a b'],
    ['&lt;', '&amp;lt;'],
    ['see www.example.com', 'see www&#46;example.com'],
  ])('%j is escaped as %j', (text, written) => {
    expect(escape(text)).toBe(written);
  });
});
