import { afterEach, describe, expect, test } from '@jest/globals';
import { rebased, withVersionOf, writeInOrder, writeTogether } from '../../src/fleet/apply.ts';
import { Fleet } from '../../src/fleet/fleet.ts';
import type { Change } from '../../src/release/change.ts';
import { CanaryError, messageOf } from '../../src/release/errors.ts';
import { nameOf } from '../../src/release/objects.ts';
import type { VirtualService } from '../../src/release/objects.ts';
import '../support/one-realm.ts';
import { kubeApi, kubeconfigFor, pathOf, refuse } from '../support/kube-api.ts';
import type { Intercept, KubeApi } from '../support/kube-api.ts';
import { destinationRule, service, to, virtualService } from '../support/objects.ts';
import { EAST, WEST } from '../support/release.ts';
import { Opened } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const signal = new AbortController().signal;
const OLD = virtualService([{ route: [to('v1', 100)] }]);
const PATH = pathOf(OLD);
const NEW: VirtualService = {
  ...OLD,
  spec: { ...OLD.spec, http: [{ route: [to('v1', 80), to('v2', 20)] }] },
};

interface Stage {
  readonly fleet: Fleet;
  readonly east: KubeApi;
  readonly west: KubeApi;
  /** From the old to the new VirtualService, in both clusters. */
  readonly changes: readonly Change[];
}

async function stage(): Promise<Stage> {
  const apis = { east: opened.add(await kubeApi(OLD)), west: opened.add(await kubeApi(OLD)) };
  const config = kubeconfigFor({ east: apis.east.url, west: apis.west.url });
  const fleet = opened.add(Fleet.open(config, [EAST, WEST], signal));
  const changes = await Promise.all(
    [EAST, WEST].map(async (cluster): Promise<Change> => {
      const before =
        (await fleet
          .cluster(cluster)
          .read(OLD.apiVersion, OLD.kind, OLD.metadata.name, OLD.metadata.namespace)) ?? OLD;
      return { cluster, verb: 'update', object: withVersionOf(NEW, before), before, reason: 'weights' };
    }),
  );
  return { ...apis, fleet, changes };
}

const heldIn = (api: KubeApi): unknown => api.objects.get(PATH)?.['spec'];
const puts = (answer: Intercept, count = 1): Intercept => {
  let left = count;
  return (asked, response) => {
    if (asked.method !== 'PUT' || left === 0) return false;
    left -= 1;
    return answer(asked, response);
  };
};
const failing = (): Intercept =>
  puts((_asked, response) => {
    refuse(response, 403, 'Forbidden', 'virtualservices is forbidden');
    return true;
  });

