import { mkdir, realpath } from 'node:fs/promises';
import { CanaryError } from '../core/errors.ts';
import { confinedPath } from '../core/workspace.ts';
import type { Workspace } from '../core/workspace.ts';
import { reportTextOf } from './json.ts';
import { pageOf } from './page/page.ts';
import { replaceFile } from './replace-file.ts';
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
    'report.json': await reportTextOf(record, pause),
    'report.html': await pageOf(record, pause),
  };
  for (const [name, text] of Object.entries(texts)) await replaceFile(real, name, text, pause);
}
