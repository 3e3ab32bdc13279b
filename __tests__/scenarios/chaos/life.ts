import { setTimeout as delay } from 'node:timers/promises';
import { startLoad } from '../../../testbed/load.ts';
import type { LoadReport } from '../../../testbed/load.ts';
import type { Run } from '../../../testbed/run-action.ts';
import { SEED } from '../support/objects.ts';
import type { Stage } from '../support/stage.ts';
import { controlPlanesFollow } from './control-plane.ts';
import { describeDisturbance } from './plan.ts';
import type { Disturbance } from './plan.ts';
import { strike } from './strike.ts';
import type { Breakable } from './strike.ts';
import type { Tally } from './tally.ts';
import { effective, holdersOf, untruths } from './truth.ts';
import { unexplained } from './users.ts';
import type { Struck } from './users.ts';

export const USERS_RPS = 50;
export const MOST_FAILURES = 10_000;
const MOST_SAID = 300;
const MOST_SHOWN = 20;
/** Failures of one kind that are closer together belong to one row. */
const ROW_GAP_MS = 1_000;

/** What a life is lived with. */
export interface Setting extends Breakable {
  /** Of a user with no more permissions than the action needs: such a user meets what an administrator does not. */
  readonly kubeconfig: string;
  readonly tally: Tally;
  readonly say: (line: string) => void;
}

/**
 * Takes a release through its life while users send requests, each operation disturbed once. After each: what the run said is so,
 * its post step leaves all clusters alike and the lock free, a rerun arrives, and a further one writes nothing.
 *
 * @returns what went wrong; none where all is well. The logs are said, since a report of a failed test is cut where it is long
 * @throws Error where a disturbance did not come about
 */
export async function live(setting: Setting, plan: readonly Disturbance[]): Promise<readonly string[]> {
  const { stage, tally } = setting;
  const urls = stage.fleet.clusters.map(({ ingress }) => `${ingress}${SEED.path}`);
  const load = await startLoad(urls, { rps: USERS_RPS, mostFailures: MOST_FAILURES });
  await controlPlanesFollow(stage);
  const struck: Struck[] = [];
  const violations: string[] = [];
  try {
    for (const one of plan) {
      violations.push(...(await disturb(setting, one, struck)));
      if (violations.length > 0) break;
    }
  } finally {
    const report = await load.stop();
    tally.users(report, struck);
    const failures = unexplained(report, struck);
    if (failures.length > 0)
      violations.push(
        `${String(failures.length)} requests of users failed: ${inRows(failures).slice(0, MOST_SHOWN).join('; ')}`,
      );
  }
  tally.violate(violations.length);
  return violations;
}

/** The clusters whose first install a run has undone, by its own words, until the rerun has installed it again. */
function undoneInstalls(stage: Stage, { log }: Run, when: Pick<Struck, 'from' | 'until'>): readonly Struck[] {
  return stage.fleet.clusters.flatMap(({ name, ingress }) =>
    log.includes(`may have answered through ${name} for a moment, and no longer does`)
      ? [{ ...when, kind: 'first install undone', blow: undefined, ingress }]
      : [],
  );
}

/** Failures of one kind in a row, as `112 times HTTP 404 at http://10.244.1.20/hello from 38.2 s to 42.7 s`. */
function inRows(failures: LoadReport['failures']): readonly string[] {
  const rows: { readonly of: string; readonly from: number; to: number; count: number }[] = [];
  const latest = new Map<string, (typeof rows)[number]>();
  for (const { url, what, atMs } of failures) {
    const of = `${what} at ${url}`;
    const row = latest.get(of);
    if (row !== undefined && atMs - row.to < ROW_GAP_MS) {
      row.to = atMs;
      row.count += 1;
    } else {
      const next = { of, from: atMs, to: atMs, count: 1 };
      latest.set(of, next);
      rows.push(next);
    }
  }
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  return rows.map(
    ({ of, from, to, count }) => `${String(count)} times ${of} from ${seconds(from)} to ${seconds(to)}`,
  );
}

