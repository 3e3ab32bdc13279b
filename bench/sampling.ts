import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Row } from './row.ts';
import type { SamplingResult } from './sampling-process.ts';
import type { Subject } from './subject.ts';

const run = promisify(execFile);
const INGRESSES = 100;

/** What sampling costs beside bare requests, and whether it keeps its rate at many ingresses; client and servers are processes of their own. */
export async function sampling({ root }: Subject): Promise<readonly Row[]> {
  const server = fork(join(import.meta.dirname, 'ingress-process.ts'), [String(INGRESSES)], { execArgv: [] });
  try {
    const [ports] = (await once(server, 'message')) as [readonly number[]];
    const script = join(import.meta.dirname, 'sampling-process.ts');
    const args = ['--expose-gc', script, root, ...ports.map(String)];
    const { stdout } = await run(process.execPath, args);
    const found = JSON.parse(stdout) as SamplingResult;
    const row = (name: string, value: number, unit: Row['unit'], limit?: number): Row => ({
      section: 'sampling',
      name,
      value,
      unit,
      ...(limit === undefined ? {} : { goal: { limit } }),
    });
    return [
      row('5,000 samples : bare requests, on the clock', found.clockRatio, '', 2),
      row('5,000 samples : bare requests, processor time', found.cpuRatio, ''),
      row('samples a second, without a limit', found.samplesPerSecond, '/s'),
      row('100 ingresses at 100/s each: furthest off the rate', found.offRate, '%', 2),
      row('100 ingresses at 100/s each: event loop delay, p99', found.delayP99, 'ms', 20),
      row('100 ingresses at 100/s each: heap at the end : at the beginning', found.heapGrowth, '', 1.1),
    ];
  } finally {
    server.disconnect();
  }
}
