import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { findProgram } from '../../testbed/mesh/programs.ts';
import { startFleet } from '../../testbed/start.ts';
import { controlPlanesFollow } from './chaos/control-plane.ts';
import { live } from './chaos/life.ts';
import { describeDisturbance, planOf } from './chaos/plan.ts';
import type { Breakable } from './chaos/strike.ts';
import { Tally } from './chaos/tally.ts';
import { withoutRun } from './chaos/without-run.ts';
import { serviceAccountOf } from './support/service-account.ts';
import { Stage } from './support/stage.ts';

// A life takes two minutes; a slow machine takes its time.
jest.setTimeout(900_000);

const kubectl = await findProgram('kubectl');
const skipped = process.env['FLEET'] !== 'mesh' || kubectl === undefined;
const reason = skipped ? ' (skipped: only the mesh has processes to kill, npm run e2e)' : '';

/** Two lives, one by each kind of route, with every kind of failure, at many of the stages. */
const SAMPLE = [2, 595];

/** CANARY_SEED repeats one life, CANARY_SEEDS=20 lives as many new ones; otherwise the sample. */
function seeds(): readonly number[] {
  const { CANARY_SEED: one, CANARY_SEEDS: many } = process.env;
  if (one !== undefined && one !== '') return [Number(one)];
  if (many === undefined || many === '') return SAMPLE;
  const first = Number(process.env['CANARY_FIRST_SEED'] ?? Date.now() % 1_000_000);
  return Array.from({ length: Number(many) }, (_, i) => first + i);
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function breakable(stage: Stage): Breakable {
  const { breakage } = stage.fleet;
  if (breakage === undefined) throw new Error('This fleet cannot be broken.');
  return { stage, breakage };
}

(skipped ? describe.skip : describe)(`a release on a failing mesh${reason}`, () => {
  const tally = new Tally();
  let stage: Stage;
  beforeAll(async () => {
    stage = new Stage(await startFleet());
  });
  afterEach(() => stage.fleet.reset());
  afterAll(async () => {
    say(tally.toString());
    await stage.fleet.stop();
  });

  test('costs users only what restarts or is lost itself, while nobody releases anything', async () => {
    await stage.pass({ replicas: '2', weights: 'v1=80,v2=20' });
    await controlPlanesFollow(stage);
    const { unexplained, text } = await withoutRun(breakable(stage));
    say(text);
    expect(unexplained).toEqual([]);
  });

  test.each(seeds())('serves its users and tells the truth (CANARY_SEED=%i)', async (seed) => {
    const { api, disturbances } = planOf(seed);
    const own = new Stage(stage.fleet, api);
    if (api === 'HTTPRoute') await own.openIngress();
    const kubeconfig = await serviceAccountOf(own, kubectl ?? '');
    const start = performance.now();
    const violations = await live({ ...breakable(own), kubeconfig, tally, say }, disturbances);
    say(`CANARY_SEED=${String(seed)} (${api}): ${((performance.now() - start) / 1000).toFixed(0)} s`);
    if (violations.length > 0)
      say(
        [`CANARY_SEED=${String(seed)} repeats this:`, ...disturbances.map(describeDisturbance)].join('\n  '),
      );
    expect(violations).toEqual([]);
  });
});
