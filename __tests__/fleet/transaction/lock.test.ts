import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Fleet } from '../../../src/fleet/fleet.ts';
import { MONOTONIC_CLOCK } from '../../../src/core/clock.ts';
import type { Clock } from '../../../src/core/clock.ts';
import type { TransactionTarget } from '../../../src/fleet/transaction/intent.ts';
import { isUnfinished, readEachLease } from '../../../src/fleet/transaction/read-leases.ts';
import type { Leases } from '../../../src/fleet/transaction/read-leases.ts';
import { Lock } from '../../../src/fleet/transaction/lock.ts';
import type { FoundLock, Identity } from '../../../src/fleet/transaction/lock.ts';
import { CanaryError } from '../../../src/core/errors.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import '../../support/one-realm.ts';
import { kubeApi, kubeconfigFor, refuse } from '../../support/kube-api.ts';
import type { KubeApi } from '../../support/kube-api.ts';
import { EAST, WEST, release, weights } from '../../support/release.ts';
import { Opened } from '../../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const PATH = '/apis/coordination.k8s.io/v1/namespaces/gray-demo/leases/multicluster-canary-helloworld';
const ME: Identity = { holder: 'me', run: 'https://example.com/runs/1' };
const TARGET: TransactionTarget = {
  target: weights({ v1: 80, v2: 20 }),
  previous: weights({ v1: 100, v2: 0 }),
  direction: 'forward',
  history: [weights({ v1: 100 })],
  objects: [],
};

/** The Lease of another run, whose clock says so; it is renewed no more, and expires after a while that no test waits for. */
function lease(renewTime: string, intent?: Readonly<Record<string, unknown>>, seconds = 30): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: 'multicluster-canary-helloworld',
      namespace: 'gray-demo',
      annotations: {
        'example.com/owner': 'team-a',
        ...(intent === undefined ? {} : { 'multicluster-canary/intent': JSON.stringify(intent) }),
      },
    },
    spec: { holderIdentity: 'other', leaseDurationSeconds: seconds, renewTime },
  };
}
const LONG_AGO = '2020-01-01T00:00:00.000000Z';
const NOW = new Date(Date.now() + 3_600_000).toISOString();
/** The lease of a run that died: it expires after a second. */
const dead = (intent?: Readonly<Record<string, unknown>>): KubeObject => lease(NOW, intent, 1);
/** A lease that a run released with its work undone. */
const undone = (intent: Readonly<Record<string, unknown>>): KubeObject => ({
  ...lease(NOW, intent),
  spec: { holderIdentity: '' },
});

const running = new AbortController().signal;
const releaseAll = async (lock: Lock): Promise<void> => {
  await lock.release('ended', running);
};

/** Leases expire, and are renewed and looked at, so much faster than in a real run; requests take their real time. */
function fastClock(times: number): Clock {
  return {
    now: () => times * performance.now(),
    sleep: (ms, signal) => MONOTONIC_CLOCK.sleep(ms / times, signal),
  };
}
const clock = fastClock(20);
type Taken = Awaited<ReturnType<typeof Lock.acquire>>;

interface Stage {
  readonly fleet: Fleet;
  readonly east: KubeApi;
  readonly west: KubeApi;
  readonly waits: string[];
  /** Why the lock was lost. */
  readonly lost: Error[];
  /** Unless given, the leases were seen as they are now. */
  readonly take: (options?: {
    readonly signal?: AbortSignal;
    readonly onWait?: () => void;
    readonly seen?: Leases;
  }) => Promise<Taken>;
}

