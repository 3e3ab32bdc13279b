/**
 * Takes the pictures of the documentation from real runs on the embedded fleet: `summary.png` and `report.png` in `docs/images`,
 * and in Chinese in `docs/images/zh`. `--all FOLDER` pictures every kind of run there, or with `--only WORD` some, `--language zh`
 * in Chinese: at three widths, dark and on paper.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'puppeteer-core';
import { LANGUAGES } from '../src/texts/language.ts';
import type { Language } from '../src/texts/language.ts';
import { startBrowser } from '../testbed/browser.ts';
import { readScriptOptions } from '../testbed/script-options.ts';
import { asGitHubPage } from '../testbed/github-markdown.ts';
import { takeRuns } from './picture-runs.ts';
import type { Scenery } from './picture-runs.ts';

const IMAGES = join(import.meta.dirname, '../docs/images');
const FOLDERS: Readonly<Record<Language, string>> = { en: IMAGES, zh: join(IMAGES, 'zh') };

/** What a picture of the documentation ends with. */
const ENDS = { summary: '.markdown-body > :last-child', report: '.ingress' } as const;
/** Below it, in pixels. */
const MARGIN = 16;

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

/** @param end the element with which it ends; by default the page is whole */
async function picture(browser: Browser, url: string, file: string, view: View, end?: string): Promise<void> {
  const page = await browser.newPage();
  try {
    await page.setViewport({ width: view.width, height: 900 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: view.scheme }]);
    await page.goto(url);
    const last = end === undefined ? undefined : await (await page.$(end))?.boundingBox();
    await page.screenshot({
      path: `${file}.png`,
      ...(last
        ? { clip: { x: 0, y: 0, width: view.width, height: last.y + last.height + MARGIN } }
        : { fullPage: true }),
    });
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
const HELP = `
Usage: npm run screenshots -- [OPTION...]

Without options, it regenerates the pictures in docs/images.

  --all FOLDER        picture every kind of run there, at several widths and on paper
  --only WORD         with --all: the runs whose names contain this
  --language en|zh    with --all
`;
const { all, only, language } = readScriptOptions(HELP, {
  options: { all: text, only: text, language: text },
}).values;
const browser = await startBrowser();
const folder = all ?? (await mkdtemp(join(tmpdir(), 'canary-pictures-')));
try {
  if (all === undefined) for (const one of LANGUAGES) await takeForDocumentation(one);
  else await takeAll(all);
} finally {
  await browser.close();
  if (all === undefined) await rm(folder, { recursive: true });
}

async function takeForDocumentation(one: Language): Promise<void> {
  const own = join(folder, one);
  const images = FOLDERS[one];
  await Promise.all([own, images].map((path) => mkdir(path, { recursive: true })));
  for (const run of await takeRuns(own, 'first-install', one)) await keepPages(own, run);
  for (const [name, end] of Object.entries(ENDS))
    await picture(
      browser,
      urlOf(own, `first-install-${name}`),
      join(images, name),
      { ...WIDE, width: 1000 },
      end,
    );
}

async function takeAll(into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  const taken = await takeRuns(into, only, language);
  const names = (await Promise.all(taken.map((one) => keepPages(into, one)))).flat();
  for (const name of names) {
    for (const view of VIEWS)
      await picture(browser, urlOf(into, name), join(into, `${name}-${view.name}`), view);
    if (name.endsWith('-report')) await paper(browser, urlOf(into, name), join(into, `${name}.pdf`));
  }
}

function urlOf(own: string, name: string): string {
  return pathToFileURL(join(own, `${name}.html`)).href;
}
