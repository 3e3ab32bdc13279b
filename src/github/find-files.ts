import { opendirSync, realpathSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { CanaryError, messageOf } from '../core/errors.ts';
import {
  assertStaysIn,
  checkoutOf,
  confinedPath,
  isFolder,
  isInWorkspace,
  isPresent,
  isWithin,
} from '../core/workspace.ts';
import type { Workspace } from '../core/workspace.ts';
import { ANY_FOLDERS, matchesSegment, parseGlob } from './glob.ts';
import type { Glob } from './glob.ts';

const MOST_FILES = 1_000;
/** Enough for a large repository with its dependencies. */
const MOST_ENTRIES = 500_000;

export interface FoundFile {
  /** For messages: relative to the working directory where the file is in it. */
  readonly path: string;
  /** With symbolic links resolved. */
  readonly real: string;
}

/** What a glob found, and the matches that are refused, each as a sentence without its full stop. */
export interface Found {
  readonly files: readonly FoundFile[];
  readonly refused: readonly string[];
}

/**
 * The files that a glob matches, in the order of their paths. A symbolic link may lead to another file or folder of its checkout,
 * or of the folder that the glob names outside the workspace. Wildcards do not follow links to folders elsewhere; a file that
 * they match elsewhere is refused.
 *
 * @throws CanaryError that continues the glob: `matches more than …`
 */
export function findFiles(pattern: string, workspace: Workspace): Found {
  const search = new Search(workspace);
  for (const glob of parseGlob(pattern)) search.add(glob);
  return search.found;
}

/** A folder on the way of a search. */
interface Folder {
  /** As spelled. */
  readonly path: string;
  /** The real paths of this folder and of those above it, up to the base. */
  readonly reals: readonly string[];
  /** What symbolic links must not leave. */
  readonly root: string;
}

class Search {
  readonly #workspace: Workspace;
  readonly #files = new Map<string, FoundFile>();
  readonly #refused = new Set<string>();
  #entries = 0;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  get found(): Found {
    const files = [...this.#files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
    return { files, refused: [...this.#refused] };
  }

  add({ base, segments }: Glob): void {
    const path = resolve(base);
    if (segments.length === 0) {
      if (isFolder(path)) return;
      // A link that leads nowhere is there, and refused.
      if (isPresent(path)) this.#addFile(path, () => confinedPath(this.#workspace, path));
      return;
    }
    if (!isFolder(path)) return;
    const real = this.#refusable(path, () => confinedPath(this.#workspace, path));
    if (real === undefined) return;
    const root = isInWorkspace(this.#workspace, path) ? this.#rootOf(path) : real;
    this.#walk(segments, { path, reals: [real], root }, [0]);
  }

  #rootOf(path: string): string {
    const root = this.#workspace.folders.find((folder) => isWithin(folder, path)) ?? path;
    return checkoutOf(join(path, 'file'), root);
  }

  /** @param positions of the segments that the entries of this folder may match */
  #walk(segments: Glob['segments'], folder: Folder, positions: readonly number[]): void {
    for (const entry of entriesOf(folder.path)) {
      this.#entries += 1;
      if (this.#entries > MOST_ENTRIES)
        throw new CanaryError(
          `looks at more than ${MOST_ENTRIES.toLocaleString('en')} files and folders; name the folder that contains the manifests`,
        );
      const next = nextPositions(segments, positions, entry.name);
      if (next.size === 0) continue;
      const path = join(folder.path, entry.name);
      const isMatch = next.delete(segments.length);
      if (entry.isSymbolicLink() ? isFolder(path) : entry.isDirectory())
        this.#enter(segments, folder, entry.name, [...next]);
      else if (isMatch) this.#addFile(path, () => realFileIn(folder.root, path));
    }
  }

  #enter(segments: Glob['segments'], folder: Folder, name: string, positions: readonly number[]): void {
    if (positions.length === 0) return;
    const path = join(folder.path, name);
    const real = realpathSync(path);
    // A link to a folder above would lead around in circles.
    if (folder.reals.includes(real)) return;
    try {
      assertStaysIn(folder.root, join(real, 'file'));
    } catch {
      // Another checkout within this one is entered where no link leads there.
      if (real !== join(folder.reals.at(-1) ?? '', name)) return;
    }
    this.#walk(
      segments,
      { path, reals: [...folder.reals, real], root: this.#rootFor(folder, path) },
      positions,
    );
  }

  #rootFor({ root }: Folder, path: string): string {
    return isInWorkspace(this.#workspace, path) ? this.#rootOf(path) : root;
  }

  #addFile(path: string, realOf: () => string): void {
    const real = this.#refusable(path, realOf);
    if (real === undefined) return;
    const shown = shownPath(path);
    this.#files.set(shown, { path: shown, real });
    if (this.#files.size > MOST_FILES)
      throw new CanaryError(
        `matches more than ${MOST_FILES.toLocaleString('en')} files; name the folder that contains the manifests`,
      );
  }

  #refusable(path: string, realOf: () => string): string | undefined {
    try {
      return realOf();
    } catch (error) {
      this.#refused.add(`${shownPath(path)} ${messageOf(error)}`);
      return undefined;
    }
  }
}

/** @throws CanaryError if a link leads out of `root`, or nowhere */
function realFileIn(root: string, path: string): string {
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    throw new CanaryError('is a symbolic link that leads nowhere or to itself');
  }
  // The folder was looked at before it was entered.
  if (dirname(real) !== realpathSync(dirname(path))) assertStaysIn(root, real);
  return real;
}

/** Where the search continues below an entry, by segment; `segments.length` where the entry itself matches. */
function nextPositions(segments: Glob['segments'], positions: readonly number[], name: string): Set<number> {
  const next = new Set<number>();
  const visit = (position: number): void => {
    const segment = segments[position];
    if (segment === ANY_FOLDERS) {
      if (!name.startsWith('.')) next.add(position);
      if (position === segments.length - 1) {
        if (!name.startsWith('.')) next.add(segments.length);
      } else visit(position + 1);
    } else if (segment !== undefined && matchesSegment(segment, name)) next.add(position + 1);
  };
  for (const position of positions) visit(position);
  return next;
}

/** One after the other, so that a huge folder does not fill the memory. A folder that cannot be read has no entries. */
function* entriesOf(folder: string): Iterable<Dirent> {
  let open;
  try {
    open = opendirSync(folder);
  } catch {
    return;
  }
  try {
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) yield entry;
  } finally {
    open.closeSync();
  }
}

function shownPath(path: string): string {
  const cwd = process.cwd();
  return isWithin(cwd, path) ? relative(cwd, path) : path;
}
