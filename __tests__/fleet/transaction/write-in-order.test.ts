import { afterEach, describe, expect, test } from '@jest/globals';
import { quoted } from '../../../src/texts/message.ts';
import { rebased, writeInOrder } from '../../../src/fleet/transaction/write-in-order.ts';
import type { Change } from '../../../src/kubernetes/change.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import '../../support/one-realm.ts';
import { recoveryMarkOf } from '../../../src/release/recovery-mark.ts';
import { pathOf, refuse } from '../../support/kube-api.ts';
import { destinationRule, service } from '../../support/objects.ts';
import { EAST, WEST } from '../../support/release.ts';
import { Opened } from '../../support/server.ts';
import { NEW, OLD, twoClusters } from './support/two-clusters.ts';

const opened = new Opened();
afterEach(() => opened.close());

describe('writes in order', () => {
  const rule = destinationRule(['v1']);
  const inEast = (object: Change['object']): Change => ({
    cluster: EAST,
    verb: 'create',
    object,
    before: undefined,
    reason: quoted(''),
  });

  test('follow each other within a cluster', async () => {
    const { fleet, east } = await twoClusters(opened);
    await writeInOrder(fleet, [inEast(service()), inEast(rule)], () => undefined);
    expect(east.writes.map((write) => write.split('?')[0])).toEqual([
      'POST /api/v1/namespaces/gray-demo/services',
      'POST /apis/networking.istio.io/v1/namespaces/gray-demo/destinationrules',
    ]);
  });

  test('end in a cluster at its first failure, and go on in the others', async () => {
    const { fleet, east, west } = await twoClusters(opened);
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

describe('a write that fails without an answer', () => {
  const stored = { ...service(), metadata: { ...service().metadata, uid: 'first', resourceVersion: '3' } };
  const written = { ...service({ selector: { app: 'other' } }) };
  const apply: Change = {
    cluster: EAST,
    verb: 'apply',
    object: written,
    before: stored,
    reason: quoted(''),
  };

  /** @param lost how many applies get no answer */
  async function fail(change: Change, lost: number): Promise<KubeObject | undefined> {
    const { fleet, east } = await twoClusters(opened);
    east.objects.set(pathOf(stored), stored);
    let left = lost;
    east.intercept = ({ method }, response) => {
      if (method !== 'PATCH') return false;
      left -= 1;
      if (left >= 0) response.destroy();
      else if (left === -1) refuse(response, 403, 'Forbidden', 'no');
      else return false;
      return true;
    };
    await expect(writeInOrder(fleet, [change], () => undefined)).rejects.toThrow('no (403 Forbidden)');
    return east.objects.get(pathOf(stored));
  }

  test('marks the object, so that a server which carries it out later refuses it', async () => {
    const live = await fail(apply, 1);
    expect(live && recoveryMarkOf(live)).toBe('3');
    expect(live?.metadata.resourceVersion).not.toBe('3');
  });

  test('leaves the object alone where every attempt was refused', async () => {
    expect(await fail(apply, 0)).toEqual(stored);
  });
});

describe('a deletion', () => {
  const planned = { ...service(), metadata: { ...service().metadata, uid: 'first', resourceVersion: '3' } };
  const deletion: Change = {
    cluster: EAST,
    verb: 'delete',
    object: planned,
    before: undefined,
    reason: quoted(''),
  };
  const path = pathOf(planned);
  const asStored = (changed: object, meta: object = {}): KubeObject => ({
    ...planned,
    ...changed,
    metadata: { ...planned.metadata, resourceVersion: '4', ...meta },
  });

  test('names the object it means by uid and version', async () => {
    const { fleet, east } = await twoClusters(opened);
    east.objects.set(path, planned);
    await writeInOrder(fleet, [deletion], () => undefined);
    expect([east.deletions, east.objects.has(path)]).toEqual([
      [{ uid: 'first', resourceVersion: '3' }],
      false,
    ]);
  });

  test('goes on if only the status has changed since it was planned', async () => {
    const { fleet, east } = await twoClusters(opened);
    east.objects.set(path, asStored({ status: { loadBalancer: {} } }));
    await writeInOrder(fleet, [deletion], () => undefined);
    expect(east.objects.has(path)).toBe(false);
  });

  test.each<[string, KubeObject]>([
    ['was changed', asStored({ spec: { type: 'NodePort' } })],
    ['was relabelled', asStored({}, { labels: { version: 'v2' } })],
    ['was deleted, and created again', asStored({}, { uid: 'second' })],
  ])('of an object that %s since it was planned is refused', async (_what, live) => {
    const { fleet, east } = await twoClusters(opened);
    east.objects.set(path, live);
    await expect(writeInOrder(fleet, [deletion], () => undefined)).rejects.toThrow(
      'Service gray-demo/helloworld in east was changed by someone else since this run read it, so it is not deleted.',
    );
    expect(east.objects.get(path)).toEqual(live);
  });
});

describe('changes that build on an earlier stage', () => {
  const stored = { ...OLD, metadata: { ...OLD.metadata, resourceVersion: '9' } };
  const change: Change = { cluster: EAST, verb: 'update', object: NEW, before: OLD, reason: quoted('') };

  test('are written over what it stored', () => {
    expect(rebased([change], [{ change, earlier: OLD, stored }])).toEqual([
      { ...change, object: { ...NEW, metadata: { ...NEW.metadata, resourceVersion: '9' } }, before: stored },
    ]);
  });

  test('stay as they are if it stored nothing of theirs', () => {
    expect(rebased([change], [{ change: { ...change, cluster: WEST }, earlier: OLD, stored }])).toEqual([
      change,
    ]);
  });
});
