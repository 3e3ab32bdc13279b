/**
 * Timings as ratios of two measurements from one run, since milliseconds say more about the machine than about the action.
 * `npm run bench -- NAME` runs the benchmarks whose names contain NAME.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freshBundle } from '../testbed/fresh-bundle.ts';
import { clusters } from './clusters.ts';
import { printMetrics } from './metrics.ts';
import { paired } from './paired.ts';
import type { Ratio } from './paired.ts';
import { portForward, printKeptRate } from './port-forward.ts';
import { sampling } from './sampling.ts';
import { shareTest } from './share-test.ts';

const run = promisify(execFile);

/** The time to the first message, compared with a Node process that does nothing. */
async function start(): Promise<Ratio> {
  const entry = join(await freshBundle(), 'main.js');
  const wanted = async (args: readonly string[]): Promise<void> => {
    // Without inputs the action fails at once.
    await run(process.execPath, [...args], { env: { PATH: '' } }).catch(() => undefined);
  };
  return paired(
    'start of the action : start of Node',
    () => wanted([entry]),
    () => wanted(['-e', '0']),
  );
}

const BENCHMARKS = { start, clusters, sampling, 'share-test': shareTest, 'port-forward': portForward };

const asked = process.argv[2] ?? '';
process.stdout.write('ratio   (range)          milliseconds\n');
for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
  if (!name.includes(asked)) continue;
  const one = await benchmark();
  const [low, high] = one.range;
  process.stdout.write(
    `${one.ratio.toFixed(2).padStart(5)}   (${low.toFixed(2)} to ${high.toFixed(2)})   ${one.of.toFixed(1)} : ${one.to.toFixed(1)}   ${one.name}\n`,
  );
}
// Enough to see the shape of the table; `node bench/metrics.ts` takes the number of runs.
if ('metrics'.includes(asked))
  printMetrics(50, (line) => {
    process.stdout.write(`${line}\n`);
  });
if ('port-forward'.includes(asked))
  await printKeptRate((line) => {
    process.stdout.write(`${line}\n`);
  });
