/**
 * How long the event loop of the action does not turn, and how long a run takes, for inputs of unusual size. What does not turn does
 * not react: a cancelled job waits, and the lock is not renewed.
 *
 * `node bench/stalls.ts NAME` runs the cases whose names contain NAME. `--log FOLDER` also keeps each run's log and CPU profile there, with the
 * place of every notable stall. `CANARY_BUNDLE=FOLDER` measures an earlier bundle.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SEED } from '../__tests__/scenarios/support/objects.ts';
import { startEmbedded } from '../testbed/embedded/start.ts';
import { runAction } from '../testbed/run-action.ts';
import { readScriptOptions } from '../testbed/script-options.ts';
import { CASES } from './stall-cases.ts';
import type { Case } from './stall-cases.ts';

const PROBE = join(import.meta.dirname, 'stall-probe.ts');
const HELP = `
Usage: node bench/stalls.ts [NAME] [--log FOLDER]

  NAME            run the cases whose names contain this
  --log FOLDER    keep each run's log and CPU profile there
`;
const { values: options, positionals } = readScriptOptions(HELP, {
  allowPositionals: true,
  options: { log: { type: 'string' } },
});
const [asked = ''] = positionals;

for (const [name, one] of Object.entries(CASES))
  if (name.includes(asked)) process.stdout.write(`${name}: ${await measure(name, one)}\n`);

async function measure(name: string, { prepare, inputs, clusters }: Case): Promise<string> {
  const fleet = await startEmbedded(clusters === undefined ? {} : { clusters });
  const folder = await mkdtemp(join(tmpdir(), 'stalls-'));
  try {
    const common = {
      ...SEED,
      kubeconfig: fleet.kubeconfig,
      ...(clusters === undefined ? {} : { clusters: clusters.join(',') }),
    };
    const installed = await runAction({ ...common, weights: 'v1=80,v2=20' });
    if (installed.code !== 0) throw new Error(installed.log);
    await prepare(fleet, folder);
    const kept = options.log === undefined ? undefined : join(options.log, name.replaceAll(/\W+/g, '-'));
    const profile = kept === undefined ? '' : ` --cpu-prof --cpu-prof-dir=${kept}`;
    const { code, log, seconds } = await runAction(
      { ...common, report: join(folder, 'report'), ...inputs(folder) },
      { env: { NODE_OPTIONS: `--import=${PROBE}${profile}` } },
    );
    if (kept !== undefined) {
      await mkdir(kept, { recursive: true });
      await writeFile(join(kept, 'run.log'), log);
    }
    const stall = /longest stall .*/.exec(log)?.[0] ?? 'killed';
    return `${stall}, ${seconds.toFixed(1)} s, exit ${String(code)}, log ${(log.length / 1024).toFixed(0)} KiB`;
  } finally {
    await fleet.stop();
    await rm(folder, { recursive: true });
  }
}
