import { messageOf } from '../core/errors.ts';
import { isInWorkspace } from '../core/workspace.ts';
import type { Workspace } from '../core/workspace.ts';
import { findFiles } from './find-files.ts';
import type { FoundFile } from './find-files.ts';
import { theInput, theWorkspace } from '../core/wording.ts';

/**
 * The files that globs match, each once, in the order of the globs and then of the paths; and what is wrong with the globs, each as
 * a sentence without its full stop.
 *
 * @param confinedFor the input that may name files outside of the workspace, where these globs may not: those of the release file
 * may come from a pull request
 */
export function globFiles(
  globs: readonly string[],
  workspace: Workspace,
  confinedFor: string | undefined,
): { readonly files: readonly FoundFile[]; readonly problems: readonly string[] } {
  const files = new Map<string, FoundFile>();
  const problems: string[] = [];
  for (const glob of globs) {
    try {
      const found = findFiles(glob, workspace);
      problems.push(...found.refused.map((refusal) => `${refusal}. Use the file itself instead of the link`));
      const inside = found.files.filter(
        ({ path }) => confinedFor === undefined || isInWorkspace(workspace, path),
      );
      if (inside.length < found.files.length)
        problems.push(
          `${glob} is outside ${theWorkspace()}. The release file can name only files in it; use ${theInput(confinedFor ?? '')}`,
        );
      else if (found.files.length === 0 && found.refused.length === 0)
        problems.push(`no file matches ${glob}`);
      for (const file of inside) if (!files.has(file.real)) files.set(file.real, file);
    } catch (error) {
      problems.push(`${glob} ${messageOf(error)}`);
    }
  }
  return { files: [...files.values()], problems };
}