async function stage(east: readonly KubeObject[] = [], west: readonly KubeObject[] = []): Promise<Stage> {
  const apis = { east: opened.add(await kubeApi(...east)), west: opened.add(await kubeApi(...west)) };
  const config = kubeconfigFor({ east: apis.east.url, west: apis.west.url });
  const fleet = opened.add(Fleet.open(config, [EAST, WEST], new AbortController().signal));
  const waits: string[] = [];
  const lost: Error[] = [];
  return {
    ...apis,
    fleet,
    waits,
    lost,
    take: async ({ signal = new AbortController().signal, onWait = () => undefined, seen } = {}) => {
      const both = release({ configClusters: [WEST, EAST] });
      const onLost = (error: Error): void => void lost.push(error);
      const taken = await Lock.acquire(
        { fleet: fleet.withSignal(signal), release: both, identity: ME, clock, onLost },
        TARGET,
        {
          seen: seen ?? (await readEachLease(fleet, both)).leases,
          signal,
          onWait: (text) => {
            waits.push(text);
            onWait();
          },
        },
      );
      // Its renewal must not outlive the test.
      opened.add({ close: () => releaseAll(taken.lock) });
      return taken;
    },
  };
}

const findOwn = (fleet: Fleet, identity = ME): Promise<FoundLock> =>
  Lock.findOwn({ fleet, release: release(), identity, clock, onLost: () => undefined }, running);

const holderIn = (api: KubeApi): unknown =>
  (api.objects.get(PATH)?.['spec'] as { readonly holderIdentity?: string } | undefined)?.holderIdentity;
const intentIn = (api: KubeApi): unknown => {
  const text = api.objects.get(PATH)?.metadata.annotations?.['multicluster-canary/intent'];
  return text === undefined ? undefined : JSON.parse(text);
};

