import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { confinedPath, isInWorkspace } from '../core/workspace.ts';
import { jobWorkspace } from './job-workspace.ts';
import { inputPlace, theInput, theWorkspace } from '../core/wording.ts';

/**
 * What is wrong with the folder of the report, before anything begins. A path in the workspace must stay there; only an input
 * may name a folder elsewhere, because the release file may come from a pull request.
 *
 * @param source how messages name the place of the value
 */
export function problemsOfReportFolder(
  folder: string | undefined,
  source: string,
  workspace = jobWorkspace(),
): readonly string[] {
  if (folder === undefined) return [];
  const got = `${source}: got "${folder}"`;
  if (source !== inputPlace('report') && !isInWorkspace(workspace, folder))
    return [
      `${got}, which is outside ${theWorkspace()}; the release file can name only a folder in it. Use ${theInput('report')}.`,
    ];
  try {
    const real = confinedPath(workspace, folder);
    const ofFolder = problemAt(real, true);
    const wrong =
      ofFolder.length > 0
        ? ofFolder
        : ['report.json', 'report.html'].flatMap((name) => problemAt(join(real, name), false));
    return wrong.map((problem) => `${got}, but ${problem}. Remove it, or choose another folder.`);
  } catch (error) {
    return [
      `${got}, which ${messageOf(error)}. Set another folder in ${theWorkspace()}, or the absolute path of one outside.`,
    ];
  }
}

function problemAt(path: string, isFolder: boolean): readonly string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || (isFolder ? found.isDirectory() : found.isFile())) return [];
  if (isFolder) return [`${path} is no folder`];
  return [`${path} is ${found.isSymbolicLink() ? 'a symbolic link' : 'no regular file'}`];
}
