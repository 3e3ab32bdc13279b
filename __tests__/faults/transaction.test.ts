import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ApiCall, CallAction } from '../../testbed/embedded/start.ts';
import type { Run, RunningAction } from '../../testbed/run-action.ts';
import { until } from '../../testbed/mesh/until.ts';
import { ISTIO } from '../scenarios/support/kube.ts';
import { APP, NAMESPACE } from '../scenarios/support/objects.ts';
import { Opened, serve } from '../support/server.ts';
import { LATER, Lane, QUICK, isRouteWrite } from './support/lanes.ts';

const FIRST = 'v1=80,v2=20';
const NEXT = 'v1=60,v2=40';
const step = { ...LATER, weights: NEXT };

type Inputs = Readonly<Record<string, string>>;

const opened = new Opened();
afterEach(() => opened.close());

/** Inputs of a release that only a metric can judge, and what sets its value. It is bad above 1. */
async function onlyMetric(): Promise<{ readonly inputs: Inputs; readonly set: (value: number) => void }> {
  let now = 0;
  const { url } = opened.add(
    await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          status: 'success',
          data: { resultType: 'vector', result: [{ metric: {}, value: [0, String(now)] }] },
        }),
      );
    }),
  );
  return {
    inputs: {
      ingress: 'none',
      'propagation-time': '1s',
      metrics: '- {name: failures, query: failures, max: 1}',
      'metrics-address': url,
      bake: '4s',
    },
    set: (value) => {
      now = value;
    },
  };
}

let lane: Lane;
beforeEach(async () => {
  lane = await Lane.open();
  await lane.stage.pass({ ...QUICK, weights: FIRST });
});
afterEach(() => lane.fleet.stop());

const isRelease = ({ kind, write, body }: ApiCall): boolean =>
  kind === 'Lease' && write && JSON.stringify(body).includes('"holderIdentity":""');
const UNAVAILABLE: CallAction = { status: 503, message: 'apiserver is shutting down' };

/** A run that is killed when its log says so, the nth time. */
async function killedAt(inputs: Inputs, text: string, nth = 1): Promise<Run> {
  let running: RunningAction | undefined;
  let log = '';
  const run = await lane.stage.run(inputs, {
    onStart: (started) => {
      running = started;
    },
    onLog: (piece) => {
      log += piece;
      if (log.split(text).length > nth) running?.kill('SIGKILL');
    },
  });
  expect(run.code).toBe(-1);
  return run;
}

/** A run that dies when east has the new weights, and west is about to get them. */
async function diesBetweenTheWrites(inputs: Inputs, nth = 1): Promise<Run> {
  let writes = 0;
  return lane.during(
    (call) => (isRouteWrite(call, 'west') && (writes += 1) >= nth ? 'hang' : undefined),
    () => killedAt(inputs, 'east: wrote VirtualService', nth),
  );
}

describe('a promotion through several steps', () => {
  test('that dies in its second step is recovered by the post step, which says so', async () => {
    const promotion = { ...LATER, operation: 'promote', steps: '20,40,60', 'promote-to': '60' };
    await lane.stage.underLoad(async () => {
      const killed = await diesBetweenTheWrites(promotion, 2);
      await expect(lane.stage.weights()).resolves.toEqual(['v1=40,v2=60', NEXT]);
      const post = await lane.postOf(promotion, killed);
      expect(post.log).toContain(`Recovered: all clusters hold ${NEXT}`);
      expect([await lane.stage.weights(), await lane.holders()]).toEqual([
        [NEXT, NEXT],
        ['', ''],
      ]);
    });
  });
});

