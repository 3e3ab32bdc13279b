import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RunningAction } from '../../testbed/run-action.ts';
import { ISTIO } from '../scenarios/support/kube.ts';
import { APP, NAMESPACE, deployment, destinationRule, image, service } from '../scenarios/support/objects.ts';
import { LATER, Lane, QUICK, UNDECIDED } from './support/lanes.ts';

const FIRST = 'v1=80,v2=20';
const NEXT = 'v1=60,v2=40';
/** Samples that come so slowly that no verdict is near. */
const slow = { ...LATER, weights: NEXT, 'max-rps': '1' };

let lane: Lane;
beforeEach(async () => {
  lane = await Lane.open();
  await lane.stage.pass({ ...QUICK, weights: FIRST });
});
afterEach(() => lane.fleet.stop());

interface Routed {
  readonly http: readonly {
    readonly name?: string;
    readonly route: readonly {
      readonly destination: { readonly subset?: string };
      readonly weight?: number;
    }[];
  }[];
}

/** Someone sends all users of west to v1. */
async function sendAllToV1(): Promise<void> {
  const vs = await lane.stage.west.get(ISTIO, 'VirtualService', APP, NAMESPACE);
  const { http, ...rest } = vs['spec'] as Routed;
  const edited = http.map((route) =>
    route.name === APP
      ? {
          ...route,
          route: route.route.map((one) => ({ ...one, weight: one.destination.subset === 'v1' ? 100 : 0 })),
        }
      : route,
  );
  await lane.stage.west.replace({ ...vs, spec: { ...rest, http: edited } });
}

/** Someone, or an autoscaler, takes the pods of a version in east away. */
async function scaleToZero(version: string): Promise<void> {
  await lane.stage.east.merge({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `${APP}-${version}`, namespace: NAMESPACE },
    spec: { replicas: 0 },
  });
}

/** Someone changes the weights in a cluster, and nothing else. */
async function splitEvenly(cluster: 'east' | 'west'): Promise<void> {
  const vs = await lane.stage[cluster].get(ISTIO, 'VirtualService', APP, NAMESPACE);
  const { http, ...rest } = vs['spec'] as Routed;
  const edited = http.map((route) =>
    route.name === APP ? { ...route, route: route.route.map((one) => ({ ...one, weight: 50 })) } : route,
  );
  await lane.stage[cluster].replace({ ...vs, spec: { ...rest, http: edited } });
}

describe('while a step is planned', () => {
  test.each(['rollout', 'plan'])('an edit makes a %s read the clusters again', async (operation) => {
    let edit: Promise<void> | undefined;
    const run = await lane.during(
      ({ cluster, kind, verb, dryRun }) =>
        cluster === 'east' && kind === 'VirtualService' && verb === 'update' && dryRun && edit === undefined
          ? { after: (edit = splitEvenly('east')) }
          : undefined,
      () => lane.stage.run({ ...LATER, operation, weights: NEXT }),
    );
    expect(run.log).toContain('Reading the clusters again.');
    expect(run.log).toContain('east holds v1=50,v2=50');
  });

  test('a list from before the edit is not believed', async () => {
    await splitEvenly('east');
    let isStale = true;
    const run = await lane.during(
      ({ cluster, kind, verb }) => {
        if (cluster !== 'east' || kind !== 'VirtualService' || verb !== 'list' || !isStale) return undefined;
        isStale = false;
        return 'stale';
      },
      () => lane.stage.run({ ...LATER, operation: 'plan', weights: NEXT }),
    );
    expect([run.code, run.log]).toEqual([1, expect.stringContaining('east holds v1=50,v2=50')]);
  });
});

