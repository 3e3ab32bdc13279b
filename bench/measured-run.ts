import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAction } from '../testbed/run-action.ts';
import type { Subject } from './subject.ts';

/** What one run of the action cost its own process. */
export interface RunCost {
  readonly seconds: number;
  /** Processor time of all threads. */
  readonly cpuMs: number;
  /** The most memory at a time. */
  readonly rssMiB: number;
  /** The longest delay of the event loop, on the clock. */
  readonly stallMs: number;
  /** From the start of the process to its first connection, and its memory then. */
  readonly firstCallMs: number;
  readonly firstCallRssMiB: number;
  readonly log: string;
}

/**
 * Loaded by the action's process ahead of it: writes what the process cost into the file that COST_FILE names. Plain JavaScript, since
 * the compiler that strips types takes 20 MiB.
 */
const PROBE = `
import { writeFileSync } from 'node:fs';
import { subscribe } from 'node:diagnostics_channel';
import { monitorEventLoopDelay } from 'node:perf_hooks';
const delay = monitorEventLoopDelay({ resolution: 5 });
let first;
subscribe('net.client.socket', () => {
  first ??= { ms: performance.now(), rss: process.memoryUsage.rss() };
});
setImmediate(() => delay.enable());
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  writeFileSync(process.env.COST_FILE, JSON.stringify({
    cpuMs: (user + system) / 1000,
    rssMiB: process.resourceUsage().maxRSS / 1024,
    stallMs: delay.max / 1e6,
    firstCallMs: first?.ms ?? 0,
    firstCallRssMiB: (first?.rss ?? 0) / 1024 / 1024,
  }));
});`;

/** Runs the action in a process of its own. @throws Error with its log where it fails */
export async function measuredRun(
  { bundle }: Subject,
  inputs: Readonly<Record<string, string>>,
): Promise<RunCost> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const file = join(folder, 'cost.json');
  const probe = `--import=data:text/javascript,${encodeURIComponent(PROBE)}`;
  try {
    const env = { NODE_OPTIONS: `${probe} ${process.env['BENCH_NODE_OPTIONS'] ?? ''}`, COST_FILE: file };
    const { code, log, seconds } = await runAction(inputs, { env, bundle });
    if (code !== 0) throw new Error(`The action failed:\n${log}`);
    const cost = JSON.parse(await readFile(file, 'utf8')) as Omit<RunCost, 'seconds' | 'log'>;
    return { seconds, log, ...cost };
  } finally {
    await rm(folder, { recursive: true });
  }
}
