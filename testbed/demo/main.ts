/**
 * The whole life of a release in one command: the action, started as a runner starts it, on two clusters inside this process.
 * `--verbose` also shows logs and summaries. With `--keep` the fleet stays up afterwards, to try kubectl, curl and a browser.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbedded } from '../embedded/start.ts';
import type { TestFleet } from '../fleet.ts';
import { freshBundle } from '../fresh-bundle.ts';
import { phaseLine, plainLog, plainSummary } from './plain-text.ts';
import { runStep } from './run-step.ts';
import type { DemoStep, StepResult } from './run-step.ts';
import { endedAsExpected, overview, stepScreen, titleLine } from './screen.ts';
import { CHECKOUT_HOST, KEPT, STORY } from './story.ts';

const { values: options } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } },
});

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Shows each step as it ends. */
async function demonstrate(
  fleet: TestFleet,
  folder: string,
  steps: readonly DemoStep[],
): Promise<readonly StepResult[]> {
  const ended: StepResult[] = [];
  for (const [i, step] of steps.entries()) {
    const number = i + 1;
    say(`\n${titleLine(number, steps.length, step.title)}`);
    const result = await runStep(step, {
      fleet,
      folder,
      number,
      onLog: options.verbose ? showLog : showPhase,
    });
    clearLine();
    if (options.verbose) say(`\n${plainSummary(result.summary)}\n`);
    say(stepScreen(result));
    ended.push(result);
    // The steps after it would start from another state than they describe.
    if (!endedAsExpected(result)) break;
  }
  return ended;
}

function showLog(text: string): void {
  process.stdout.write(plainLog(text));
}

/** On a terminal, one line says what the action is doing. */
function showPhase(text: string): void {
  const phase = process.stdout.isTTY ? phaseLine(text) : undefined;
  if (phase === undefined) return;
  clearLine();
  process.stdout.write(phase);
}

function clearLine(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
}

/** Keeps the fleet up at 80/20 until Ctrl-C. */
async function keep(fleet: TestFleet, folder: string): Promise<void> {
  const kubeconfig = join(folder, 'kubeconfig.yaml');
  await writeFile(kubeconfig, fleet.kubeconfig, { mode: 0o600 });
  say(`
The fleet stays up until Ctrl-C, with helloworld at 80/20.

  export KUBECONFIG=${kubeconfig}
  kubectl --context east -n gray-demo get virtualservices,destinationrules,pods`);
  for (const { name, ingress } of fleet.clusters) {
    say(`  curl ${ingress}/hello    # helloworld through ${name}`);
    say(`  curl -H 'Host: ${CHECKOUT_HOST}' ${ingress}/hello    # checkout through ${name}`);
  }
  // The servers of the fleet do not keep the process alive.
  const alive = setInterval(() => undefined, 60_000);
  await Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  clearInterval(alive);
  await rm(kubeconfig);
}

async function main(): Promise<void> {
  say('Bundling the action from its sources (skipped if nothing has changed) …');
  await freshBundle();
  const start = performance.now();
  const fleet = await startEmbedded({ prometheus: true });
  try {
    const folder = await mkdtemp(join(tmpdir(), 'multicluster-canary-demo-'));
    const steps = options.keep ? [...STORY, KEPT] : STORY;
    const ended = await demonstrate(fleet, folder, steps);
    say(`\n${overview(ended)}`);
    for (const { number, users } of ended)
      if (users !== undefined)
        say(
          `\nDuring step ${String(number)}, users sent ${users.sent.toLocaleString('en')} requests. Apart from the errors of v2 itself, ${String(users.failed)} failed.`,
        );
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    const last = ended.at(-1);
    if (last === undefined || !endedAsExpected(last))
      throw new Error(
        `Step ${String(ended.length)} did not end as expected. Logs, summaries and reports: ${folder}`,
      );
    say(
      `\nAll ${String(steps.length)} steps ended as expected, in ${seconds} s.\nLogs, summaries and reports: ${folder}`,
    );
    if (options.keep) await keep(fleet, folder);
  } finally {
    await fleet.stop();
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`\nThe demo failed. ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