describe('a run that died while it verified', () => {
  test('is recovered by a run that asks for the same: it writes no route, and leaves nothing for a retirement to recover', async () => {
    const last = { ...LATER, confidence: '90', weights: 'v1=0,v2=100' };
    await lane.stage.underLoad(async () => {
      await killedAt(last, '::group::Verify');
      await lane.shortenLeases();
      const again = await lane.callsOf(async () => {
        const run = await lane.stage.pass(last);
        expect(run.log).toContain('Recovered: all clusters hold v1=0,v2=100, which is verified now.');
      });
      expect(again.filter((call) => isRouteWrite(call, 'east') || isRouteWrite(call, 'west'))).toEqual([]);
      const retired = await lane.stage.pass({
        ...LATER,
        confidence: '90',
        operation: 'retire',
        version: 'v1',
      });
      expect(retired.log).not.toContain('Recovered');
      await expect(lane.stage.weights()).resolves.toEqual(['v2=100', 'v2=100']);
    });
  });

  test('keeps the weights that all clusters hold if no ingress can verify them', async () => {
    const unseen = { ...step, ingress: 'none', 'propagation-time': '1s' };
    await lane.stage.underLoad(async () => {
      await killedAt(unseen, 'west: wrote VirtualService');
      await until(
        'both clusters to hold the new weights',
        async () => (await lane.stage.weights()).every((held) => held === NEXT),
        { seconds: 10 },
      );
      await lane.shortenLeases();
      const again = await lane.stage.run(unseen);
      expect(again.log).toContain(
        `Recovered: all clusters hold ${NEXT}, not verified: no ingress is sampled, and no metric judges them.`,
      );
      expect([again.code, again.outputs['verdict'], await lane.stage.weights()]).toEqual([
        0,
        '',
        [NEXT, NEXT],
      ]);
    });
  });

  test('passes by its metrics alone, and no later run says more of it than they show', async () => {
    const { inputs, set } = await onlyMetric();
    const promotion = { ...LATER, ...inputs, operation: 'promote', steps: '20,40,60' };
    const last = { ...promotion, steps: '20,40' };
    await lane.stage.underLoad(async () => {
      await killedAt({ ...step, ...inputs }, '::group::Bake');
      await lane.shortenLeases();
      const recovered = await lane.stage.run(promotion);
      expect(recovered.log).toContain(`Recovered: all clusters hold ${NEXT}, which is verified now.`);
      expect([recovered.code, recovered.outputs['verdict']]).toEqual([0, 'pass']);
      for (const [value, code, verdict] of [
        [0, 0, 'pass'],
        [2, 1, 'fail'],
        [Number.NaN, 1, 'inconclusive'],
      ] as const) {
        set(value);
        const run = await lane.stage.run(last);
        expect([run.code, run.outputs['verdict']]).toEqual([code, verdict]);
      }
      await expect(lane.stage.weights()).resolves.toEqual([NEXT, NEXT]);
    });
  });

  test('is undone if its metrics fail now', async () => {
    const { inputs, set } = await onlyMetric();
    await lane.stage.underLoad(async () => {
      await killedAt({ ...step, ...inputs }, '::group::Bake');
      await lane.shortenLeases();
      set(2);
      const run = await lane.stage.run({
        ...LATER,
        ...inputs,
        operation: 'promote',
        steps: '20,40,60',
      });
      expect(run.log).toContain(`Recovered: all clusters hold ${FIRST}.`);
      expect([run.code, run.outputs['verdict']]).toEqual([1, 'fail']);
      await expect(lane.stage.weights()).resolves.toEqual([FIRST, FIRST]);
    });
  });

  test('is not left behind by a promotion that can judge it by nothing', async () => {
    const unseen = { ingress: 'none', 'propagation-time': '1s' };
    await lane.stage.underLoad(async () => {
      await killedAt({ ...step, ...unseen }, 'west: wrote VirtualService');
      await until(
        'both clusters to hold the new weights',
        async () => (await lane.stage.weights()).every((held) => held === NEXT),
        { seconds: 10 },
      );
      await lane.shortenLeases();
      const run = await lane.stage.run({ ...LATER, ...unseen, operation: 'promote', steps: '20,40,60' });
      expect([run.code, run.outputs['verdict'], await lane.stage.weights()]).toEqual([0, '', [NEXT, NEXT]]);
    });
  });

  test('does not return to a version whose pods are gone, even if it does not pass', async () => {
    const last = { ...LATER, confidence: '90', weights: 'v1=0,v2=100' };
    await killedAt(last, '::group::Verify');
    await lane.shortenLeases();
    await lane.stage.underLoad(async () => {
      await lane.stage.east.remove('apps/v1', 'Deployment', `${APP}-v1`, NAMESPACE);
      await until(
        'the pods of v1 to go',
        async () => {
          const pods = await lane.stage.east.list('v1', 'Pod', NAMESPACE);
          return pods.every(({ metadata }) => metadata.labels?.['version'] !== 'v1');
        },
        { seconds: 10 },
      );
      const run = await lane.stage.run({ ...last, 'verify-timeout': '1s', 'max-rps': '1', tolerance: '5' });
      expect(run.log).toContain(`${FIRST} cannot be served: no pod of v1 is ready.`);
      await expect(lane.stage.weights()).resolves.toEqual(['v1=0,v2=100', 'v1=0,v2=100']);
    });
  });
});