describe('acquiring the lock', () => {
  test('keeps an intent out of it that is based on what another run has changed since', async () => {
    const free = { ...lease(NOW), spec: { holderIdentity: '' } };
    const { take, east, west } = await stage([free], [free]);
    const { stale, lock } = await take({ seen: new Map() });
    expect([stale, holderIn(east), intentIn(east), holderIn(west), intentIn(west)]).toEqual([
      true,
      'me',
      undefined,
      'me',
      undefined,
    ]);
    await lock.updateIntent(TARGET, running);
    expect(intentIn(east)).toMatchObject({ target: { v1: 80, v2: 20 } });
  });

  test('creates a Lease with the intent in every config cluster', async () => {
    const { take, east, west } = await stage();
    await take();
    const written = {
      format: 1,
      target: { v1: 80, v2: 20 },
      previous: { v1: 100, v2: 0 },
      direction: 'forward',
      history: [{ v1: 100 }],
      transaction: expect.stringMatching(/^me\/.{36}$/),
      ...ME,
    };
    expect([holderIn(east), holderIn(west), intentIn(east), intentIn(west)]).toEqual([
      'me',
      'me',
      written,
      written,
    ]);
  });

  test('waits for nobody if it is free, and finds nothing unfinished', async () => {
    const { take } = await stage();
    expect(await take()).toMatchObject({ abandoned: undefined, stale: false });
  });

  test('succeeds once it was released', async () => {
    const { take, east } = await stage([{ ...lease(NOW), spec: { holderIdentity: '' } }]);
    await take();
    expect(holderIn(east)).toBe('me');
  });

  test('of a dead run returns what that run left unfinished', async () => {
    const left = {
      target: { v1: 50, v2: 50 },
      previous: { v1: 80, v2: 20 },
      run: 'https://example.com/runs/0',
    };
    const { take } = await stage([dead(left)]);
    expect((await take()).abandoned).toEqual({
      target: weights({ v1: 50, v2: 50 }),
      previous: weights({ v1: 80, v2: 20 }),
      direction: 'forward',
      history: undefined,
      objects: [],
      run: left.run,
      holder: 'other',
      transaction: 'other',
    });
  });

  test.each<[string, string]>([
    ['a renewal time that cannot be read', 'yesterday'],
    ['no renewal time', ''],
  ])('of a dead run succeeds although its Lease has %s', async (_what, renewTime) => {
    const { take, east } = await stage([lease(renewTime, undefined, 1)]);
    await take();
    expect(holderIn(east)).toBe('me');
  });

  test.each([
    ['no weights', { target: 'everything' }],
    ['weights that sum to 200', { target: { v1: 100, v2: 100 }, run: 'run', holder: 'other' }],
    ['a format of a later version', { format: 2, target: { v1: 100 }, run: 'run', holder: 'other' }],
  ])(
    'fails at an intent of %s with a command that removes it, and changes nothing',
    async (_what, intent) => {
      const { take, east, west } = await stage([], [undone(intent)]);
      await expect(take()).rejects.toThrow(
        /The Lease gray-demo\/multicluster-canary-helloworld in west holds an intent .* remove it: kubectl --context west --namespace gray-demo annotate lease multicluster-canary-helloworld multicluster-canary\/intent-$/,
      );
      expect([holderIn(east), holderIn(west), intentIn(west)]).toEqual([undefined, '', intent]);
    },
  );

  test('keeps everything else in the Lease', async () => {
    const { take, east } = await stage([dead()]);
    await take();
    expect(east.objects.get(PATH)?.metadata.annotations).toMatchObject({ 'example.com/owner': 'team-a' });
  });

  test.each([
    ['two minutes', 120_000],
    ['ten minutes', 600_000],
    ['years', Date.now() - Date.parse(LONG_AGO)],
  ])('waits for a run whose clock is %s behind, as long as that renews it', async (_what, behind) => {
    const theirs = (): KubeObject => lease(new Date(Date.now() - behind).toISOString(), undefined, 1);
    const { take, east, waits } = await stage([theirs()]);
    let looks = 0;
    east.intercept = ({ method, path }) => {
      if (method === 'GET' && path === PATH) {
        looks += 1;
        // Renewed between two looks, again and again, and released in the end.
        if (looks > 3) east.objects.delete(PATH);
        else if (looks > 1) east.objects.set(PATH, theirs());
      }
      return false;
    };
    const taken = await take();
    expect([taken.stale, waits]).toEqual([
      true,
      ['other holds the lock of helloworld in east: waiting for it.'],
    ]);
  });

  test('is not stale if nobody wrote the Lease since it was seen', async () => {
    const { take } = await stage([{ ...lease(NOW), spec: { holderIdentity: '' } }]);
    expect((await take()).stale).toBe(false);
  });

  test('is stale if another run held the lock since it was seen', async () => {
    const { take, fleet, east } = await stage();
    const { leases: seen } = await readEachLease(fleet, release());
    east.objects.set(PATH, {
      ...lease(NOW),
      spec: { holderIdentity: '' },
      metadata: { ...lease(NOW).metadata, resourceVersion: 'theirs' },
    });
    expect((await take({ seen })).stale).toBe(true);
  });

  test('succeeds once the holder has been silent for as long as its Lease allows', async () => {
    const { spec, ...rest } = lease(NOW, { target: { v1: 100 }, run: 'https://example.com/runs/0' });
    const { take, east } = await stage([{ ...rest, spec: { ...(spec as object), leaseDurationSeconds: 1 } }]);
    const { abandoned, stale } = await take();
    expect([holderIn(east), abandoned?.run, stale]).toEqual(['me', 'https://example.com/runs/0', true]);
  });

  test.each([
    ['stored, and its answer lost', true],
    ['lost', false],
  ])('succeeds although the claim was %s', async (_what, stored) => {
    const { take, east } = await stage();
    let claims = 0;
    east.intercept = ({ method, body }, response) => {
      if (method !== 'POST' || (claims += 1) > 1) return false;
      const sent = JSON.parse(body) as KubeObject;
      if (stored) east.objects.set(PATH, { ...sent, metadata: { ...sent.metadata, resourceVersion: 'x' } });
      response.destroy();
      return true;
    };
    expect(await take()).toMatchObject({ abandoned: undefined, stale: false });
    expect([holderIn(east), intentIn(east)]).toMatchObject(['me', { run: ME.run }]);
  });

  test('waits for a run that goes on, and names it', async () => {
    const { take, east, waits } = await stage([
      lease(NOW, { target: { v1: 100 }, run: 'https://example.com/runs/0' }),
    ]);
    const taken = await take({ onWait: () => east.objects.delete(PATH) });
    expect([taken.stale, waits]).toEqual([
      true,
      ['https://example.com/runs/0 holds the lock of helloworld in east: waiting for it.'],
    ]);
  });

  test('leaves no lock behind when it is cancelled while it waits', async () => {
    const { take, east } = await stage([], [lease(NOW)]);
    const controller = new AbortController();
    const reason = new CanaryError('Cancelled by SIGINT.');
    const taking = take({
      signal: controller.signal,
      onWait: () => {
        controller.abort(reason);
      },
    });
    await expect(taking).rejects.toBe(reason);
    expect(holderIn(east)).toBe('');
  });

  test('leaves no lock behind when it is cancelled during a claim', async () => {
    const { take, east } = await stage();
    const controller = new AbortController();
    const reason = new CanaryError('Cancelled by SIGINT.');
    east.intercept = ({ method, body }, response) => {
      if (method !== 'POST') return false;
      const sent = JSON.parse(body) as KubeObject;
      const stored = { ...sent, metadata: { ...sent.metadata, resourceVersion: 'x' } };
      controller.abort(reason);
      setTimeout(() => {
        east.objects.set(PATH, stored);
        response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(stored));
      }, 50);
      return true;
    };
    await expect(take({ signal: controller.signal })).rejects.toBe(reason);
    expect(holderIn(east)).toBe('');
  });

  test('leaves no lock behind if one cluster refuses', async () => {
    const { take, east, west } = await stage();
    west.intercept = ({ method }, response) => {
      if (method === 'GET') return false;
      refuse(response, 403, 'Forbidden', 'leases is forbidden');
      return true;
    };
    await expect(take()).rejects.toThrow('leases is forbidden');
    expect(holderIn(east)).toBe('');
  });

  test('leaves no lock behind if a claim without an answer arrives after the next one was refused', async () => {
    const { take, east, west } = await stage();
    let claims = 0;
    west.intercept = ({ method, body }, response) => {
      if (method !== 'POST') return false;
      claims += 1;
      if (claims === 1) response.destroy();
      else {
        const late = JSON.parse(body) as KubeObject;
        west.objects.set(PATH, { ...late, metadata: { ...late.metadata, resourceVersion: 'late' } });
        refuse(response, 403, 'Forbidden', 'leases is forbidden');
      }
      return true;
    };
    await expect(take()).rejects.toThrow('leases is forbidden');
    expect([claims, holderIn(east), holderIn(west)]).toEqual([2, '', '']);
  });

  test('waits for a run that was faster by a moment, and names it', async () => {
    const { take, east, waits } = await stage();
    let looks = 0;
    east.intercept = ({ method, path }) => {
      if (method === 'POST' && looks === 1) east.objects.set(PATH, lease(NOW));
      if (method === 'GET' && path === PATH) looks += 1;
      // The other run holds it at the second look, and has given it back at the third.
      if (looks === 3) east.objects.delete(PATH);
      return false;
    };
    await take({ seen: new Map() });
    expect(waits).toEqual(['other holds the lock of helloworld in east: waiting for it.']);
  });
});

