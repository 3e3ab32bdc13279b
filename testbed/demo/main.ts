/**
 * The whole life of a release in one command: the action, started as a runner starts it, on two clusters inside this process.
 * `--language zh` shows it in Chinese, as does a Chinese locale. `--verbose` also shows logs and summaries. With `--keep` the fleet stays up afterwards, to try kubectl, curl and a browser.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '../embedded/start.ts';
import { languageOf } from '../../src/cli/locale.ts';
import { LANGUAGES } from '../../src/texts/language.ts';
import type { Language } from '../../src/texts/language.ts';
import { messageOf } from '../../src/core/errors.ts';
import { textsIn } from '../../src/texts/texts.ts';
import type { TestFleet } from '../fleet.ts';
import { freshBundle } from '../fresh-bundle.ts';
import { readScriptOptions } from '../script-options.ts';
import { phaseLine, plainLog, plainSummary } from './plain-text.ts';
import { runStep } from './run-step.ts';
import type { DemoStep, StepResult } from './run-step.ts';
import { endedAsExpected, overview, stepScreen, titleLine } from './screen.ts';
import { demoTextsIn } from './texts.ts';
import { CHECKOUT_HOST, KEPT, STORY } from './story.ts';

const HELP = `
Usage: npm run demo -- [OPTION...]

  --verbose           also show the logs and summaries
  --keep              keep the clusters up afterwards, until Ctrl-C
  --language en|zh    default: that of the locale
`;
const { values: options } = readScriptOptions(HELP, {
  options: {
    keep: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    language: { type: 'string', default: languageOf(process.env) },
  },
});
const language = languageGiven();
const texts = demoTextsIn(language);
const { formats } = textsIn(language);

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function languageGiven(): Language {
  const given = LANGUAGES.find((one) => one === options.language);
  if (given !== undefined) return given;
  process.stderr.write(`--language is ${LANGUAGES.join(' or ')}, not ${options.language}.\n`);
  process.exit(2);
}

/** Shows each step as it ends. */
async function demonstrate(
  fleet: TestFleet,
  folder: string,
  steps: readonly DemoStep[],
): Promise<readonly StepResult[]> {
  const ended: StepResult[] = [];
  for (const [i, step] of steps.entries()) {
    const number = i + 1;
    say(`\n${titleLine(number, steps.length, texts.titles[step.name])}`);
    const result = await runStep(step, {
      fleet,
      language,
      folder,
      number,
      onLog: options.verbose ? showLog : showPhase,
    });
    clearLine();
    if (options.verbose) say(`\n${plainSummary(result.summary)}\n`);
    say(stepScreen(result, language));
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
${texts.kept}

  export KUBECONFIG=${kubeconfig}
  kubectl --context east -n gray-demo get virtualservices,destinationrules,pods`);
  for (const { name, ingress } of fleet.clusters) {
    say(`  curl ${ingress}/hello    # ${texts.through({ app: 'helloworld', cluster: name })}`);
    say(
      `  curl -H 'Host: ${CHECKOUT_HOST}' ${ingress}/hello    # ${texts.through({ app: 'checkout', cluster: name })}`,
    );
  }
  // The servers of the fleet do not keep the process alive.
  const alive = setInterval(() => undefined, 60_000);
  await Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  clearInterval(alive);
  await rm(kubeconfig);
}

async function main(): Promise<void> {
  say(texts.bundling);
  await freshBundle();
  const start = performance.now();
  const fleet = await startEmbedded({ prometheus: true });
  try {
    const folder = await mkdtemp(join(tmpdir(), 'multicluster-canary-demo-'));
    const steps = options.keep ? [...STORY, KEPT] : STORY;
    const ended = await demonstrate(fleet, folder, steps);
    say(`\n${overview(ended, language)}`);
    for (const { number, users } of ended)
      if (users !== undefined)
        say(`\n${texts.users({ step: number, sent: formats.number(users.sent), failed: users.failed })}`);
    const last = ended.at(-1);
    if (last === undefined || !endedAsExpected(last))
      throw new Error(`${texts.endedOtherwise(ended.length)}${formats.gap}${texts.folder(folder)}`);
    const duration = formats.duration((performance.now() - start) / 1000);
    say(`\n${texts.allEnded({ steps: steps.length, duration })}\n${texts.folder(folder)}`);
    if (options.keep) await keep(fleet, folder);
  } finally {
    await fleet.stop();
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`\n${texts.demoFailed(messageOf(error))}\n`);
  process.exitCode = 1;
}
