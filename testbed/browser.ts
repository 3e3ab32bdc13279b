import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { getuid } from 'node:process';
import { execa } from 'execa';
import { launch } from 'puppeteer-core';
import type { Browser } from 'puppeteer-core';

const CHROMIUM = '/usr/bin/chromium';
/** Debian's packages, each with a file of it. Pages are as wide as for most readers only in a font like Arial: Liberation. */
const PACKAGES: Readonly<Record<string, string>> = {
  chromium: CHROMIUM,
  'fonts-liberation': '/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf',
  'fonts-dejavu-core': '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
  'fonts-noto-color-emoji': '/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf',
  'fonts-wqy-microhei': '/usr/share/fonts/truetype/wqy/wqy-microhei.ttc',
};

/** Says why there is no browser on this machine. */
export class NoBrowser extends Error {}

/**
 * Starts a headless Chromium: Debian's, with fonts of known widths.
 *
 * @param install whether root installs by apt-get what is missing
 * @throws NoBrowser where something is missing, and cannot be installed
 */
export async function startBrowser({ install = true } = {}): Promise<Browser> {
  const missing = await missingPackages();
  if (missing.length > 0) {
    if (!install)
      throw new NoBrowser(
        `Missing packages: ${missing.join(', ')}. As root, run node testbed/browser.ts to install them.`,
      );
    await installPackages(missing);
  }
  // Chromium does not offer its sandbox to root; here it only shows our own pages.
  const args = getuid?.() === 0 ? ['--no-sandbox'] : [];
  return launch({
    executablePath: CHROMIUM,
    args: [...args, '--disable-dev-shm-usage', '--hide-scrollbars'],
  });
}

async function missingPackages(): Promise<readonly string[]> {
  const found = await Promise.all(
    Object.entries(PACKAGES).map(async ([name, file]) => ((await isThere(file)) ? [] : [name])),
  );
  return found.flat();
}

async function installPackages(missing: readonly string[]): Promise<void> {
  const names = missing.join(', ');
  if (getuid?.() !== 0)
    throw new NoBrowser(`Missing packages: ${names}. Only root can install them with apt-get.`);
  try {
    await execa('apt-get', ['update']);
    await execa('apt-get', ['install', '--yes', '--no-install-recommends', ...missing]);
  } catch (error) {
    throw new NoBrowser(`Missing packages: ${names}. apt-get could not install them.`, { cause: error });
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

// Runs before tests without a network: reports what cannot be installed; the tests that need it are skipped.
if (process.argv[1] === import.meta.filename) {
  const missing = await missingPackages();
  if (missing.length > 0)
    await installPackages(missing).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
    });
}