async function disturb(
  setting: Setting,
  disturbance: Disturbance,
  struck: Struck[],
): Promise<readonly string[]> {
  const { stage, kubeconfig, tally, say } = setting;
  const { act } = disturbance;
  const asked = act.weights.at(-1) ?? '';
  const inputs = { ...act.inputs, kubeconfig };
  const again = { ...act.again, kubeconfig };
  const found: string[] = [];
  const logs: string[] = [];
  const note = (title: string, run: Run): Run => {
    logs.push(`---- ${title} (code ${String(run.code)})\n${run.log}`);
    return run;
  };

  const [start, from] = [performance.now(), Date.now()];
  const run = note('disturbed run', await struckRun(setting, disturbance, inputs, struck));
  tally.event(disturbance, run);
  const said =
    run.code === 0 ? 'passed' : (/^::error[^:]*::(.*)/m.exec(run.log)?.[1] ?? 'failed without a reason');
  const seconds = (performance.now() - start) / 1000;
  say(`  ${describeDisturbance(disturbance)}: ${said.slice(0, MOST_SAID)} (${seconds.toFixed(1)} s)`);
  found.push(...(await untruths(stage, run, act.passes ? asked : 'never passes')));

  const post = note('post step', await stage.run(inputs, { postOf: run.state }));
  if (post.code !== 0) found.push(`The post step failed with code ${String(post.code)}.`);
  const [held, holders] = [await stage.weights(), await holdersOf(stage)];
  const agreed = act.weights.some((one) => held.every((each) => effective(each) === effective(one)));
  if (!agreed) found.push(`After the post step the clusters hold ${held.join(' and ')}.`);
  if (holders.some((holder) => holder !== '')) found.push(`A lock is left: ${holders.join(' and ')}.`);

  const hasArrived = held.every((one) => effective(one) === effective(asked));
  let until: number | undefined;
  const onLog = (text: string): void => {
    // From here on, every ingress shows the rerun's revision.
    if (text.includes('::group::Verify')) until ??= Date.now();
  };
  const rerun = note('rerun', await stage.run(hasArrived || !act.passes ? again : inputs, { onLog }));
  struck.push(...undoneInstalls(stage, run, { from, until: until ?? Date.now() }));
  if (rerun.code !== 0) found.push(`The rerun failed with code ${String(rerun.code)}.`);
  found.push(...(await untruths(stage, rerun, asked)));
  const further = note('further run', await stage.run(again));
  if (further.code !== 0 || further.outputs['changed'] !== '0')
    found.push(
      `A further run ended with code ${String(further.code)} and ${further.outputs['changed'] ?? '?'} changes.`,
    );
  if ((await holdersOf(stage)).some((holder) => holder !== '')) found.push('The rerun left a lock.');
  if (found.length === 0) return [];
  say(logs.join('\n'));
  return [[describeDisturbance(disturbance), ...found].join('\n')];
}

/** Runs the action, and strikes when it comes to the stage. Resolves once everything works again. */
async function struckRun(
  mesh: Breakable,
  disturbance: Disturbance,
  inputs: Readonly<Record<string, string>>,
  struck: Struck[],
): Promise<Run> {
  const {
    stage: [name, ...texts],
    hits,
    delayMs,
  } = disturbance;
  let blown: Promise<readonly Struck[]> | undefined;
  const ended = Promise.withResolvers<undefined>();
  let log = '';
  const awaited = [...texts];
  const run = await mesh.stage.run(inputs, {
    onLog: (text) => {
      log += text;
      for (let next = awaited[0]; next !== undefined && log.includes(next); next = awaited[0]) {
        log = log.slice(log.indexOf(next) + next.length);
        awaited.shift();
      }
      if (awaited.length === 0) blown ??= delay(delayMs).then(() => strike(mesh, hits, ended.promise));
    },
  });
  ended.resolve(undefined);
  if (blown === undefined) throw new Error(`The run did not come to the stage ${name}:\n${run.log}`);
  struck.push(...(await blown));
  return run;
}
