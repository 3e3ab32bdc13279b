import { afterEach, describe, expect, test } from '@jest/globals';
import {
  FleetInconsistent,
  rebased,
  withVersionOf,
  writeInOrder,
  writeAllOrNone,
} from '../../../src/fleet/transaction/write-all.ts';
import { Fleet } from '../../../src/fleet/fleet.ts';
import type { Change } from '../../../src/kubernetes/change.ts';
import { CanaryError, messageOf } from '../../../src/core/errors.ts';
import { nameOf } from '../../../src/kubernetes/objects.ts';
import type { KubeObject, VirtualService } from '../../../src/kubernetes/objects.ts';
import '../../support/one-realm.ts';
import { kubeApi, kubeconfigFor, pathOf, refuse } from '../../support/kube-api.ts';
import type { Intercept, KubeApi } from '../../support/kube-api.ts';
import { destinationRule, service, to, virtualService } from '../../support/objects.ts';
import { EAST, WEST } from '../../support/release.ts';
import { Opened } from '../../support/server.ts';

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
    await writeAllOrNone(fleet, changes, signal, ({ change, stored }) =>
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
    await expect(writeAllOrNone(fleet, changes, signal, () => undefined)).rejects.toThrow(
      'virtualservices is forbidden',
    );
    expect([heldIn(east), heldIn(west)]).toEqual([OLD.spec, OLD.spec]);
  });

  test('says what failed, and what stands where', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = failing();
    const told: unknown[] = [];
    const failure = await writeAllOrNone(fleet, changes, signal, ({ change, earlier, stored }) => {
      told.push([change.cluster, change.reason, earlier?.['spec'], stored['spec']]);
    }).catch(messageOf);
    expect(failure).toMatch(
      /^Updating VirtualService gray-demo\/helloworld in west: .*\nVirtualService gray-demo\/helloworld in east holds its earlier content again\./s,
    );
    expect(told).toEqual([
      [EAST, 'weights', OLD.spec, NEW.spec],
      [EAST, 'revert', NEW.spec, OLD.spec],
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
    const failure = await writeAllOrNone(fleet, changes, signal, () => {
      east.objects.set(PATH, { ...theirs, metadata: { ...theirs.metadata, resourceVersion: 'theirs' } });
      edited();
    }).catch(messageOf);
    expect([heldIn(east), failure]).toEqual([
      theirs.spec,
      expect.stringContaining(
        'VirtualService gray-demo/helloworld in east was changed by someone else since: it holds no weights.',
      ),
    ]);
  });

  test('writes nothing that was changed since it was read', async () => {
    const { fleet, changes, west } = await stage();
    west.objects.set(PATH, { ...OLD, metadata: { ...OLD.metadata, resourceVersion: 'theirs' } });
    await expect(writeAllOrNone(fleet, changes, signal, () => undefined)).rejects.toThrow(
      'It was changed by someone else in between; run again.',
    );
    expect(heldIn(west)).toEqual(OLD.spec);
  });

  test('says of a cluster that never got the change that it holds its earlier content', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = failing();
    const failure = await writeAllOrNone(fleet, changes, signal, () => undefined).catch(messageOf);
    expect(failure).toContain(
      'VirtualService gray-demo/helloworld in west holds its earlier content: the change never got there.',
    );
  });

  test('says that it is not settled where a cluster could not be put back', async () => {
    const { fleet, changes, east, west } = await stage();
    west.intercept = failing();
    let wrote = false;
    east.intercept = puts((_asked, response) => {
      if (wrote) refuse(response, 403, 'Forbidden', 'not any more');
      wrote = true;
      return response.writableEnded;
    }, 2);
    const failure: unknown = await writeAllOrNone(fleet, changes, signal, () => undefined).catch(
      (error: unknown) => error,
    );
    expect(failure instanceof FleetInconsistent && failure.standing).toEqual([
      expect.stringMatching(/in east could not be put back, and holds the new content .*not any more/),
      expect.stringMatching(/in west holds its earlier content/),
    ]);
  });

  test('goes on trying over the restart of an API server', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = puts((_asked, response) => {
      refuse(response, 503, 'ServiceUnavailable', 'shutting down');
      return true;
    }, 4);
    await writeAllOrNone(fleet, changes, signal, () => undefined);
    expect(heldIn(west)).toEqual(NEW.spec);
  });

  /** Stores a write in west with a change that someone else makes at once, and loses the answer. */
  const storedAnd = (west: KubeApi, theirs: (sent: VirtualService) => VirtualService): Intercept =>
    puts(({ body }, response) => {
      const sent = theirs(JSON.parse(body) as VirtualService);
      west.objects.set(PATH, { ...sent, metadata: { ...sent.metadata, resourceVersion: 'stored' } });
      response.destroy();
      return true;
    });
  const noted = (sent: VirtualService): VirtualService => ({
    ...sent,
    metadata: { ...sent.metadata, annotations: { ...sent.metadata.annotations, 'example.com/seen': 'yes' } },
  });

  test('recognises its write where the answer got lost and a webhook has added something', async () => {
    const { fleet, changes, east, west } = await stage();
    west.intercept = storedAnd(west, noted);
    await writeAllOrNone(fleet, changes, signal, () => undefined);
    expect([heldIn(east), heldIn(west)]).toEqual([NEW.spec, NEW.spec]);
  });

  test('puts such a write back, and leaves what was added', async () => {
    const { fleet, changes, east, west } = await stage();
    east.intercept = failing();
    west.intercept = storedAnd(west, noted);
    await expect(writeAllOrNone(fleet, changes, signal, () => undefined)).rejects.toThrow(
      'VirtualService gray-demo/helloworld in west holds its earlier content again.',
    );
    expect([heldIn(west), west.objects.get(PATH)?.metadata.annotations]).toEqual([
      OLD.spec,
      { 'example.com/seen': 'yes' },
    ]);
  });

  test('tells what stands where somebody has changed the weights of a write whose answer got lost', async () => {
    const { fleet, changes, east, west } = await stage();
    west.intercept = storedAnd(west, (sent) => ({
      ...sent,
      spec: { ...sent.spec, http: [{ route: [to('v1', 40), to('v2', 60)] }] },
    }));
    await expect(writeAllOrNone(fleet, changes, signal, () => undefined)).rejects.toThrow(
      /in east holds its earlier content again\.\n.* in west was changed by someone else since: it holds v1=40,v2=60\./,
    );
    expect(heldIn(east)).toEqual(OLD.spec);
  });

  test('says that someone else wrote in between, where the first try was lost', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = puts((_asked, response) => {
      west.objects.set(PATH, { ...OLD, metadata: { ...OLD.metadata, resourceVersion: 'theirs' } });
      response.destroy();
      return true;
    });
    await expect(writeAllOrNone(fleet, changes, signal, () => undefined)).rejects.toThrow(
      'VirtualService gray-demo/helloworld was changed by someone else in between; re-run this step',
    );
    expect(heldIn(west)).toEqual(OLD.spec);
  });

  test('of a write that was stored, and answered with a body that cannot be read, finds out that it was', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = puts(({ body }, response) => {
      const sent = JSON.parse(body) as VirtualService;
      west.objects.set(PATH, { ...sent, metadata: { ...sent.metadata, resourceVersion: 'stored' } });
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>a proxy</html>');
      return true;
    });
    await writeAllOrNone(fleet, changes, signal, () => undefined);
    expect(heldIn(west)).toEqual(NEW.spec);
  });

  test('reverts to the earlier weights where someone has added a route, a host and a timeout since', async () => {
    const { fleet, changes, east, west } = await stage();
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
    const edits = (vs: VirtualService): VirtualService => ({
      ...vs,
      metadata: { ...vs.metadata, resourceVersion: 'theirs' },
      spec: {
        ...vs.spec,
        hosts: ['*', 'new.example.com'],
        http: [
          ...(vs.spec.http ?? []).map((route) => ({ ...route, timeout: '7s' })),
          { name: 'theirs', route: [to('v1', 30), to('v2', 70)] },
        ],
      },
    });
    const failure = await writeAllOrNone(fleet, changes, signal, ({ change }) => {
      if (change.reason === 'revert') return;
      east.objects.set(PATH, edits(NEW));
      edited();
    }).catch(messageOf);
    expect(failure).toContain('in east holds its earlier content again.');
    expect(heldIn(east)).toEqual(edits(OLD).spec);
  });

  test('of a write whose answer got lost finds out that it was stored', async () => {
    const { fleet, changes, east, west } = await stage();
    west.intercept = puts(({ body }, response) => {
      const sent = JSON.parse(body) as VirtualService;
      west.objects.set(PATH, { ...sent, metadata: { ...sent.metadata, resourceVersion: 'stored' } });
      response.destroy();
      return true;
    });
    await writeAllOrNone(fleet, changes, signal, () => undefined);
    expect([heldIn(east), heldIn(west)]).toEqual([NEW.spec, NEW.spec]);
  });

  test('of a write that got lost writes it again', async () => {
    const { fleet, changes, west } = await stage();
    west.intercept = puts((_asked, response) => {
      response.destroy();
      return true;
    });
    await writeAllOrNone(fleet, changes, signal, () => undefined);
    expect(heldIn(west)).toEqual(NEW.spec);
  });

  test('is not begun where the run is cancelled already', async () => {
    const { fleet, changes, east, west } = await stage();
    const cancelled = AbortSignal.abort(new CanaryError('Cancelled by SIGINT.'));
    await expect(writeAllOrNone(fleet, changes, cancelled, () => undefined)).rejects.toThrow(
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
    await writeAllOrNone(fleet, changes, controller.signal, () => undefined);
    expect([heldIn(east), heldIn(west)]).toEqual([NEW.spec, NEW.spec]);
  });
});

