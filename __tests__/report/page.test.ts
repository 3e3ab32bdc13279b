import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import { nextTurn } from '../../src/core/clock.ts';
import { atOnce } from '../../src/core/pieces.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { convergenceOf } from '../../src/report/page/convergence.ts';
import { html, rendering } from '../../src/report/page/html.ts';
import type { Html } from '../../src/report/page/html.ts';
import { latencyDrawing } from '../../src/report/page/latency.ts';
import { pageOf } from '../../src/report/page/page.ts';
import { linear, logarithmic, powersOfTen, roundTicks, spread } from '../../src/report/page/scale.ts';
import { sharesAt } from '../../src/report/shares.ts';
import { en } from '../../src/texts/en.ts';
import { evidence } from '../support/evidence.ts';
import { change, held } from '../support/record.ts';
import { weights } from '../support/release.ts';

const rendered = (part: Html): string => atOnce(rendering(part, en.formats));

describe('the HTML template', () => {
  test.each([
    ['<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)&gt;'],
    ['" onclick="x', '&quot; onclick=&quot;x'],
    ["'&amp;", '&#39;&amp;amp;'],
    ['\u001b[31mred\u202e', '␛[31mredU+202E'],
  ])('escapes %j as %j', (text, written) => {
    expect(rendered(html`<p title="${text}">${text}</p>`)).toBe(`<p title="${written}">${written}</p>`);
  });

  test('accepts other templates, lists of them, and undefined', () => {
    const items = ['a', '<'].map((item) => html`<li>${item}</li>`);
    expect(rendered(html`${[items, undefined, 7]}`)).toBe('<li>a</li><li>&lt;</li>7');
  });
});

describe('scales', () => {
  test('are linear in distances or logarithmic in ratios', () => {
    const even = linear([0, 10], [100, 200]);
    const ratio = logarithmic([1, 100], [0, 10]);
    expect([even(0), even(5), even(10)]).toEqual([100, 150, 200]);
    expect([ratio(1), ratio(10), ratio(100)]).toEqual([0, 5, 10]);
  });

  test('map an empty range to its start', () => {
    expect(linear([3, 3], [1, 2])(3)).toBe(1);
  });

  test.each([
    [1, 1000, [1, 10, 100, 1000]],
    [10, 99, [10]],
    [3, 8, []],
  ])('have powers of ten from %d to %d', (from, to, powers) => {
    expect(powersOfTen([from, to])).toEqual(powers);
  });

  test.each([
    [38, 4, [0, 10, 20, 30, 40]],
    [0.7, 4, [0, 0.2, 0.4, 0.6, 0.8]],
    [0, 4, [0, 1]],
  ])('have round numbers up to %d', (max, count, ticks) => {
    expect(roundTicks(max, count)).toEqual(ticks);
  });

  test.each([
    [
      [10, 100],
      [10, 100],
    ],
    [
      [50, 52],
      [50, 65],
    ],
    [
      [195, 196],
      [181, 196],
    ],
    [
      [52, 50],
      [65, 50],
    ],
    [
      [0, 0, 0],
      [10, 25, 40],
    ],
  ])('move labels at %j to %j', (wanted, placed) => {
    expect(spread(wanted, 15, [10, 196])).toEqual(placed);
  });
});

describe('the chart of the shares', () => {
  const one = evidence();
  const drawing = convergenceOf(one, sharesAt(one, 0.05));

  test('has a line for each version, from left to right', () => {
    expect(drawing?.lines.map(({ version, path }) => [version, path.match(/[ML]/g)?.join('')])).toEqual([
      ['v1', 'ML'],
      ['v2', 'ML'],
    ]);
  });

  test('has the weight within the tolerance, and the larger share above', () => {
    const [v1, v2] = drawing?.lines ?? [];
    for (const line of [v1, v2]) {
      expect(line?.band.top).toBeLessThan(line?.band.weight ?? NaN);
      expect(line?.band.weight).toBeLessThan(line?.band.bottom ?? NaN);
    }
    expect(v1?.end.y).toBeLessThan(v2?.end.y ?? NaN);
  });

  test('does not exist without samples', () => {
    const none = evidence({ convergence: [], samples: 0 });
    expect(convergenceOf(none, sharesAt(none))).toBeUndefined();
  });

  test('works with a single sample', () => {
    const single = evidence({ convergence: [{ samples: 1, counts: [1, 0] }], samples: 1 });
    expect(convergenceOf(single, sharesAt(single))?.lines[0]?.path).toMatch(/^M[\d.]+ [\d.]+$/);
  });
});