describe('a rollback that dies', () => {
  const rollback = { ...LATER, operation: 'rollback' };

  test('between its writes is completed, and keeps the history', async () => {
    await lane.stage.pass(step);
    await lane.stage.pass({ ...LATER, weights: 'v1=50,v2=50' });
    const killed = await diesBetweenTheWrites(rollback);
    await expect(lane.stage.weights()).resolves.toEqual([NEXT, 'v1=50,v2=50']);
    const post = await lane.postOf(rollback, killed);
    expect(post.log).toContain(`Recovered: all clusters hold ${NEXT}`);
    await expect(lane.stage.weights()).resolves.toEqual([NEXT, NEXT]);
    const next = await lane.stage.pass(rollback);
    expect(next.outputs).toMatchObject({ weights: FIRST });
  });

  test('between its writes, without a post step, is completed by the next rollback, which goes no further back', async () => {
    await lane.stage.pass(step);
    await lane.stage.pass({ ...LATER, weights: 'v1=50,v2=50' });
    await diesBetweenTheWrites(rollback);
    await lane.shortenLeases();
    const again = await lane.stage.pass(rollback);
    expect(again.log).toContain('has not ended: this run completes it, and goes no further back.');
    expect([again.outputs['weights'], again.outputs['previous-weights']]).toEqual([NEXT, FIRST]);
    await expect(lane.stage.weights()).resolves.toEqual([NEXT, NEXT]);
    const further = await lane.stage.pass(rollback);
    expect(further.outputs).toMatchObject({ weights: FIRST });
  });

  test('while it verifies is completed by the next rollback as well', async () => {
    await lane.stage.pass(step);
    await killedAt(rollback, '::group::Verify');
    await lane.shortenLeases();
    const again = await lane.stage.pass(rollback);
    expect(again.outputs).toMatchObject({ weights: FIRST, verdict: 'pass' });
    await expect(lane.stage.weights()).resolves.toEqual([FIRST, FIRST]);
  });

  test('before its writes loses no history', async () => {
    await lane.stage.pass(step);
    const killed = await killedAt(rollback, '::group::Ready');
    await lane.postOf(rollback, killed);
    const again = await lane.stage.pass(rollback);
    expect(again.outputs).toMatchObject({ weights: FIRST });
  });
});