describe('while a step is verified', () => {
  test('an edit of one cluster stays when the others are rolled back, and is reported', async () => {
    let edit: Promise<void> | undefined;
    const run = await lane.stage.run(
      { ...LATER, weights: NEXT, tolerance: '5', 'max-rps': '20' },
      {
        onLog: (text) => {
          if (text.includes('::group::Verify')) edit ??= sendAllToV1();
        },
      },
    );
    await edit;
    expect(run.code).toBe(1);
    await expect(lane.stage.weights()).resolves.toEqual([FIRST, 'v1=100,v2=0']);
    expect(run.outputs['weights']).toBe('');
    expect(run.summary).toMatch(
      /in west holds v1=100,v2=0 instead of the v1=60,v2=40 .*kubectl-replace at .*: left unchanged\. east holds v1=80,v2=20\./,
    );
    expect(run.summary).not.toContain('nothing is urgent');
  });

  test('a run whose lock another one has taken over writes nothing more', async () => {
    let first: RunningAction | undefined;
    let stop = (): void => undefined;
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const suspended = lane.stage.run(slow, {
      onStart: (started) => {
        first = started;
      },
      onLog: (text) => {
        if (!text.includes('::group::Verify')) return;
        first?.kill('SIGSTOP');
        stop();
      },
    });
    await stopped;
    await lane.shortenLeases();
    await lane.stage.pass({ ...LATER, weights: 'v1=30,v2=70' });
    // It is cancelled as it goes on, so that it has something to give back.
    first?.kill('SIGINT');
    first?.kill('SIGCONT');
    const run = await suspended;
    expect(run.code).toBe(1);
    expect(run.log).toContain('Nothing is restored: another run has taken over the lock');
    await expect(lane.stage.weights()).resolves.toEqual(['v1=30,v2=70', 'v1=30,v2=70']);
  });
});

describe('a step that is rolled back', () => {
  const bad = { ...LATER, ...UNDECIDED, weights: NEXT };

  test('reports as previous weights those before the ones it restored', async () => {
    await lane.stage.pass({ ...LATER, weights: 'v1=70,v2=30' });
    const run = await lane.stage.run(bad);
    expect(run.outputs).toMatchObject({ weights: 'v1=70,v2=30', 'previous-weights': FIRST });
  });

  test('keeps its weights if no ready pod is left to serve the earlier ones', async () => {
    const all = 'v1=0,v2=100';
    let scaled: Promise<void> | undefined;
    await lane.stage.underLoad(async () => {
      const run = await lane.stage.run(
        { ...bad, weights: all, 'verify-timeout': '4s' },
        {
          onLog: (text) => {
            if (text.includes('::group::Verify')) scaled ??= scaleToZero('v1');
          },
        },
      );
      await scaled;
      expect(run.code).toBe(1);
      expect(run.summary).toContain(`${FIRST} cannot be served: no pod of v1 is ready`);
      await expect(lane.stage.weights()).resolves.toEqual([all, all]);
      await lane.postOf({ ...bad, weights: all }, run);
      await expect(lane.stage.weights()).resolves.toEqual([all, all]);
    });
  });

  test('restores the image of a version in traffic that it replaced', async () => {
    const run = await lane.stage.run({ ...bad, image: image('v2', 'next') });
    expect(run.log).toMatch(
      /Deployment gray-demo\/helloworld-v2 in west is back on image \S+:latest, and ready\./,
    );
    expect(run.summary).not.toContain('nothing is urgent');
  });
});

