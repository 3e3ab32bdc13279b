/**
 * `npm pack` publishes package.json as it is, and whoever installs the package would get all dependencies although `dist/` contains what it
 * needs of them. So they are left out while it packs, and come back after that.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const MANIFEST = join(root, 'package.json');
const ORIGINAL = join(root, '.cache/package.json');
const LEFT_OUT = ['scripts', 'dependencies', 'devDependencies', 'overrides', 'allowScripts'];

async function strip(): Promise<void> {
  // Left by a run that was killed: what is in place now has been stripped.
  if (existsSync(ORIGINAL)) await restore();
  const original = await readFile(MANIFEST, 'utf8');
  const entries = Object.entries(JSON.parse(original) as object);
  const packed = Object.fromEntries(entries.filter(([key]) => !LEFT_OUT.includes(key)));
  await mkdir(dirname(ORIGINAL), { recursive: true });
  await writeFile(ORIGINAL, original);
  await writeFile(MANIFEST, `${JSON.stringify(packed, undefined, 2)}\n`);
}

async function restore(): Promise<void> {
  await rename(ORIGINAL, MANIFEST);
}

const [, , action] = process.argv;
if (action === 'strip') await strip();
else if (action === 'restore') await restore();
else throw new Error('Usage: node scripts/package-manifest.ts strip|restore');
