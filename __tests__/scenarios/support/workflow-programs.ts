import { findProgram } from '../../../testbed/mesh/programs.ts';

/** Paths of the programs that run and check workflows. */
export interface WorkflowPrograms {
  readonly act: string;
  readonly actionlint: string;
  readonly zizmor: string;
  /** Called by the stand-ins of the clouds. */
  readonly kubectl: string;
}

/** undefined unless all have been built (by npm run e2e) */
export async function workflowPrograms(): Promise<WorkflowPrograms | undefined> {
  const [act, actionlint, zizmor, kubectl] = await Promise.all(
    (['act', 'actionlint', 'zizmor', 'kubectl'] as const).map(findProgram),
  );
  if (act === undefined || actionlint === undefined || zizmor === undefined || kubectl === undefined)
    return undefined;
  return { act, actionlint, zizmor, kubectl };
}
