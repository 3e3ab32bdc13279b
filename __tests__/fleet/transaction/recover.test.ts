import { afterEach, describe, expect, test } from '@jest/globals';
import type { Intent } from '../../../src/fleet/transaction/intent.ts';
import { recover } from '../../../src/fleet/transaction/recover.ts';
import type { Recovery } from '../../../src/fleet/transaction/recover.ts';
import type { VirtualService } from '../../../src/kubernetes/objects.ts';
import { observe } from '../../../src/release/observation.ts';
import '../../support/one-realm.ts';
import {
  NAMESPACE,
  clusterState,
  destinationRule,
  fleetOf,
  service,
  to,
  versionPod,
  virtualService,
} from '../../support/objects.ts';
import { EAST, release, weights } from '../../support/release.ts';
import { Opened } from '../../support/server.ts';
import { OLD, PATH, twoClusters } from './support/two-clusters.ts';

const opened = new Opened();
afterEach(() => opened.close());

const FORWARD: Intent = {
  target: weights({ v1: 80, v2: 20 }),
  previous: weights({ v1: 100 }),
  direction: 'forward',
  history: [],
  objects: [],
  transaction: 'run/1/a',
  holder: 'run/1',
  run: 'Run 1',
};

describe('managed routes that hold different weights', () => {
  const held = virtualService([
    { name: 'main', route: [to('v1')] },
    { name: 'beta', route: [to('v2')] },
  ]);

  /** @returns how an intent was recovered, and what the VirtualService holds then */
  async function recovered(
    intent: Intent,
  ): Promise<{ readonly recovery: Recovery; readonly stored: VirtualService }> {
    const { fleet, east } = await twoClusters(opened);
    const live = await fleet.cluster(EAST).read(OLD.apiVersion, OLD.kind, OLD.metadata.name, NAMESPACE);
    const vs = { ...held, metadata: { ...held.metadata, ...live?.metadata } };
    const state = clusterState(EAST, {
      traffic: { virtualServices: [vs], destinationRules: [destinationRule(['v1', 'v2'])] },
      service: service(),
      pods: ['v1', 'v2'].map(versionPod),
    });
    const given = release({ configClusters: [EAST], traffic: { routes: ['main', 'beta'] } });
    const recovery = await recover(intent, {
      fleet,
      signal: new AbortController().signal,
      read: () => Promise.resolve(observe(given, fleetOf(state), { differing: 'allowed' })),
      check: undefined,
      onWarning: () => undefined,
      onWritten: () => undefined,
    });
    return { recovery, stored: east.objects.get(PATH) as VirtualService };
  }

  test('are left to whoever edited them since a step forward', async () => {
    await expect(recovered(FORWARD)).rejects.toThrow(
      'someone else has changed the weights in east since. Nothing is overwritten',
    );
  });

  test('get the weights of a rollback that began with them', async () => {
    const { recovery, stored } = await recovered({ ...FORWARD, direction: 'back', previous: undefined });
    expect(recovery).toEqual({ outcome: 'agreed', weights: FORWARD.target });
    const managed = (stored.spec.http ?? []).filter(({ name }) => name === 'main' || name === 'beta');
    const splits = managed.map(({ route = [] }) =>
      route.map(({ destination, weight }) => `${destination.subset ?? ''} ${String(weight)}`),
    );
    expect(splits).toEqual([
      ['v1 80', 'v2 20'],
      ['v2 20', 'v1 80'],
    ]);
  });
});
