import { load, loadAll } from 'js-yaml';
import { z } from 'zod';
import { pages, readPage, yamlFilesIn } from './markdown.ts';
import type { CodeBlock } from './markdown.ts';

const PERMISSIONS = z.record(z.string(), z.string());
const STEP = z.object({
  uses: z.string().default(''),
  run: z.string().default(''),
  with: z.record(z.string(), z.unknown()).default({}),
});
export const JOB = z.looseObject({
  if: z.string().default(''),
  needs: z.union([z.string().transform((need) => [need]), z.array(z.string())]).default([]),
  permissions: PERMISSIONS.optional(),
  environment: z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]).optional(),
  concurrency: z.unknown().optional(),
  'timeout-minutes': z.unknown().optional(),
  steps: z.array(STEP).optional(),
});
/** A workflow of this repository, of the examples or of a page, as far as the tests need it. */
const WORKFLOW = z.object({
  on: z.unknown().optional(),
  permissions: PERMISSIONS.optional(),
  concurrency: z.unknown().optional(),
  jobs: z.record(z.string(), JOB),
});

export interface WorkflowFile {
  readonly page: string;
  readonly text: string;
  readonly workflow: z.output<typeof WORKFLOW>;
}

/** The events that start a workflow; empty for a fragment. */
export const eventsOf = ({ on }: z.output<typeof WORKFLOW>): string =>
  on === undefined ? '' : JSON.stringify(on);

/** The YAML of the pages and of the examples, which readers copy. */
export const copiedYaml: readonly CodeBlock[] = [
  ...pages.flatMap((page) => readPage(page).code).filter(({ language }) => language === 'yaml'),
  ...yamlFilesIn('examples/workflows'),
];

/** The workflows that run in this repository. */
export const ownYaml: readonly CodeBlock[] = yamlFilesIn('.github/workflows');

export const copiedWorkflows: readonly WorkflowFile[] = copiedYaml.flatMap(asWorkflow);
export const ownWorkflows: readonly WorkflowFile[] = ownYaml.flatMap(asWorkflow);

function asWorkflow({ page, text }: CodeBlock): readonly WorkflowFile[] {
  const { success, data } = WORKFLOW.safeParse(load(text));
  return success ? [{ page, text, workflow: data }] : [];
}

/** Every step in a text, of a workflow or of a fragment of one. */
export function stepsIn({ text }: CodeBlock): readonly z.output<typeof STEP>[] {
  return loadAll(text).flatMap(stepsBelow);
}

function stepsBelow(value: unknown): readonly z.output<typeof STEP>[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap(stepsBelow);
  return 'uses' in value || 'run' in value ? [STEP.parse(value), ...below] : below;
}
