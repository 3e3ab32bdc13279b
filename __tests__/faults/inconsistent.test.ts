import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Run, RunningAction } from '../../testbed/run-action.ts';
import { ISTIO } from '../scenarios/support/kube.ts';
import { NAMESPACE, SEED } from '../scenarios/support/objects.ts';
import { LATER, Lane, QUICK, UNDECIDED, isRouteWrite } from './support/lanes.ts';

const FIRST = 'v1=80,v2=20';
const NEXT = 'v1=60,v2=40';
const step = { ...LATER, weights: NEXT };
const promotion = { ...LATER, operation: 'promote', steps: '20,40,100' };

let lane: Lane;
beforeEach(async () => {
  lane = await Lane.open();
  await lane.stage.pass({ ...QUICK, weights: FIRST });
});
afterEach(() => lane.fleet.stop());

/** A step that dies when one cluster has the new weights, and the other is about to get them. */
async function diesBetweenTheWrites(): Promise<Run> {
  let running: RunningAction | undefined;
  let wrote = (): void => undefined;
  const written = new Promise<void>((resolve) => {
    wrote = resolve;
  });
  void written.then(() => running?.kill('SIGKILL'));
  const run = await lane.during(
    (call) => (isRouteWrite(call, 'west') ? 'hang' : undefined),
    () =>
      lane.stage.run(step, {
        onStart: (started) => {
          running = started;
        },
        onLog: (text) => {
          if (text.includes('east: wrote VirtualService')) wrote();
        },
      }),
  );
  expect(await lane.stage.weights()).toEqual([NEXT, FIRST]);
  return run;
}

describe('a release that passed', () => {
  test('stays although its lock could not be released in one cluster', async () => {
    const run = await lane.during(
      ({ cluster, kind, write, body }) =>
        cluster === 'east' &&
        kind === 'Lease' &&
        write &&
        JSON.stringify(body).includes('"holderIdentity":""')
          ? { status: 503, message: 'apiserver is shutting down' }
          : undefined,
      () => lane.stage.pass(step),
    );
    expect(run.log).toMatch(/::warning::The lock in east could not be released: .*shutting down/);
    await lane.shortenLeases();
    const next = await lane.stage.pass({ ...LATER, weights: 'v1=50,v2=50' });
    expect(next.log).not.toContain('Recovered');
    expect(next.outputs['previous-weights']).toBe(NEXT);
  });
});

