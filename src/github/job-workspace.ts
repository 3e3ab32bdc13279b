import { existsSync } from 'node:fs';
import { workspaceOf } from '../core/workspace.ts';
import type { Workspace } from '../core/workspace.ts';

/** The workspace of this job: where the runner checks out the repository, and where relative paths begin. */
export function jobWorkspace(env: NodeJS.ProcessEnv = process.env): Workspace {
  const { GITHUB_WORKSPACE: folder } = env;
  return workspaceOf([process.cwd(), ...(folder && existsSync(folder) ? [folder] : [])]);
}
