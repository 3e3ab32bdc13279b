import { lstatSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { CanaryError, messageOf } from './errors.ts';

/**
 * The folders in which others may write files, such as the checkout of a pull request. A symbolic link in them must not lead out
 * of its own checkout: the file behind it would be shown, or overwritten, with the rights of this job.
 */
export interface Workspace {
  /** Absolute paths, each as it is spelled and as it really is. */
  readonly folders: readonly string[];
}

/** @param folders that exist */
export function workspaceOf(folders: readonly string[]): Workspace {
  return { folders: [...new Set(folders.flatMap((folder) => [resolve(folder), realpathSync(folder)]))] };
}

export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}

/** Whether a path, as it is spelled, is in the workspace. */
export function isInWorkspace({ folders }: Workspace, path: string): boolean {
  return folders.some((folder) => isWithin(folder, resolve(path)));
}

/** A path with its symbolic links resolved; the part that does not exist stays as it is. */
export function realPathOf(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch (error) {
    // A link that leads nowhere may lead somewhere by the time it is used.
    if (isLink(absolute)) throw error;
    return dirname(absolute) === absolute
      ? absolute
      : join(realPathOf(dirname(absolute)), basename(absolute));
  }
}

/** Whether there is anything at a path, a link that leads nowhere included. */
export function isPresent(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A file is on the way, where a folder is needed.
    return false;
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/**
 * The real path of a path. One in the workspace must stay in its checkout; one that is spelled as outside was named on purpose.
 *
 * @throws CanaryError that continues the path: `leads through a symbolic link to …`
 */
export function confinedPath(workspace: Workspace, path: string): string {
  const spelled = resolve(path);
  const root = workspace.folders.find((folder) => isWithin(folder, spelled));
  const real = resolvedOrRefused(spelled);
  if (root !== undefined) assertStaysIn(checkoutOf(spelled, root), real);
  return real;
}

function resolvedOrRefused(path: string): string {
  try {
    return realPathOf(path);
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ELOOP')
      throw new CanaryError('goes through a symbolic link that leads nowhere or to itself');
    if (code === 'ENOTDIR') throw new CanaryError('goes through a file where a folder is needed');
    throw new CanaryError(`cannot be resolved: ${messageOf(error)}`, { cause: error });
  }
}

/** @throws CanaryError unless a real path is in this folder, and in no other checkout within */
export function assertStaysIn(folder: string, real: string): void {
  const root = realpathSync(folder);
  if (!isWithin(root, real))
    throw new CanaryError(`leads through a symbolic link to ${real}, outside ${folder}`);
  if (relative(root, real).split(sep).includes('.git'))
    throw new CanaryError(`leads to ${real}, in a folder of Git`);
  const own = checkoutOf(real, root);
  if (own !== root) throw new CanaryError(`leads through a symbolic link to ${real}, in another checkout`);
}

/**
 * The innermost checkout that a path is in, or else `root`. A submodule belongs to the checkout around it: its `.git` is a file.
 * What a symbolic link makes look like a checkout is none.
 */
export function checkoutOf(path: string, root: string): string {
  for (let folder = dirname(path); isWithin(root, folder) && folder !== root; folder = dirname(folder)) {
    if (isFolder(join(folder, '.git')) && realpathSync(folder) === unlinked(folder, root)) return folder;
  }
  return root;
}

/** The real path of a folder in `root` if no symbolic link is on the way from there. */
function unlinked(folder: string, root: string): string {
  return join(realpathSync(root), relative(root, folder));
}

/** A link that leads nowhere, or to itself, is none. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
