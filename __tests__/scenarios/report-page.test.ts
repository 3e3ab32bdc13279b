import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'puppeteer-core';
import { nextTurn } from '../../src/core/clock.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { pageOf } from '../../src/report/page/page.ts';
import { NoBrowser, startBrowser } from '../../testbed/browser.ts';
import { startFleet } from '../../testbed/start.ts';
import { evidence } from '../support/evidence.ts';
import { change } from '../support/record.ts';
import { weights } from '../support/release.ts';
import { Stage } from './support/stage.ts';

/** A running browser, or why there is none. */
const browser: Browser | string = await startBrowser({ install: false }).catch((error: unknown) => {
  if (error instanceof NoBrowser) return error.message;
  throw error;
});
if (typeof browser === 'string') process.stderr.write(`The pages are not looked at: ${browser}\n`);
const inBrowser = typeof browser === 'string' ? describe.skip : describe;

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'canary-page-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  if (typeof browser !== 'string') await browser.close();
});

interface Look {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
}

/** Opens a page, unfolds everything, and collects what it logs and requests. */
async function open(
  url: string,
  { scheme = 'light', width = 1280 }: Look = {},
): Promise<{
  readonly page: Page;
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
}> {
  if (typeof browser === 'string') throw new Error(browser);
  const page = await browser.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page
    .on('console', (message) => complaints.push(message.text()))
    .on('pageerror', (error) => complaints.push(String(error)))
    .on('request', (request) => requests.push(request.url()));
  await page.setViewport({ width, height: 800 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.goto(url);
  await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
  return { page, complaints, requests };
}

/** The elements in which axe finds violations, by rule. */
async function faults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return (await page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`))',
  )) as readonly string[];
}

/** A run at this number of ingresses, one of which fails, after a promotion through nine steps. */
function large(ingresses: number): RunRecord {
  const asked = weights({ v1: 80, v2: 20 });
  const seen = Array.from({ length: ingresses }, (_, i) =>
    evidence({ cluster: `cluster-${String(i)}`, verdict: i === 7 ? 'fail' : 'pass' }),
  );
  const checks = Array.from({ length: 9 }, (_, i) => ({
    kind: i % 2 === 0 ? ('verify' as const) : ('bake' as const),
    weights: asked,
    verdict: i === 8 ? ('fail' as const) : ('pass' as const),
    evidence: seen.slice(0, i === 8 ? ingresses : 2),
    metrics: [],
    from: 60 * i,
    to: 60 * i + 59,
  }));
  return {
    ...emptyRecord('promote', 'a-service-with-a-rather-long-name-for-a-phone', 'a-namespace-of-some-length'),
    verdict: 'fail',
    failure: 'x',
    limits: { tolerance: 0.05, confidence: 0.99, maxErrorRate: 0.01 },
    held: seen.map(({ cluster }) => ({
      cluster,
      place: cluster,
      kind: 'weights',
      weights: asked,
      text: 'v1=80,v2=20',
    })),
    evidence: seen,
    checks,
    findings: [
      { title: 'The route in cluster-7 was changed by someone else', detail: `It holds ${'x'.repeat(200)}.` },
    ],
    steps: checks.map(({ from }) => ({ at: from, weights: asked, direction: 'forward' })),
    phases: checks.map(({ from }) => ({ name: 'Weights', start: from - 5, seconds: 4 })),
    changes: seen.map(({ cluster }) => change({ cluster, before: `a: ${'y'.repeat(300)}\n` })),
    plan: {
      weights: asked,
      clusters: ['east'],
      changes: [
        {
          cluster: 'east',
          verb: 'update',
          object: 'Service a/b',
          reason: 'c',
          diff: '--- a\n+++ a\n@@ -1 +1 @@\n-a\n+b',
          tried: false,
        },
      ],
    },
    clusters: [{ cluster: 'east', text: 'weights v1=100' }],
  };
}

async function written(name: string, record: RunRecord): Promise<string> {
  const file = join(folder, `${name}.html`);
  await writeFile(file, await pageOf(record, nextTurn));
  return pathToFileURL(file).href;
}

inBrowser('the report of a real run, in a browser', () => {
  let url: string;
  beforeAll(async () => {
    const stage = new Stage(await startFleet());
    try {
      await stage.pass({ weights: 'v1=80,v2=20', report: folder });
    } finally {
      await stage.fleet.stop();
    }
    url = pathToFileURL(join(folder, 'report.html')).href;
  });

  test('shows the verdict, a line for each version at each ingress, and each object', async () => {
    const { page } = await open(url);
    const text = (await page.evaluate('document.body.innerText')) as string;
    expect(text).toMatch(/✓ Pass\s+Users get v1 80%, v2 20% through the ingresses of east and west/);
    await expect(page.$$eval('path.line', (lines) => lines.length)).resolves.toBe(4);
    expect(text).toMatch(/DestinationRule gray-demo\/helloworld: created/);
    expect(text).toContain('+apiVersion: networking.istio.io/v1');
    await page.close();
  });

  test('requests nothing but itself, and logs nothing', async () => {
    const { page, complaints, requests } = await open(url);
    expect([requests, complaints]).toEqual([[url], []]);
    await page.close();
  });

  test('is styled, since its own policy allows its style sheet', async () => {
    const { page } = await open(url);
    const width = page.evaluate('getComputedStyle(document.querySelector(".verdict")).borderLeftWidth');
    await expect(width).resolves.toBe('6px');
    await page.close();
  });

  test('prints folded parts, too', async () => {
    const { page } = await open(url);
    await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = false');
    await page.emulateMediaType('print');
    expect(await page.evaluate('document.body.innerText')).toContain('+apiVersion: networking.istio.io/v1');
    await page.close();
  });
});

inBrowser('a report, large or small, in a browser', () => {
  const RECORDS: readonly (readonly [string, RunRecord])[] = [
    ['of two ingresses', large(2)],
    ['of many ingresses', large(10)],
    ['of nothing at all', emptyRecord('status', 'hello', 'demo')],
  ];

  test.each(RECORDS)('%s has no horizontal scroll at 360 px', async (name, record) => {
    const { page } = await open(await written(name, record), { width: 360 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.close();
  });

  test.each(
    RECORDS.flatMap(([name, record]) =>
      (['light', 'dark'] as const).map((scheme) => [name, scheme, record] as const),
    ),
  )('%s is accessible in the %s scheme', async (name, scheme, record) => {
    const { page } = await open(await written(name, record), { scheme });
    await expect(faults(page)).resolves.toEqual([]);
    await page.close();
  });

  test('of a hundred ingresses unfolds only the one that failed', async () => {
    const { page } = await open(await written('of a hundred ingresses', large(100)));
    const unfolded = await page.evaluate(
      '[...document.querySelectorAll("article.ingress h3")].map(({ textContent }) => textContent.trim())',
    );
    expect(unfolded).toContain('cluster-7: ✗ fail');
    expect(unfolded).not.toContain('cluster-50: ✓ pass');
    await page.close();
  });
});
