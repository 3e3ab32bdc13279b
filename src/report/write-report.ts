import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CanaryError } from '../core/errors.ts';
import { secrets } from '../core/secrets.ts';
import { confinedPath } from '../core/workspace.ts';
import type { Workspace } from '../core/workspace.ts';
import { reportOf } from './json.ts';
import { pageOf } from './page/page.ts';
import type { RunRecord } from './run-record.ts';

/**
 * Writes `report.json` and `report.html` into a folder, and creates the folder if necessary.
 *
 * @param pause between pieces of the work, which takes long for large objects
 * @throws CanaryError where a symbolic link in the workspace leads elsewhere, or something else than a file has the name
 */
export async function writeReport(
  folder: string,
  record: RunRecord,
  workspace: Workspace,
  pause: () => Promise<void>,
): Promise<void> {
  const real = confinedPath(workspace, folder);
  await mkdir(real, { recursive: true });
  // Someone may have replaced a folder by a link since it was looked at.
  if ((await realpath(real)) !== real) throw new CanaryError('the folder was replaced by a symbolic link');
  const texts = {
    'report.json': `${JSON.stringify(reportOf(record), undefined, 2)}\n`,
    'report.html': await pageOf(record, pause),
  };
  for (const [name, text] of Object.entries(texts))
    await replaceFile(real, name, await secrets.redactWithPauses(text, pause));
}

/** Writes a new file and gives it the name, so that nothing is ever written through a link, and no half of a file is left. */
async function replaceFile(folder: string, name: string, content: string): Promise<void> {
  const path = join(folder, name);
  const existing = await lstat(path).catch(() => undefined);
  if (existing !== undefined && !existing.isFile())
    throw new CanaryError(
      `${name} is ${existing.isSymbolicLink() ? 'a symbolic link' : 'no regular file'}; remove it`,
    );
  const temporary = join(folder, `.${name}.${randomUUID()}`);
  // `x` creates the file, and never opens one that is there.
  const file = await open(temporary, 'wx');
  try {
    await file.writeFile(content);
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}
