import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { optionsOf, packCommand, runCommand } from '../../testbed/packed-command.ts';
import type { CommandRun, PackedCommand } from '../../testbed/packed-command.ts';
import { SEED } from '../scenarios/support/objects.ts';
import { LATER, Lane, QUICK } from './support/lanes.ts';

const FIRST = 'v1=80,v2=20';
const NEXT = 'v1=60,v2=40';

let packed: PackedCommand;
let folder: string;
let lane: Lane;
/** West takes calls and never answers. */
let isSilent: boolean;

beforeAll(async () => {
  [packed, folder] = await Promise.all([packCommand(), mkdtemp(join(tmpdir(), 'canary-cli-'))]);
});
afterAll(() => Promise.all([packed.remove(), rm(folder, { recursive: true })]));
beforeEach(async () => {
  isSilent = false;
  lane = await Lane.open();
  lane.fleet.onCall(({ cluster }) => (isSilent && cluster === 'west' ? 'hang' : undefined));
  await lane.stage.pass({ ...QUICK, weights: FIRST });
  await writeFile(join(folder, 'kubeconfig'), lane.fleet.kubeconfig);
});
afterEach(() => lane.fleet.stop());

/** Starts the next step at a rate at which a verdict is minutes away; west falls silent when it samples, and Ctrl-C is pressed. */
function interrupted(
  onOutput: (text: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<CommandRun> {
  const inputs = { ...SEED, ...LATER, weights: NEXT, 'max-rps': '1', kubeconfig: join(folder, 'kubeconfig') };
  let pressed = false;
  return runCommand(packed.command, ['rollout', ...optionsOf(inputs)], {
    onOutput: (text, kill) => {
      if (!pressed && /^Verify$/m.test(text)) {
        pressed = true;
        isSilent = true;
        kill('SIGINT');
      }
      onOutput(text, kill);
    },
  });
}

test('a command whose clean-up a silent cluster prevents recovers the release in the same process, as a post step would', async () => {
  const run = await interrupted((text) => {
    // The first half has ended.
    if (text.includes('Error: helloworld: rollout failed')) isSilent = false;
  });
  expect(run).toMatchObject({ code: 130 });
  await expect(lane.stage.weights()).resolves.toEqual([FIRST, FIRST]);
  await expect(lane.holders()).resolves.toEqual(['', '']);
});

test('a second Ctrl-C, later than one that npx passes on, ends the process at once and leaves what it finds', async () => {
  let timer: NodeJS.Timeout | undefined;
  const run = await interrupted((_text, kill) => {
    if (isSilent)
      timer ??= setTimeout(() => {
        kill('SIGINT');
      }, 1_100);
  });
  expect(run).toMatchObject({ code: 130 });
  expect(run.stdout).toContain('Press Ctrl-C again');
  expect(run.stdout).toMatch(/Warning: Stopped at once\.[^\n]+\n$/);
  isSilent = false;
  const [, west] = await lane.stage.weights();
  expect(west).toBe(NEXT);
});