describe('acquiring the lock of several clusters', () => {
  const short = (renewTime: string): KubeObject => {
    const { spec, ...rest } = lease(renewTime);
    return { ...rest, spec: { ...(spec as object), leaseDurationSeconds: 1 } };
  };

  test('observes the Leases of a dead run side by side', async () => {
    const { take, east, west } = await stage([short(NOW)], [short(NOW)]);
    let looks = 0;
    let looksBefore = 0;
    west.intercept = ({ method }) => {
      if (method === 'GET') looks += 1;
      return false;
    };
    east.intercept = ({ method }) => {
      if (method === 'PUT') looksBefore ||= looks;
      return false;
    };
    await take();
    expect(looksBefore).toBeGreaterThan(1);
  });

  const left = { target: { v1: 50, v2: 50 }, run: 'https://example.com/runs/0', holder: 'other' };
  const ended = (holder: string): KubeObject => {
    const { metadata, ...rest } = lease(NOW);
    const annotations = { 'multicluster-canary/ended': holder };
    return { ...rest, metadata: { ...metadata, annotations }, spec: { holderIdentity: '' } };
  };

  test('finds nothing unfinished that another cluster knows to have ended', async () => {
    const { take, east } = await stage([dead(left)], [ended('other')]);
    expect((await take()).abandoned).toBeUndefined();
    expect(intentIn(east)).toMatchObject(ME);
  });

  test('waits for nobody where another cluster knows that the transaction of the holder has ended', async () => {
    const { take, waits, east, fleet } = await stage([lease(NOW, left)], [ended('other')]);
    const { leases } = await readEachLease(fleet, release({ configClusters: [EAST, WEST] }));
    expect(isUnfinished(leases)).toBe(true);
    await take();
    expect([waits, holderIn(east)]).toEqual([[], ME.holder]);
  });

  test('does not confuse the end of one run with that of another', async () => {
    const { take } = await stage([dead(left)], [ended('somebody')]);
    expect((await take()).abandoned).toMatchObject({ run: left.run });
  });

  test('finds the earliest of two transactions that were not recovered', async () => {
    const own = { ...left, run: 'https://example.com/runs/1', target: { v1: 10, v2: 90 } };
    const found = { ...left, holder: 'the first' };
    const { take } = await stage([dead(own)], [dead(found)]);
    expect((await take()).abandoned).toMatchObject({ holder: 'the first', run: left.run });
  });

  test('keeps what an earlier run left in one cluster if another refuses', async () => {
    const { take, east, west } = await stage([dead(left)]);
    west.intercept = ({ method }, response) => {
      if (method === 'GET') return false;
      refuse(response, 403, 'Forbidden', 'leases is forbidden');
      return true;
    };
    await expect(take()).rejects.toThrow('leases is forbidden');
    expect([holderIn(east), intentIn(east)]).toEqual(['', left]);
  });

  test('goes on waiting for a run that was faster, however long it takes', async () => {
    const { take, east, lost } = await stage();
    let looks = 0;
    east.intercept = ({ method, path }) => {
      if (method === 'POST' && looks === 1) east.objects.set(PATH, lease(NOW));
      if (method === 'GET' && path === PATH) looks += 1;
      // By then the lock has been renewed in the clusters where it is held: this is none of them.
      if (looks === 13) east.objects.delete(PATH);
      return false;
    };
    await take({ seen: new Map() });
    expect(lost).toEqual([]);
  });
});

