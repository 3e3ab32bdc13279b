import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAction } from '../testbed/run-action.ts';

const PROBE = join(import.meta.dirname, 'cost-probe.ts');

/** What one run of the action cost its own process. */
export interface RunCost {
  readonly seconds: number;
  /** Processor time of all threads. */
  readonly cpuMs: number;
  /** The most memory at a time. */
  readonly rssMiB: number;
  /** The longest turn of the event loop, in processor time. */
  readonly stallMs: number;
}

/** Runs the action in a process of its own. @throws Error with its log where it fails */
export async function measuredRun(
  inputs: Readonly<Record<string, string>>,
  nodeOptions = '',
): Promise<RunCost> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const file = join(folder, 'cost.json');
  try {
    const env = { NODE_OPTIONS: `--import=${PROBE} ${nodeOptions}`, COST_FILE: file };
    const { code, log, seconds } = await runAction(inputs, { env });
    if (code !== 0) throw new Error(`The action failed:\n${log}`);
    return { seconds, ...(JSON.parse(await readFile(file, 'utf8')) as Omit<RunCost, 'seconds'>) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
