import { describe, expect, test } from '@jest/globals';
import { unseenIn } from '../../src/release/unseen.ts';
import { clusterState, fleetOf } from '../support/objects.ts';
import { EAST, WEST } from '../support/release.ts';

describe('what a claim about users does not cover', () => {
  const listing = (...unlisted: readonly ('VirtualService' | 'DestinationRule')[]): object => ({
    traffic: { everywhere: { virtualServices: [], destinationRules: [], unlisted } },
  });

  test('is nothing where every namespace was listed', () => {
    expect(unseenIn(fleetOf(clusterState(EAST), clusterState(WEST, { traffic: undefined })))).toEqual([]);
  });

  test('are the kinds that could not be listed, with their clusters', () => {
    const fleet = fleetOf(
      clusterState(EAST, listing('VirtualService')),
      clusterState(WEST, listing('VirtualService', 'DestinationRule')),
    );
    expect(unseenIn(fleet)).toEqual([
      'VirtualServices of other namespaces in east, west could not be listed (the user of the kubeconfig may not list them cluster-wide).',
      'DestinationRules of other namespaces in west could not be listed (the user of the kubeconfig may not list them cluster-wide).',
    ]);
  });
});