describe('a lock that is held', () => {
  const theirs = (api: KubeApi): void => {
    const { metadata, ...rest } = lease(NOW);
    api.objects.set(PATH, { ...rest, metadata: { ...metadata, resourceVersion: 'theirs' } });
  };

  test('is released once a restarted API server answers again', async () => {
    const { take, east } = await stage();
    const { lock } = await take();
    let tries = 0;
    east.intercept = ({ method }, response) => {
      if (method !== 'PUT' || (tries += 1) > 2) return false;
      refuse(response, 503, 'ServiceUnavailable', 'shutting down');
      return true;
    };
    expect([await lock.release('ended', running), holderIn(east), intentIn(east)]).toEqual([
      new Map(),
      '',
      undefined,
    ]);
  });

  test('is released by a cancelled run although a cluster is away, which is named', async () => {
    const { take, east, west } = await stage();
    const { lock } = await take();
    east.intercept = (_asked, response) => {
      response.destroy();
      return true;
    };
    const failures = await lock.release('ended', AbortSignal.abort(new CanaryError('Cancelled.')));
    expect([[...failures.keys()], holderIn(west)]).toEqual([[EAST], '']);
  });

  test('is no longer held once it was taken over in every cluster', async () => {
    const { take, east, west } = await stage();
    const { lock } = await take();
    theirs(east);
    theirs(west);
    expect(await lock.isHeld(running)).toBe(false);
  });

  test('keeps its intent in the other clusters once it was taken over in one', async () => {
    const { take, east, west } = await stage();
    const { lock } = await take();
    theirs(east);
    await lock.isHeld(running);
    await lock.release('ended', running);
    expect([holderIn(east), holderIn(west), intentIn(west)]).toMatchObject(['other', '', { run: ME.run }]);
  });

  test('counts as held if a cluster does not answer', async () => {
    const { take, east } = await stage();
    const { lock } = await take();
    east.intercept = (_asked, response) => {
      response.destroy();
      return true;
    };
    expect(await lock.isHeld(AbortSignal.timeout(300))).toBe(true);
    east.intercept = () => false;
  });

  test('is found again by its run if it was released with an open intent', async () => {
    const { take, fleet, east } = await stage();
    await (await take()).lock.release('open intent', running);
    const free = holderIn(east);
    const { own: found } = await findOwn(fleet);
    opened.add({ close: async () => found && releaseAll(found.lock) });
    expect([free, found?.abandoned, holderIn(east)]).toMatchObject(['', { ...TARGET, ...ME }, 'me']);
  });

  test('hands its open intent to the next run', async () => {
    const { take, fleet } = await stage();
    await (await take()).lock.release('open intent', running);
    const identity = { ...ME, holder: 'next' };
    const next = await Lock.acquire(
      { fleet, release: release(), identity, clock, onLost: () => undefined },
      TARGET,
      { seen: new Map(), signal: running, onWait: () => undefined },
    );
    opened.add({ close: () => releaseAll(next.lock) });
    expect(next).toMatchObject({ abandoned: { ...TARGET, ...ME }, stale: true });
  });

  test('is not found by its run once another run holds it', async () => {
    const { take, fleet, east, west } = await stage();
    await (await take()).lock.release('open intent', running);
    theirs(east);
    theirs(west);
    expect(await findOwn(fleet)).toEqual({ own: undefined, unreachable: new Map() });
  });

  test('is released in every cluster without its intent', async () => {
    const { take, east, west } = await stage();
    await (await take()).lock.release('ended', running);
    expect([holderIn(east), holderIn(west), intentIn(east), intentIn(west)]).toEqual([
      '',
      '',
      undefined,
      undefined,
    ]);
  });

  test.each([
    ['a conflict', 409],
    ['an error of the server', 500],
  ])('is released in spite of %s', async (_what, status) => {
    const { take, east } = await stage();
    const { lock } = await take();
    let puts = 0;
    east.intercept = ({ method }, response) => {
      if (method !== 'PUT' || (puts += 1) > 1) return false;
      refuse(response, status, 'Trouble', 'once');
      return true;
    };
    await lock.release('ended', running);
    expect(holderIn(east)).toBe('');
  });

  test('is not released under a run that took it over', async () => {
    const { take, east } = await stage();
    const { lock } = await take();
    const { spec, ...rest } = lease(NOW);
    const theirs = { ...rest, spec, metadata: { ...rest.metadata, resourceVersion: 'theirs' } };
    east.objects.set(PATH, theirs);
    await lock.release('ended', running);
    expect(holderIn(east)).toBe('other');
  });

  test('replaces its intent in every cluster', async () => {
    const { take, east, west } = await stage();
    const { lock } = await take();
    await lock.updateIntent(
      { target: weights({ v1: 100 }), previous: undefined, direction: 'back', history: [], objects: [] },
      running,
    );
    const { transaction } = lock;
    const written = { format: 1, target: { v1: 100 }, direction: 'back', history: [], transaction, ...ME };
    expect([intentIn(east), intentIn(west)]).toEqual([written, written]);
  });

  test('is found by its own run, with its intent', async () => {
    const { take, fleet } = await stage();
    await take();
    const { own: found } = await findOwn(fleet);
    opened.add({ close: async () => found && releaseAll(found.lock) });
    expect(found).toMatchObject({ abandoned: { ...TARGET, ...ME } });
  });

  test('is found by no other run', async () => {
    const { take, fleet } = await stage();
    await take();
    expect((await findOwn(fleet, { ...ME, holder: 'other' })).own).toBeUndefined();
  });

  test('is found in the clusters that can be read, and the others are named', async () => {
    const { take, fleet, west } = await stage();
    await (await take()).lock.release('open intent', running);
    west.intercept = (_asked, response) => {
      refuse(response, 403, 'Forbidden', 'leases is forbidden');
      return true;
    };
    const { own, unreachable } = await findOwn(fleet);
    opened.add({ close: async () => own && releaseAll(own.lock) });
    expect([own?.abandoned, [...unreachable.keys()]]).toMatchObject([{ ...TARGET, ...ME }, [WEST]]);
    west.intercept = () => false;
  });

  test('asks the clusters, and says that another run has taken it over', async () => {
    const { take, east } = await stage();
    const { lock } = await take();
    const { signal } = new AbortController();
    await lock.assertHeld(signal);
    theirs(east);
    await expect(lock.assertHeld(signal)).rejects.toThrow(
      'This run no longer holds the lock of helloworld in east: another run has taken it over',
    );
  });
});