test('the chart of response times has a row for each version, with its percentiles in order', () => {
  const drawing = latencyDrawing(sharesAt(evidence()));
  expect(drawing?.rows).toHaveLength(2);
  for (const { p50, p90, p99 } of drawing?.rows ?? [])
    expect([p50, p90, p99].toSorted((a, b) => a - b)).toEqual([p50, p90, p99]);
  expect(drawing?.ticks.at(-1)?.text).toBe('15');
});

describe('the page', () => {
  const page = (rest: Partial<RunRecord>): Promise<string> =>
    pageOf(
      { ...emptyRecord('rollout', 'hello', 'demo', { begin: '2026-11-22T10:00:00.000Z' }), ...rest },
      nextTurn,
    );
  const check = (
    rest: Parameters<typeof evidence>[0] = {},
  ): Pick<RunRecord, 'checks' | 'evidence' | 'verdict'> => {
    const seen = [evidence(rest)];
    const asked = weights({ v1: 80, v2: 20 });
    return {
      verdict: 'pass',
      evidence: seen,
      checks: [
        { kind: 'verify', weights: asked, verdict: 'pass', evidence: seen, metrics: [], from: 1, to: 2 },
      ],
    };
  };

  test.each([
    ['fail', 'Shares and response times of 3 more ingresses'],
    ['pass', 'Shares and response times of 4 ingresses'],
  ] as const)('folds the charts of what passed beside an ingress of verdict %s', async (verdict, title) => {
    const passed = ['b', 'c', 'd'].map((name) => evidence({ cluster: name }));
    const [last] = check().checks;
    const checks = last === undefined ? [] : [{ ...last, evidence: [evidence({ verdict }), ...passed] }];
    expect(await page({ checks })).toContain(`<summary>${title}</summary>`);
  });

  test('loads nothing, runs nothing, and links only to the run', async () => {
    const markup = await page({ ...check(), run: 'https://github.com/o/r/actions/runs/1' });
    expect(markup).not.toMatch(/<script|<link|<img|@import|url\(|\son\w+=|style="/i);
    expect([...markup.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, url]) => url)).toEqual([
      'https://github.com/o/r/actions/runs/1',
    ]);
  });

  test('does not link to anything but a URL', async () => {
    expect(await page({ run: 'javascript:alert(1)' })).not.toContain('href=');
  });

  test('says in its facts only that clusters differ: the verdict says who holds what', async () => {
    const holding = held({ east: weights({ v1: 100 }), west: weights({ v2: 100 }) });
    const markup = await page({ operation: 'status', held: holding, failure: 'x' });
    expect(markup).toMatch(/<dt>Current weights<\/dt>\s*<dd>Different weights<\/dd>/);
    expect(markup.match(/east holds v1=100/g)).toHaveLength(1);
  });

  test('names the cause before what the check does not cover', async () => {
    const markup = await page({
      ...check(),
      findings: [{ title: quoted('The cause'), detail: quoted('A detail.') }],
      unseen: [quoted('A blind spot.')],
    });
    expect(markup).toMatch(/The cause.*A blind spot/s);
  });

  test.each([
    '<img src=x onerror=alert(1)>',
    '"><script>alert(1)</script>',
    '</style></title><b>',
    "' onload='x",
  ])('keeps %j as text everywhere', async (hostile) => {
    const everywhere = (text: string): Promise<string> =>
      page({
        ...check({
          cluster: text,
          url: text,
          reason: quoted(text),
          errors: new Map([[text, 1]]),
          weights: weights({ [text]: 80, b: 20 }),
        }),
        app: text,
        namespace: text,
        operation: text,
        run: text,
        failure: text,
        findings: [{ title: quoted(text), detail: quoted(text) }],
        clusters: [{ cluster: text, text: quoted(text) }],
        phases: [{ name: 'Ready', start: 0, seconds: 1, completed: true }],
        changes: [
          change({ cluster: text, object: text, reason: quoted(text), before: text, after: `${text}.` }),
        ],
        plan: {
          weights: weights({ [text]: 100 }),
          clusters: [text],
          changes: [
            {
              cluster: text,
              verb: 'update',
              object: text,
              reason: quoted(text),
              diff: `+${text}`,
              tried: true,
            },
          ],
        },
      });
    const elements = (markup: string): readonly string[] =>
      [...markup.matchAll(/<[^>]*>/g)].map(([tag]) => tag.split(/[\s>]/)[0] ?? '');
    expect(elements(await everywhere(hostile))).toEqual(elements(await everywhere('x')));
  });
});
