import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { confinedPath } from '../core/workspace.ts';
import { jobWorkspace } from '../github/job-workspace.ts';
import { inputPlace } from '../core/wording.ts';

/** What is wrong with the file for the summary, before anything begins. The workspace may hold links that others have made. */
export function problemsOfSummaryFile(
  file: string | undefined,
  workspace = jobWorkspace(),
): readonly string[] {
  if (file === undefined) return [];
  const got = `${inputPlace('summary')}: got "${file}"`;
  try {
    confinedPath(workspace, dirname(file));
    const found = lstatSync(file, { throwIfNoEntry: false });
    return found === undefined || found.isFile()
      ? []
      : [`${got}, which exists and is no regular file. Choose another.`];
  } catch (error) {
    return [`${got}, whose folder ${messageOf(error)}. Choose another.`];
  }
}
