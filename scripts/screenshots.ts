/**
 * Takes the pictures of the documentation from real runs on the embedded fleet: `docs/images/summary.png` and
 * `docs/images/report.png`. `--all FOLDER` pictures every kind of run there, or with `--only WORD` some, `--language zh` in
 * Chinese: at three widths, dark and on paper.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Browser } from 'puppeteer-core';
import { startBrowser } from '../testbed/browser.ts';
import { asGitHubPage } from '../testbed/github-markdown.ts';
import { takeRuns } from './picture-runs.ts';
import type { Scenery } from './picture-runs.ts';

const IMAGES = join(import.meta.dirname, '../docs/images');

interface View {
  readonly name: string;
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

const WIDE: View = { name: 'wide', width: 1280, scheme: 'light' };
const VIEWS: readonly View[] = [
  WIDE,
  { name: 'dark', width: 1280, scheme: 'dark' },
  { name: 'tablet', width: 768, scheme: 'light' },
  { name: 'phone', width: 390, scheme: 'light' },
];

async function picture(
  browser: Browser,
  url: string,
  file: string,
  view: View,
  height?: number,
): Promise<void> {
  const page = await browser.newPage();
  try {
    await page.setViewport({ width: view.width, height: height ?? 900 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: view.scheme }]);
    await page.goto(url);
    await page.screenshot({ path: `${file}.png`, fullPage: height === undefined });
  } finally {
    await page.close();
  }
}

async function paper(browser: Browser, url: string, file: string): Promise<void> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.pdf({ path: file, format: 'A4' });
  await page.close();
}

/** Keeps a run's summary and comment (as GitHub shows them) and its report as pages. @returns their names */
async function keepPages(
  folder: string,
  { name, run, report, comment }: Scenery,
): Promise<readonly string[]> {
  const page = await readFile(join(report, 'report.html'), 'utf8').catch(() => undefined);
  const pages = {
    [`${name}-summary`]: await asGitHubPage(run.summary),
    ...(page === undefined ? {} : { [`${name}-report`]: page }),
    ...(comment === undefined ? {} : { [`${name}-comment`]: await asGitHubPage(comment) }),
  };
  const files = [
    ...Object.entries(pages).map(([file, text]) => [`${file}.html`, text] as const),
    [`${name}.log`, run.log] as const,
    [`${name}.md`, run.summary] as const,
  ];
  await Promise.all(files.map(([file, text]) => writeFile(join(folder, file), text)));
  return Object.keys(pages);
}

const text = { type: 'string' } as const;
const { all, only, language } = parseArgs({ options: { all: text, only: text, language: text } }).values;
const browser = await startBrowser();
const folder = all ?? (await mkdtemp(join(tmpdir(), 'canary-pictures-')));
try {
  await mkdir(folder, { recursive: true });
  const taken = await takeRuns(folder, all === undefined ? 'first-install' : only, language);
  const names = (await Promise.all(taken.map((one) => keepPages(folder, one)))).flat();
  const urlOf = (name: string): string => pathToFileURL(join(folder, `${name}.html`)).href;
  if (all === undefined) {
    await mkdir(IMAGES, { recursive: true });
    const view = { ...WIDE, width: 1000 };
    await picture(browser, urlOf('first-install-summary'), join(IMAGES, 'summary'), view, 760);
    await picture(browser, urlOf('first-install-report'), join(IMAGES, 'report'), view, 1000);
  } else {
    for (const name of names) {
      for (const view of VIEWS)
        await picture(browser, urlOf(name), join(folder, `${name}-${view.name}`), view);
      if (name.endsWith('-report')) await paper(browser, urlOf(name), join(folder, `${name}.pdf`));
    }
  }
} finally {
  await browser.close();
  if (all === undefined) await rm(folder, { recursive: true });
}