describe('the routes of another team in the same VirtualService', () => {
  interface Spec {
    readonly http: readonly Readonly<Record<string, unknown>>[];
  }
  const theirs = (weight: number): Readonly<Record<string, unknown>> => ({
    name: 'theirs',
    match: [{ uri: { prefix: '/theirs' } }],
    route: [
      { destination: { host: 'theirs', subset: 'a' }, weight },
      { destination: { host: 'theirs', subset: 'b' }, weight: 100 - weight },
    ],
  });
  const edit = async (change: (http: Spec['http']) => Spec['http']): Promise<void> => {
    const vs = await lane.stage.east.get(ISTIO, 'VirtualService', APP, NAMESPACE);
    const spec = vs['spec'] as Spec;
    await lane.stage.east.replace({ ...vs, spec: { ...spec, http: change(spec.http) } });
  };

  test('may change while a write fails elsewhere: ours are reverted, theirs stay', async () => {
    await edit((http) => [theirs(10), ...http]);
    let edited: Promise<void> | undefined;
    let tries = 0;
    const run = await lane.during(
      (call) => {
        if (!isRouteWrite(call, 'west')) return undefined;
        // Refused once the edit has been made: the first try is lost, and tried again.
        tries += 1;
        return tries === 1
          ? { status: 500, message: 'etcd leader changed' }
          : { status: 403, message: 'denied' };
      },
      () =>
        lane.stage.run(step, {
          onLog: (text) => {
            if (text.includes('east: wrote VirtualService'))
              edited ??= edit((http) =>
                http.map((route) => (route['name'] === 'theirs' ? theirs(90) : route)),
              );
          },
        }),
    );
    await edited;
    expect([run.code, await lane.stage.weights()]).toEqual([1, [FIRST, FIRST]]);
    expect(run.log).toContain('in east holds its earlier content again');
    const vs = await lane.stage.east.get(ISTIO, 'VirtualService', APP, NAMESPACE);
    expect((vs['spec'] as Spec).http).toContainEqual(theirs(90));
  });
});

describe('a run that died between its writes, with weights that nothing can serve any more,', () => {
  test('does not block the release that repairs it', async () => {
    await diesBetweenTheWrites(step);
    await lane.stage.east.remove('apps/v1', 'Deployment', `${APP}-v1`, NAMESPACE);
    await lane.stage.west.remove('apps/v1', 'Deployment', `${APP}-v2`, NAMESPACE);
    await until(
      'the pods to go',
      async () => {
        const { east, west } = lane.stage;
        const pods = await Promise.all([east, west].map((kube) => kube.list('v1', 'Pod', NAMESPACE)));
        return pods.flat().length === 0;
      },
      { seconds: 10 },
    );
    await lane.shortenLeases();
    const repaired = await lane.stage.pass({ ...QUICK, weights: 'v1=100,v2=0' });
    expect(repaired.log).toContain('cannot be served: no pod of v1 is ready');
    expect(repaired.outputs['verdict']).toBe('pass');
    expect([await lane.stage.weights(), await lane.holders()]).toEqual([
      ['v1=100,v2=0', 'v1=100,v2=0'],
      ['', ''],
    ]);
    const again = await lane.stage.pass({ ...LATER, weights: 'v1=100,v2=0' });
    expect([again.outputs['changed'], again.log.includes('Recovered')]).toEqual(['0', false]);
  });
});

describe('the post step of a run that died between the writes', () => {
  test('recovers the clusters in reach and names the other, which the next run recovers', async () => {
    await lane.stage.underLoad(async () => {
      const killed = await diesBetweenTheWrites(step);
      const post = await lane.during(
        ({ cluster }) => (cluster === 'west' ? 'cut' : undefined),
        () => lane.stage.run(step, { postOf: killed.state }),
      );
      expect(post.log).toContain(`Recovered: east holds ${FIRST}.`);
      expect([post.code, await lane.stage.weights()]).toEqual([1, [FIRST, FIRST]]);
      expect(post.log).toContain(
        `west is not recovered: it holds ${NEXT} or ${FIRST}, and could not be reached`,
      );
      await lane.shortenLeases();
      await lane.stage.pass(step);
      await expect(lane.stage.weights()).resolves.toEqual([NEXT, NEXT]);
    });
  });
});

