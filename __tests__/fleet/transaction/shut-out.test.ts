import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Intent, TargetObject } from '../../../src/fleet/transaction/intent.ts';
import { shutOutOtherChanges } from '../../../src/fleet/transaction/shut-out.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import { recoveryMarkOf } from '../../../src/release/recovery-mark.ts';
import '../../support/one-realm.ts';
import { pathOf, refuse } from '../../support/kube-api.ts';
import { clusterState, fleetOf } from '../../support/objects.ts';
import { EAST, WEST, weights } from '../../support/release.ts';
import { Opened } from '../../support/server.ts';
import { twoClusters } from './support/two-clusters.ts';
import type { TwoClusters } from './support/two-clusters.ts';

const opened = new Opened();
afterEach(() => opened.close());

const SETTINGS = named('v1', 'ConfigMap', 'settings');
const DEPLOYMENT = named('apps/v1', 'Deployment', 'helloworld-v2');

function named(apiVersion: string, kind: string, name: string): TargetObject {
  return { apiVersion, kind, metadata: { name, namespace: 'gray-demo' } };
}

function intentFor(clusters: readonly string[], ...objects: readonly TargetObject[]): Intent {
  return {
    target: weights({ v1: 80, v2: 20 }),
    previous: weights({ v1: 100 }),
    direction: 'forward',
    history: [],
    objects: objects.length === 0 ? [] : [{ clusters, objects }],
    transaction: 'run/1/a',
    holder: 'run/1',
    run: 'Run 1',
  };
}

/** @returns the warnings */
async function recovered({ fleet }: TwoClusters, intent: Intent): Promise<readonly string[]> {
  const warnings: string[] = [];
  await shutOutOtherChanges(
    intent,
    { fleet: fleetOf(clusterState(EAST), clusterState(WEST)) },
    {
      fleet,
      signal: new AbortController().signal,
      onWarning: (text) => void warnings.push(text),
      onWritten: () => undefined,
    },
  );
  return warnings;
}

const marksIn = (objects: ReadonlyMap<string, KubeObject>): readonly unknown[] =>
  [SETTINGS, DEPLOYMENT].map((object) => {
    const stored = objects.get(pathOf(object));
    return stored && recoveryMarkOf(stored);
  });

describe('the recovery of a run', () => {
  test('marks each object that it was about to change, where that exists', async () => {
    const clusters = await twoClusters(opened);
    const { east, west } = clusters;
    for (const object of [SETTINGS, DEPLOYMENT]) east.objects.set(pathOf(object), object);
    west.objects.set(pathOf(SETTINGS), SETTINGS);
    expect(await recovered(clusters, intentFor([EAST, WEST], SETTINGS, DEPLOYMENT))).toEqual([]);
    expect([marksIn(east.objects), marksIn(west.objects)]).toEqual([
      ['run/1/a', 'run/1/a'],
      ['run/1/a', undefined],
    ]);
  });

  test('marks a few objects of a cluster at a time, however many there are', async () => {
    const clusters = await twoClusters(opened);
    const { east } = clusters;
    const objects = Array.from({ length: 40 }, (_, index) =>
      named('v1', 'ConfigMap', `settings-${String(index)}`),
    );
    for (const object of objects) east.objects.set(pathOf(object), object);
    let [underWay, most] = [0, 0];
    east.gate = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      // Long enough for all that may be sent at a time to arrive.
      for (let turn = 0; turn < 50; turn += 1) await setImmediate();
      underWay -= 1;
    };
    await recovered(clusters, intentFor([EAST], ...objects));
    expect(most).toBeLessThanOrEqual(8);
    expect([...east.objects.values()].filter((stored) => recoveryMarkOf(stored) === 'run/1/a')).toHaveLength(
      40,
    );
  });

  test('asks nothing of the clusters if the run changed routes alone', async () => {
    const clusters = await twoClusters(opened);
    const { east, west } = clusters;
    const before = [east.asked.length, west.asked.length];
    expect(await recovered(clusters, intentFor([EAST, WEST]))).toEqual([]);
    expect([east.asked.length, west.asked.length]).toEqual(before);
  });

  test('warns of an object that it may not mark, and of a cluster that it does not reach', async () => {
    const clusters = await twoClusters(opened);
    const { east } = clusters;
    east.objects.set(pathOf(DEPLOYMENT), DEPLOYMENT);
    east.intercept = ({ method }, response) => {
      if (method !== 'PATCH') return false;
      refuse(response, 403, 'Forbidden', 'User "traffic" cannot patch it');
      return true;
    };
    const [forbidden, away, ...others] = await recovered(clusters, intentFor([EAST, 'north'], DEPLOYMENT));
    expect(others).toEqual([]);
    expect([forbidden, away].toSorted()).toEqual([
      expect.stringMatching(
        /^Run 1 was about to change Deployment gray-demo\/helloworld-v2 in east, and may still do so, because a mark that prevents it was refused: .*cannot patch it/,
      ),
      expect.stringContaining(
        'in north, and may still do so, because a mark that prevents it could not be set',
      ),
    ]);
  });
});
