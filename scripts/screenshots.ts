/**
 * Takes the pictures of the documentation from real runs on the embedded fleet: `docs/images/summary.png` and
 * `docs/images/report.png`. `--all FOLDER` pictures every kind of run there: wide, narrow, dark and on paper.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Browser } from 'puppeteer-core';
import { startBrowser } from '../testbed/browser.ts';
import { startEmbedded } from '../testbed/embedded/start.ts';
import { asGitHubPage } from '../testbed/github-markdown.ts';
import { runAction } from '../testbed/run-action.ts';

const IMAGES = join(import.meta.dirname, '../docs/images');

const SEED = {
  app: 'helloworld',
  namespace: 'gray-demo',
  clusters: 'v1: east\nv2: west',
  version: 'v2',
  path: '/hello',
  steps: '20,50,100',
  image: 'v1=docker.io/istio/examples-helloworld-v1:1.0\nv2=docker.io/istio/examples-helloworld-v2:1.0',
  port: '5000',
  'max-rps': '1000',
};

/** The runs in the pictures, in this order; each continues from the one before. */
const RUNS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['plan', { operation: 'plan', weights: 'v1=80,v2=20' }],
  ['pass', { weights: 'v1=80,v2=20' }],
  ['drift', { operation: 'verify', weights: 'v1=50,v2=50' }],
  ['errors', { image: SEED.image.replace(/1\.0$/, 'errors') }],
  ['mended', {}],
  ['promotion', { operation: 'promote', 'promote-to': '100', bake: '3s', 'verify-timeout': '60s' }],
  ['retire', { operation: 'retire', version: 'v1' }],
  [
    'missing',
    {
      version: 'v3',
      clusters: 'v2: west\nv3: east',
      image: 'v3=example.com/hello-v3:missing',
      'ready-timeout': '10s',
    },
  ],
];

interface View {
  readonly name: string;
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

const WIDE: View = { name: 'wide', width: 1280, scheme: 'light' };
const VIEWS: readonly View[] = [
  WIDE,
  { name: 'dark', width: 1280, scheme: 'dark' },
  { name: 'phone', width: 360, scheme: 'light' },
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

/** Runs the action and leaves its summary (as GitHub shows it) and its report as pages in a folder. */
async function makePages(folder: string, runs: typeof RUNS): Promise<readonly string[]> {
  const fleet = await startEmbedded();
  try {
    const names = [];
    for (const [name, inputs] of runs) {
      const report = join(folder, name);
      const run = await runAction({ kubeconfig: fleet.kubeconfig, ...SEED, report, ...inputs });
      await Promise.all([
        writeFile(join(folder, `${name}-summary.html`), await asGitHubPage(run.summary)),
        writeFile(join(folder, `${name}-report.html`), await readFile(join(report, 'report.html'))),
        writeFile(join(folder, `${name}.log`), run.log),
        writeFile(join(folder, `${name}.md`), run.summary),
      ]);
      names.push(`${name}-summary`, `${name}-report`);
    }
    return names;
  } finally {
    await fleet.stop();
  }
}

const { all } = parseArgs({ options: { all: { type: 'string' } } }).values;
const browser = await startBrowser();
const folder = all ?? (await mkdtemp(join(tmpdir(), 'canary-pictures-')));
try {
  await mkdir(folder, { recursive: true });
  const names = await makePages(folder, all === undefined ? RUNS.slice(0, 2) : RUNS);
  const urlOf = (name: string): string => pathToFileURL(join(folder, `${name}.html`)).href;
  if (all === undefined) {
    await mkdir(IMAGES, { recursive: true });
    await picture(browser, urlOf('pass-summary'), join(IMAGES, 'summary'), { ...WIDE, width: 1000 }, 760);
    await picture(browser, urlOf('pass-report'), join(IMAGES, 'report'), { ...WIDE, width: 1000 }, 1000);
  } else {
    for (const name of names) {
      for (const view of VIEWS)
        await picture(browser, urlOf(name), join(folder, `${name}-${view.name}`), view);
      await paper(browser, urlOf(name), join(folder, `${name}.pdf`));
    }
  }
} finally {
  await browser.close();
  if (all === undefined) await rm(folder, { recursive: true });
}
