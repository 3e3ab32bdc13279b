import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPORT } from '../../src/report/schema.ts';
import type { Language } from '../../src/texts/language.ts';
import type { TestFleet } from '../fleet.ts';
import type { Load } from '../load.ts';
import { runAction } from '../run-action.ts';
import type { EndedStep } from './screen.ts';
import { demoTextsIn } from './texts.ts';
import type { StepName } from './texts.ts';

/** A step of a workflow that the demo shows. */
export interface DemoStep {
  readonly name: StepName;
  readonly inputs: Readonly<Record<string, string>>;
  readonly expected: 'pass' | 'fail';
  /** What someone else does just before. */
  readonly before?: (fleet: TestFleet) => Promise<void>;
  /** The users of the service meanwhile. */
  readonly users?: (fleet: TestFleet) => Promise<Load>;
}

export interface StepOptions {
  readonly fleet: TestFleet;
  readonly language: Language;
  /** Where its log, summary and report are kept. */
  readonly folder: string;
  readonly number: number;
  /** Receives the log as it arrives. */
  readonly onLog: (text: string) => void;
}

/** What a step left to show. */
export interface StepResult extends EndedStep {
  readonly users: { readonly sent: number; readonly failed: number } | undefined;
}

/**
 * Runs the action as one step of a workflow.
 *
 * @throws Error where it left no report
 */
export async function runStep(
  step: DemoStep,
  { fleet, language, folder, number, onLog }: StepOptions,
): Promise<StepResult> {
  await step.before?.(fleet);
  const load = await step.users?.(fleet);
  const name = join(folder, `${String(number)}-${step.inputs['operation'] ?? 'rollout'}`);
  const run = await runAction(
    { kubeconfig: fleet.kubeconfig, report: name, language, ...step.inputs },
    { onLog },
  );
  const users = await load?.stop();
  await Promise.all([writeFile(`${name}.md`, run.summary), writeFile(`${name}.log`, run.log)]);
  const text = await readFile(join(name, 'report.json'), 'utf8').catch(() => undefined);
  if (text === undefined)
    throw new Error(
      `Step ${String(number)} ended without a report (exit code ${String(run.code)}). Its log: ${name}.log`,
    );
  const report = REPORT.parse(JSON.parse(text));
  const { code, seconds, summary } = run;
  return {
    number,
    title: demoTextsIn(language).titles[step.name],
    expected: step.expected,
    code,
    seconds,
    report,
    summary,
    page: join(name, 'report.html'),
    users,
  };
}