describe('the transactions of one run', () => {
  test('are distinct: the end of the first says nothing about the second', async () => {
    const { take, fleet } = await stage();
    await (await take()).lock.release('ended', running);
    const second = await take();
    await second.lock.release('open intent', running);
    const { own: found } = await findOwn(fleet);
    opened.add({ close: async () => found && releaseAll(found.lock) });
    expect(found?.abandoned).toMatchObject({ ...TARGET, ...ME, transaction: second.lock.transaction });
  });

  test('replace the intent of an earlier one that has ended, wherever that is known', async () => {
    const { take, west } = await stage();
    const first = (await take()).lock;
    west.intercept = ({ method }, response) => {
      if (method !== 'PUT') return false;
      refuse(response, 403, 'Forbidden', 'no');
      return true;
    };
    const failures = await first.release('ended', running);
    west.intercept = () => false;
    const { abandoned, lock } = await take();
    expect([[...failures.keys()], abandoned]).toEqual([[WEST], undefined]);
    expect(intentIn(west)).toMatchObject({ transaction: lock.transaction });
  });
});

describe('the lock of many clusters', () => {
  const names = Array.from({ length: 40 }, (_, i) => `c${String(i).padStart(2, '0')}`);

  async function gatedFleet(gate: KubeApi['gate']): Promise<Fleet> {
    const apis = await Promise.all(names.map(async () => opened.add(await kubeApi())));
    for (const api of apis) api.gate = gate;
    const urls = Object.fromEntries(names.map((name, i) => [name, apis[i]?.url ?? '']));
    return opened.add(Fleet.open(kubeconfigFor(urls), names, new AbortController().signal));
  }

  const acquiring = (
    fleet: Fleet,
    holder: string,
    configClusters: readonly string[],
    time: Clock,
  ): Promise<Taken> => {
    const onLost = (error: Error): void => {
      throw error;
    };
    return Lock.acquire(
      { fleet, release: release({ configClusters }), identity: { ...ME, holder }, clock: time, onLost },
      TARGET,
      { seen: new Map(), signal: running, onWait: () => undefined },
    );
  };

  test('is claimed side by side in all clusters after the first, and kept', async () => {
    let claims = 0;
    const { promise: allClaimed, resolve } = Promise.withResolvers<undefined>();
    // Claims made one after the other would wait for the rest forever.
    const fleet = await gatedFleet(async ({ method }) => {
      if (method !== 'POST') return;
      claims += 1;
      if (claims === names.length) resolve(undefined);
      if (claims > 1) await allClaimed;
    });
    const { lock } = await acquiring(fleet, 'me', names, MONOTONIC_CLOCK);
    expect(await lock.isHeld(running)).toBe(true);
    await lock.release('ended', running);
  });

  test('is acquired without a deadlock by runs that name different clusters', async () => {
    const fleet = await gatedFleet(() => delay(10));
    const parts = [names.slice(0, 6), names.slice(2, 8), names.slice(4, 9), names.slice(0, 9).toReversed()];
    let held = 0;
    const one = async (part: readonly string[], i: number): Promise<number> => {
      const { lock } = await acquiring(fleet, `run ${String(i)}`, part, fastClock(4));
      const at = (held += 1);
      await lock.release('ended', running);
      return at;
    };
    const order = await Promise.all(parts.map(one));
    expect(order.toSorted()).toEqual([1, 2, 3, 4]);
  });
});