describe('a retirement', () => {
  test('leaves the workload whose pods another Service needs', async () => {
    await lane.stage.pass({ ...LATER, weights: 'v1=0,v2=100' });
    await lane.stage.east.create({
      ...service(),
      metadata: { name: `${APP}-v1`, namespace: NAMESPACE },
      spec: { selector: { app: APP, version: 'v1' }, ports: [{ port: 5000 }] },
    });
    const inputs = { ...LATER, operation: 'retire', version: 'v1' };
    const run = await lane.stage.pass(inputs);
    expect(run.log).toContain(
      'Deployment gray-demo/helloworld-v1 stays: Service gray-demo/helloworld-v1 leads',
    );
    await lane.stage.east.get('apps/v1', 'Deployment', `${APP}-v1`, NAMESPACE);
    await lane.stage.east.remove('v1', 'Service', `${APP}-v1`, NAMESPACE);
    await lane.stage.pass(inputs);
    await expect(
      lane.stage.east.find('apps/v1', 'Deployment', `${APP}-v1`, NAMESPACE),
    ).resolves.toBeUndefined();
  });

  const retire = { ...LATER, operation: 'retire', version: 'v1', 'verify-timeout': '2s' };

  test('that is run again waits for the routes that its first run wrote', async () => {
    const frozen = await Lane.open({ gatewayReplicas: 3 });
    try {
      const { stage, fleet } = frozen;
      await stage.pass({ ...QUICK, weights: FIRST });
      fleet.freezeReplica('east', 1);
      await stage.run({ ...LATER, weights: 'v1=0,v2=100', 'on-failure': 'keep', 'verify-timeout': '2s' });
      await stage.run(retire);
      const again = await stage.run(retire);
      expect(again).toMatchObject({ code: 1, outputs: { changed: '0' } });
      expect(again.log).toContain('did not get through the ingress of east');
    } finally {
      await frozen.fleet.stop();
    }
  });

  test('that fails before it verifies reports the weights all the same', async () => {
    await lane.stage.pass({ ...LATER, confidence: '90', weights: 'v1=0,v2=100' });
    lane.fleet.onCall(({ cluster, kind, write, dryRun }) =>
      cluster === 'west' && kind === 'VirtualService' && write && !dryRun
        ? { status: 403, message: 'no' }
        : undefined,
    );
    const run = await lane.stage.run(retire);
    expect(run).toMatchObject({ code: 1, outputs: { weights: 'v1=0,v2=100' } });
  });

  test('that failed while it deleted workloads finds the rest by the labels of the subset', async () => {
    await lane.stage.pass({ ...LATER, confidence: '90', weights: 'v1=0,v2=100' });
    const labels = { app: APP, track: 'stable' };
    const subsets = [
      { name: 'v1', labels: { track: 'stable' } },
      { name: 'v2', labels: { version: 'v2' } },
    ];
    for (const kube of [lane.stage.east, lane.stage.west]) await kube.merge(destinationRule([], { subsets }));
    const stable = {
      ...deployment('v1'),
      metadata: { name: 'stable', namespace: NAMESPACE },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: APP, image: image('v1') }] } },
      },
    };
    await lane.stage.east.create(stable);
    const allow = lane.fleet.onCall(({ kind, verb, dryRun }) =>
      kind === 'Deployment' && verb === 'delete' && !dryRun ? { status: 403, message: 'no' } : undefined,
    );
    await expect(lane.stage.run(retire)).resolves.toMatchObject({ code: 1 });
    allow();
    await lane.stage.pass(retire);
    await expect(lane.stage.east.find('apps/v1', 'Deployment', 'stable', NAMESPACE)).resolves.toBeUndefined();
  });
});

describe('a cluster that joins a release', () => {
  const clusters = 'v1: east\nv2: west, north';

  test('without a route yet does not prevent the recovery of a dead run', async () => {
    const wide = await Lane.open({ clusters: ['east', 'west', 'north'] });
    try {
      const { stage } = wide;
      await stage.pass({ ...QUICK, weights: FIRST });
      let running: RunningAction | undefined;
      const joining = { ...QUICK, clusters, image: `v2=${image('v2')}` };
      const killed = await stage.run(joining, {
        onStart: (started) => {
          running = started;
        },
        onLog: (text) => {
          if (text.includes('::group::Ready')) running?.kill('SIGKILL');
        },
      });
      await wide.postOf(joining, killed);
      await expect(stage.weights()).resolves.toEqual([FIRST, FIRST]);
    } finally {
      await wide.fleet.stop();
    }
  });
});