describe('a fleet that is left inconsistent', () => {
  test('by the post step is recovered by the next run, which skips no step', async () => {
    const killed = await diesBetweenTheWrites();
    const post = await lane.during(
      (call) => (isRouteWrite(call, 'east') ? { status: 500, message: 'etcd leader changed' } : undefined),
      () => lane.stage.run(step, { postOf: killed.state }),
    );
    expect([post.code, await lane.holders()]).toEqual([1, ['', '']]);
    const next = await lane.stage.pass(promotion);
    expect(next.log).toContain(`Recovered: all clusters hold ${FIRST}`);
    expect(next.outputs).toMatchObject({ weights: NEXT, 'previous-weights': FIRST });
    await expect(lane.stage.weights()).resolves.toEqual([NEXT, NEXT]);
  });

  test('by the run itself is recovered by its post step, and the run claims no weights', async () => {
    let tries = 0;
    const run = await lane.during(
      (call) => {
        if (isRouteWrite(call, 'west')) return { status: 403, message: 'admission webhook denied' };
        // It takes the new weights, and cannot be reached to take the old ones again.
        return isRouteWrite(call, 'east') && (tries += 1) > 1
          ? { status: 503, message: 'restarting' }
          : undefined;
      },
      () => lane.stage.run(step),
    );
    expect(run).toMatchObject({ code: 1, outputs: { weights: '' } });
    expect(run.summary).toContain('The clusters hold different weights:');
    await lane.postOf(step, run);
    await expect(lane.stage.weights()).resolves.toEqual([FIRST, FIRST]);
  });

  test('by a run that died is reported as restored by the next run, even if that fails', async () => {
    await diesBetweenTheWrites();
    await lane.shortenLeases();
    let writes = 0;
    const run = await lane.during(
      // It takes the weights of the recovery, and not those of the run itself.
      (call) =>
        isRouteWrite(call, 'west') && (writes += 1) > 1
          ? { status: 403, message: 'admission webhook denied' }
          : undefined,
      () => lane.stage.run({ ...LATER, weights: 'v1=50,v2=50' }),
    );
    expect(run.code).toBe(1);
    expect(run.log).toContain(`Recovered: all clusters hold ${FIRST}`);
    await expect(lane.stage.weights()).resolves.toEqual([FIRST, FIRST]);
    expect(run.summary).toContain('The previous weights are restored (v1 80%, v2 20%)');
    expect(run.summary).not.toContain('weights are unchanged');
  });

  test('is reported by a run that can read only one of them', async () => {
    await diesBetweenTheWrites();
    const run = await lane.during(
      ({ cluster, kind }) =>
        cluster === 'west' && kind === 'Service' ? { status: 401, message: 'Unauthorized' } : undefined,
      () => lane.stage.run(step),
    );
    expect([run.code, run.outputs['weights']]).toEqual([1, '']);
    expect(run.summary).toMatch(/east holds v1=60,v2=40; west holds unknown weights \(.*Unauthorized/);
  });

  test('without a trace in the locks goes on from the cluster that is least far', async () => {
    await diesBetweenTheWrites();
    await lane.forgetLocks();
    const run = await lane.stage.pass(promotion);
    expect(run.log).toContain(`Step: ${FIRST} → ${NEXT}`);
    await expect(lane.stage.weights()).resolves.toEqual([NEXT, NEXT]);
  });

  test('by its rollback is reported cluster by cluster, and recovered by the post step', async () => {
    let tries = 0;
    const failing = { ...step, ...UNDECIDED };
    const run = await lane.during(
      (call) =>
        isRouteWrite(call, 'west') && (tries += 1) > 1 ? { status: 403, message: 'not any more' } : undefined,
      () => lane.stage.run(failing),
    );
    expect(run.log).toMatch(
      new RegExp(
        `could not be restored everywhere.*not any more.* In force now: east ${NEXT}; west ${NEXT}`,
        's',
      ),
    );
    await lane.postOf(failing, run);
    await expect(lane.stage.weights()).resolves.toEqual([FIRST, FIRST]);
  });
});

describe('a run that died before it changed a route', () => {
  /** What both VirtualServices hold, and the mark of a recovery in them. */
  async function routes(): Promise<{
    readonly held: readonly unknown[];
    readonly marks: readonly unknown[];
  }> {
    const kubes = [lane.stage.east, lane.stage.west];
    const stored = await Promise.all(
      kubes.map((kube) => kube.get(ISTIO, 'VirtualService', SEED.app, NAMESPACE)),
    );
    const parts = stored.map(({ metadata: { labels, annotations }, spec }) => {
      const { 'multicluster-canary/recovered': mark, ...others } = annotations ?? {};
      return { mark, held: { labels, annotations: others, spec } };
    });
    return { held: parts.map(({ held }) => held), marks: parts.map(({ mark }) => mark) };
  }

  test('leaves only a mark on the routes once recovered, even if the release had these weights before', async () => {
    for (const weights of ['v1=70,v2=30', FIRST]) await lane.stage.pass({ ...LATER, weights });
    let running: RunningAction | undefined;
    const killed = await lane.stage.run(step, {
      onStart: (started) => {
        running = started;
      },
      onLog: (text) => {
        if (text.includes('::group::Ready')) running?.kill('SIGKILL');
      },
    });
    const before = await routes();
    const made = await lane.callsOf(() => lane.postOf(step, killed));
    const written = made.filter(({ kind, write }) => write && kind !== 'Lease').map(({ kind }) => kind);
    expect(written).toEqual(['VirtualService', 'VirtualService', 'Event', 'Event']);
    const mark: unknown = expect.any(String);
    expect([before.marks, await routes()]).toEqual([
      [undefined, undefined],
      { held: before.held, marks: [mark, mark] },
    ]);
  });
});
