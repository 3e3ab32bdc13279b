import { createHash } from 'node:crypto';
import { access, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { glob } from 'tinyglobby';
import { bundleInto } from '../scripts/bundle.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, '.cache/bundles');
const DAY_MS = 86_400_000;
/** The variable with the bundle of a whole test run, so that an edit during the run changes nothing. */
const CHOSEN = 'CANARY_BUNDLE';

let chosen: Promise<string> | undefined;

/**
 * The folder of the action bundled from the current sources: built unless an earlier call has built it. `dist/` contains the
 * released bundle, which may be older.
 */
export function freshBundle(): Promise<string> {
  const given = process.env[CHOSEN];
  return (chosen ??= given === undefined ? bundled() : Promise.resolve(given));
}

/** For Jest, before the first test. */
export default async function setUp(): Promise<void> {
  process.env[CHOSEN] = await freshBundle();
}

async function bundled(): Promise<string> {
  const folder = join(FOLDER, await fingerprint());
  if (await exists(folder)) return folder;
  await removeOld();
  const made = `${folder}.new-${String(process.pid)}`;
  await bundleInto(made);
  await rename(made, folder).catch(async (error: unknown) => {
    // Another process may have been faster.
    if (!(await exists(folder))) throw error;
    await rm(made, { recursive: true });
  });
  return folder;
}

/** Removes bundles of earlier sources, except those that a test run may still use. */
async function removeOld(): Promise<void> {
  for (const name of (await exists(FOLDER)) ? await readdir(FOLDER) : []) {
    const { mtimeMs } = await stat(join(FOLDER, name));
    if (Date.now() - mtimeMs > DAY_MS) await rm(join(FOLDER, name), { recursive: true, force: true });
  }
}

/** A hash of everything that goes into the bundle. */
async function fingerprint(): Promise<string> {
  const files = await glob(['src/**', 'scripts/*bundle.ts', 'tsconfig*.json', 'package*.json'], {
    cwd: ROOT,
  });
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(file).update(await readFile(join(ROOT, file)));
  return hash.digest('hex').slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