describe('a cancellation while one cluster does not answer', () => {
  test('leaves time to put the others back', async () => {
    const { fleet, changes, east, west } = await stage();
    const controller = new AbortController();
    let wrote = (): void => undefined;
    const written = new Promise<void>((resolve) => {
      wrote = resolve;
    });
    // It hangs, and the job is cancelled once the other cluster has stored the change.
    west.intercept = puts(() => true);
    const failure = writeAllOrNone(fleet, changes, controller.signal, wrote).catch(messageOf);
    await written;
    controller.abort(new CanaryError('Cancelled by SIGINT.'));
    expect(await failure).toMatch(
      /^Writing VirtualService gray-demo\/helloworld in west: not done 2 s after the run was cancelled\n.* in east holds its earlier content again\.\n.* in west holds its earlier content: /,
    );
    expect([heldIn(east), heldIn(west)]).toEqual([OLD.spec, OLD.spec]);
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

describe('a deletion', () => {
  const planned = { ...service(), metadata: { ...service().metadata, uid: 'first', resourceVersion: '3' } };
  const deletion: Change = { cluster: EAST, verb: 'delete', object: planned, before: undefined, reason: '' };
  const path = pathOf(planned);
  const asStored = (changed: object, meta: object = {}): KubeObject => ({
    ...planned,
    ...changed,
    metadata: { ...planned.metadata, resourceVersion: '4', ...meta },
  });

  test('names the object that it means', async () => {
    const { fleet, east } = await stage();
    east.objects.set(path, planned);
    await writeInOrder(fleet, [deletion], () => undefined);
    expect([east.deletions, east.objects.has(path)]).toEqual([
      [{ uid: 'first', resourceVersion: '3' }],
      false,
    ]);
  });

  test('goes on where only the status has changed since it was planned', async () => {
    const { fleet, east } = await stage();
    east.objects.set(path, asStored({ status: { loadBalancer: {} } }));
    await writeInOrder(fleet, [deletion], () => undefined);
    expect(east.objects.has(path)).toBe(false);
  });

  test.each<[string, KubeObject]>([
    ['was changed', asStored({ spec: { type: 'NodePort' } })],
    ['was relabelled', asStored({}, { labels: { version: 'v2' } })],
    ['was deleted, and made again', asStored({}, { uid: 'second' })],
  ])('of an object that %s since it was planned is refused', async (_what, live) => {
    const { fleet, east } = await stage();
    east.objects.set(path, live);
    await expect(writeInOrder(fleet, [deletion], () => undefined)).rejects.toThrow(
      'Service gray-demo/helloworld in east was changed by someone else since this run read it, so it is not deleted.',
    );
    expect(east.objects.get(path)).toEqual(live);
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
