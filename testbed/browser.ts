import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { getuid } from 'node:process';
import { execa } from 'execa';
import { launch } from 'puppeteer-core';
import type { Browser } from 'puppeteer-core';

const CHROMIUM = '/usr/bin/chromium';
const PACKAGES = ['chromium', 'fonts-dejavu', 'fonts-noto-color-emoji', 'fonts-wqy-microhei'];

/** Says why there is no browser on this machine. */
export class NoBrowser extends Error {}

/**
 * Starts a headless Chromium: Debian's.
 *
 * @param install whether root gets it by apt-get where it is missing
 * @throws NoBrowser where there is none, and none can be installed
 */
export async function startBrowser({ install = true } = {}): Promise<Browser> {
  if (!(await isThere(CHROMIUM))) {
    if (!install)
      throw new NoBrowser(`${CHROMIUM} is missing. As root, run node testbed/browser.ts to install it.`);
    await installChromium();
  }
  // Chromium does not offer its sandbox to root; here it only shows our own pages.
  const args = getuid?.() === 0 ? ['--no-sandbox'] : [];
  return launch({
    executablePath: CHROMIUM,
    args: [...args, '--disable-dev-shm-usage', '--hide-scrollbars'],
  });
}

async function installChromium(): Promise<void> {
  if (getuid?.() !== 0)
    throw new NoBrowser(`${CHROMIUM} is missing, and only root can install it with apt-get.`);
  try {
    await execa('apt-get', ['update']);
    await execa('apt-get', ['install', '--yes', '--no-install-recommends', ...PACKAGES]);
  } catch (error) {
    throw new NoBrowser(`${CHROMIUM} is missing, and apt-get could not install it.`, { cause: error });
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// Runs before tests without a network: reports what cannot be installed; the tests that need it are skipped.
if (process.argv[1] === import.meta.filename && !(await isThere(CHROMIUM))) {
  await installChromium().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
  });
}