describe('a release that passed, with a lock that no cluster would release,', () => {
  const locked = async (): Promise<Run> => {
    const run = await lane.during(
      (call) => (isRelease(call) ? UNAVAILABLE : undefined),
      () => lane.stage.pass(step),
    );
    expect(run.log).toContain('No cluster could be told that this run has ended.');
    return run;
  };

  test('is released by the post step, and stays', async () => {
    const post = await lane.postOf(step, await locked());
    expect(post.log).toContain('only its lock is released');
    expect([await lane.stage.weights(), await lane.holders()]).toEqual([
      [NEXT, NEXT],
      ['', ''],
    ]);
  });

  test('is verified by the next run if there was no post step, and stays', async () => {
    await locked();
    await lane.shortenLeases();
    const next = await lane.stage.pass({ ...LATER, weights: 'v1=50,v2=50' });
    expect(next.log).toContain(`Recovered: all clusters hold ${NEXT}, which is verified now.`);
    expect(next.outputs['previous-weights']).toBe(NEXT);
  });
});

describe('a run that began and ended after another had read the clusters', () => {
  test('is noticed when that one acquires the lock: it reads again', async () => {
    let first: RunningAction | undefined;
    let stop = (): void => undefined;
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    // Its last question takes long enough for it to be suspended before it asks for the lock.
    const off = lane.fleet.onCall(({ kind }) =>
      kind === 'SelfSubjectRulesReview' ? { delayMs: 1_000 } : undefined,
    );
    const suspended = lane.stage.run(step, {
      onStart: (started) => {
        first = started;
      },
      onLog: (text) => {
        if (!text.includes('::group::Preflight')) return;
        first?.kill('SIGSTOP');
        stop();
      },
    });
    await stopped;
    off();
    await lane.stage.pass({ ...LATER, weights: 'v1=70,v2=30' });
    first?.kill('SIGCONT');
    const run = await suspended;
    if (run.code !== 0) throw new Error(`The suspended run failed:\n${run.log}`);
    expect([run.code, run.outputs['previous-weights']]).toEqual([0, 'v1=70,v2=30']);
    await expect(lane.stage.weights()).resolves.toEqual([NEXT, NEXT]);
  });
});

describe('a namespace that exists', () => {
  test('gets its injection label inside the lock', async () => {
    const made = await lane.callsOf(() =>
      lane.stage.pass({ ...QUICK, weights: FIRST, injection: 'canary' }).catch(() => undefined),
    );
    const writes = made.filter(({ write, cluster }) => write && cluster === 'east').map(({ kind }) => kind);
    expect(writes.indexOf('Lease')).toBeLessThan(writes.indexOf('Namespace'));
    expect(writes).toContain('Namespace');
  });
});

describe('a record that is not understood', () => {
  const annotate = async (text: string): Promise<void> => {
    for (const kube of [lane.stage.east, lane.stage.west]) {
      const vs = await kube.get(ISTIO, 'VirtualService', APP, NAMESPACE);
      await kube.merge({
        apiVersion: ISTIO,
        kind: 'VirtualService',
        metadata: {
          name: vs.metadata.name,
          namespace: NAMESPACE,
          annotations: { 'multicluster-canary/release': text },
        },
      });
    }
  };
  const records = async (): Promise<readonly (string | undefined)[]> =>
    (await lane.stage.routes()).map(({ metadata }) => metadata.annotations?.['multicluster-canary/release']);

  test('stops a step of its app before it writes; once the advice is followed, the step passes', async () => {
    const text = '{"format":2,"app":"helloworld","weights":"all"}';
    await annotate(text);
    const run = await lane.stage.run(step);
    expect([run.code, await records()]).toEqual([1, [text, text]]);
    expect(run.log).toContain('remove the annotation to start a new history');
    await annotate('');
    await lane.stage.pass(step);
  });

  test('of another app stays, and does not hide the one of this app', async () => {
    const [own = ''] = await records();
    await annotate(`[{"format":2,"app":"other","weights":"all"},${own}]`);
    await lane.stage.pass(step);
    const rolledBack = await lane.stage.pass({ ...LATER, operation: 'rollback' });
    expect(rolledBack.outputs).toMatchObject({ weights: FIRST });
    const kept = await records();
    expect(kept).toEqual(
      kept.map(() => expect.stringContaining('{"format":2,"app":"other","weights":"all"}')),
    );
  });
});
