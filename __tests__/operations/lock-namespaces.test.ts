import { describe, expect, test } from '@jest/globals';
import { isBeforeLock } from '../../src/operations/lock-namespaces.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { EAST, WEST } from '../support/release.ts';

const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } };
const service: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'hello', namespace: 'demo' },
};

describe('what is written before the lock is held', () => {
  test('is the namespace that its Lease needs, where that does not exist', () => {
    expect(isBeforeLock({ cluster: EAST, object: namespace, live: undefined }, [EAST, WEST])).toBe(true);
  });

  test('is no namespace that exists: its labels decide about the pods of others', () => {
    expect(isBeforeLock({ cluster: EAST, object: namespace, live: namespace }, [EAST, WEST])).toBe(false);
  });

  test('is no namespace of a cluster without a Lease', () => {
    expect(isBeforeLock({ cluster: WEST, object: namespace, live: undefined }, [EAST])).toBe(false);
  });

  test('is nothing else', () => {
    expect(isBeforeLock({ cluster: EAST, object: service, live: undefined }, [EAST, WEST])).toBe(false);
  });
});