describe('writing together', () => {
  test('writes every cluster, and tells each write', async () => {
    const { fleet, changes, east, west } = await stage();
    const told: string[] = [];
    await writeTogether(fleet, changes, signal, ({ change, stored }) =>
      told.push(`${change.cluster} ${nameOf(stored)}`),
    );
    expect([told.toSorted(), heldIn(east), heldIn(west)]).toEqual([
      ['east VirtualService gray-demo/helloworld', 'west VirtualService gray-demo/helloworld'],
      NEW.spec,
      NEW.spec,
    ]);
  });

  test('puts back what was written where another cluster refuses', async () => {
    const { fleet, changes, east, west } = await stage();
    west.intercept = failing();
    await expect(writeTogether(fleet, changes, signal, () => undefined)).rejects.toThrow(
      'virtualservices is forbidden',
    );
    expect([heldIn(east), heldIn(west)]).toEqual([OLD.spec, OLD.spec]);
  });

  test('says what failed, and what stands where', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = failing();
    const told: unknown[] = [];
    const failure = await writeTogether(fleet, changes, signal, ({ change, earlier, stored }) => {
      told.push([change.cluster, change.reason, earlier?.['spec'], stored['spec']]);
    }).catch(messageOf);
    expect(failure).toMatch(
      /^Updating VirtualService gray-demo\/helloworld in west: .*\nVirtualService gray-demo\/helloworld in east holds its earlier content again\./s,
    );
    expect(told).toEqual([
      [EAST, 'weights', OLD.spec, NEW.spec],
      [EAST, 'put back', NEW.spec, OLD.spec],
    ]);
  });

  test('leaves what someone else changed after it, and says so', async () => {
    const { fleet, changes, east, west } = await stage();
    const theirs = { ...NEW, spec: { hosts: ['theirs'] } };
    // The other cluster refuses only once the edit is there.
    let edited = (): void => undefined;
    const edit = new Promise<void>((resolve) => {
      edited = resolve;
    });
    west.intercept = puts((_asked, response) => {
      void edit.then(() => {
        refuse(response, 403, 'Forbidden', 'no');
      });
      return true;
    });
    const failure = await writeTogether(fleet, changes, signal, () => {
      east.objects.set(PATH, { ...theirs, metadata: { ...theirs.metadata, resourceVersion: 'theirs' } });
      edited();
    }).catch(messageOf);
    expect([heldIn(east), failure]).toEqual([
      theirs.spec,
      expect.stringContaining('VirtualService gray-demo/helloworld in east could not be put back'),
    ]);
  });

  test('writes nothing that was changed since it was read', async () => {
    const { fleet, changes, west } = await stage();
    west.objects.set(PATH, { ...OLD, metadata: { ...OLD.metadata, resourceVersion: 'theirs' } });
    await expect(writeTogether(fleet, changes, signal, () => undefined)).rejects.toThrow(
      'It was changed by someone else in between; run again.',
    );
    expect(heldIn(west)).toEqual(OLD.spec);
  });

  test('of a write whose answer got lost finds out that it was stored', async () => {
    const { fleet, changes, east, west } = await stage();
    west.intercept = puts(({ body }, response) => {
      const sent = JSON.parse(body) as VirtualService;
      west.objects.set(PATH, { ...sent, metadata: { ...sent.metadata, resourceVersion: 'stored' } });
      response.destroy();
      return true;
    });
    await writeTogether(fleet, changes, signal, () => undefined);
    expect([heldIn(east), heldIn(west)]).toEqual([NEW.spec, NEW.spec]);
  });

  test('of a write that got lost writes it again', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = puts((_asked, response) => {
      response.destroy();
      return true;
    });
    await writeTogether(fleet, changes, signal, () => undefined);
    expect(heldIn(west)).toEqual(NEW.spec);
  });

  test('is not begun where the run is cancelled already', async () => {
    const { fleet, changes, east, west } = await stage();
    const cancelled = AbortSignal.abort(new CanaryError('Cancelled by SIGINT.'));
    await expect(writeTogether(fleet, changes, cancelled, () => undefined)).rejects.toThrow(
      'Cancelled by SIGINT.',
    );
    expect([east.writes, west.writes]).toEqual([[], []]);
  });

  test('is not ended half way by a cancellation', async () => {
    const { fleet, changes, east, west } = await stage();
    const controller = new AbortController();
    west.intercept = puts(() => {
      controller.abort(new CanaryError('Cancelled by SIGINT.'));
      return false;
    });
    await writeTogether(fleet, changes, controller.signal, () => undefined);
    expect([heldIn(east), heldIn(west)]).toEqual([NEW.spec, NEW.spec]);
  });
});

describe('writing in order', () => {
  const rule = destinationRule(['v1']);
  const inEast = (object: Change['object']): Change => ({
    cluster: EAST,
    verb: 'create',
    object,
    before: undefined,
    reason: '',
  });

  test('writes the changes of a cluster one after the other', async () => {
    const { fleet, east } = await stage();
    await writeInOrder(fleet, [inEast(service()), inEast(rule)], () => undefined);
    expect(east.writes.map((write) => write.split('?')[0])).toEqual([
      'POST /api/v1/namespaces/gray-demo/services',
      'POST /apis/networking.istio.io/v1/namespaces/gray-demo/destinationrules',
    ]);
  });

  test('ends in a cluster at its first failure, and not in the others', async () => {
    const { fleet, east, west } = await stage();
    east.intercept = ({ method }, response) => {
      if (method !== 'POST') return false;
      refuse(response, 403, 'Forbidden', 'no');
      return true;
    };
    const changes = [
      inEast(service()),
      inEast(rule),
      { ...inEast(service()), cluster: WEST },
      { ...inEast(rule), cluster: WEST },
    ];
    await expect(writeInOrder(fleet, changes, () => undefined)).rejects.toThrow(
      'Creating Service gray-demo/helloworld in east: no (403 Forbidden)',
    );
    expect([east.writes.length, west.writes.length]).toEqual([1, 2]);
  });
});

describe('changes that build on an earlier stage', () => {
  const stored = { ...OLD, metadata: { ...OLD.metadata, resourceVersion: '9' } };
  const change: Change = { cluster: EAST, verb: 'update', object: NEW, before: OLD, reason: '' };

  test('are based on what it stored', () => {
    expect(rebased([change], [{ change, earlier: OLD, stored }])).toEqual([
      { ...change, object: { ...NEW, metadata: { ...NEW.metadata, resourceVersion: '9' } }, before: stored },
    ]);
  });

  test('stay as they are where it stored nothing of theirs', () => {
    expect(rebased([change], [{ change: { ...change, cluster: WEST }, earlier: OLD, stored }])).toEqual([
      change,
    ]);
  });
});
