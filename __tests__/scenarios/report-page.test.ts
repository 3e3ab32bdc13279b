import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'puppeteer-core';
import { nextTurn } from '../../src/core/clock.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { summaryOf } from '../../src/report/summary/summary.ts';
import { pageOf } from '../../src/report/page/page.ts';
import { NoBrowser, startBrowser } from '../../testbed/browser.ts';
import { asGitHubPage } from '../../testbed/github-markdown.ts';
import { brokenLabels, layoutFaults } from '../../testbed/page-layout.ts';
import { startFleet } from '../../testbed/start.ts';
import { REPORT_KINDS, fiveVersions } from '../support/report-kinds.ts';
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
  /** Whether everything folded is opened; true by default. */
  readonly unfold?: boolean;
}

/** Opens a page, by default unfolds everything, and collects what it logs and requests. */
async function open(
  url: string,
  { scheme = 'light', width = 1280, unfold = true }: Look = {},
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
  if (unfold) await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
  return { page, complaints, requests };
}

/** The elements in which axe finds violations, by rule. */
async function faults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return (await page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`))',
  )) as readonly string[];
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

const IN_CHINESE = ['everything at once', 'a drift in the eighth of ten', 'a plan of ten clusters'];

/** Of A4 between the margins, in CSS pixels. */
const PAPER = 688;

/** Reports of every kind, and those with the longest labels and sentences in Chinese as well. */
const PAGES: readonly (readonly [string, RunRecord])[] = Object.entries(REPORT_KINDS).flatMap(
  ([name, record]) => [
    [name, record] as const,
    ...(IN_CHINESE.includes(name) ? [[`${name}, in Chinese`, { ...record, language: 'zh' }] as const] : []),
  ],
);

inBrowser.each(PAGES)('the report of %s', (name, record) => {
  let url: string;
  beforeAll(async () => {
    url = await written(name, record);
  });

  test('can be read at every width and on paper: nothing is cut, and nothing overlaps', async () => {
    const { page } = await open(url);
    const faults: Record<string, readonly string[]> = {};
    for (const width of [390, 768, 1280]) {
      await page.setViewport({ width, height: 800 });
      faults[`${String(width)} px`] = [...(await layoutFaults(page)), ...(await brokenLabels(page))];
    }
    await page.setViewport({ width: PAPER, height: 1000 });
    await page.emulateMediaType('print');
    faults['paper'] = await layoutFaults(page);
    expect(faults).toEqual({ '390 px': [], '768 px': [], '1280 px': [], paper: [] });
    await page.close();
  });

  test.each([
    [1280, 'light'],
    [390, 'dark'],
  ] as const)('is accessible at %d px in the %s scheme', async (width, scheme) => {
    const { page } = await open(url, { scheme, width });
    await expect(faults(page)).resolves.toEqual([]);
    await page.close();
  });
});

inBrowser('the summary of a run, as GitHub shows it', () => {
  test.each(Object.entries(REPORT_KINDS))('of %s has no table to scroll sideways', async (name, record) => {
    const file = join(folder, `${name}-summary.html`);
    await writeFile(file, await asGitHubPage(summaryOf(record)));
    const { page } = await open(pathToFileURL(file).href);
    const wide = await page.evaluate(
      '[...document.querySelectorAll("table")].filter((one) => one.scrollWidth > one.clientWidth).map(({ textContent }) => textContent.slice(0, 60))',
    );
    expect(wide).toEqual([]);
    await page.close();
  });

  test.each(IN_CHINESE)('of %s breaks no Chinese label on a phone', async (name) => {
    const record = REPORT_KINDS[name];
    if (record === undefined) throw new Error('no such report');
    const file = join(folder, `${name}-chinese-summary.html`);
    await writeFile(file, await asGitHubPage(summaryOf({ ...record, language: 'zh' })));
    const { page } = await open(pathToFileURL(file).href, { width: 390 });
    await expect(brokenLabels(page)).resolves.toEqual([]);
    await page.close();
  });

  test('of a pass of ten clusters takes less than two screens', async () => {
    const file = join(folder, 'ten-summary.html');
    const record = REPORT_KINDS['a pass of ten clusters'];
    if (record === undefined) throw new Error('no such report');
    await writeFile(file, await asGitHubPage(summaryOf(record)));
    const { page } = await open(pathToFileURL(file).href, { unfold: false });
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(2 * 800);
    await page.close();
  });
});

inBrowser('the report of a hundred clusters, in a browser', () => {
  test('unfolds only the ones that failed', async () => {
    const url = await written('unfolded', fiveVersions(100));
    const { page } = await open(url, { unfold: false });
    const unfolded = await page.evaluate(
      '[...document.querySelectorAll("article.ingress h3")].filter((one) => one.checkVisibility({ contentVisibilityAuto: true })).map(({ textContent }) => textContent.trim())',
    );
    expect(unfolded).toEqual(['cluster-7: ✗ fail', 'cluster-47: ✗ fail', 'cluster-87: ✗ fail']);
    await page.close();
  });
});
