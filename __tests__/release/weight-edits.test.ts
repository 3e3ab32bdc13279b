import { expect, test } from '@jest/globals';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { lastEditor } from '../../src/release/weight-edits.ts';

const EDIT = { manager: 'kubectl-edit', operation: 'Update', time: '2026-11-22T10:00:00Z' };

function written(managedFields: NonNullable<KubeObject['metadata']['managedFields']>): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'hello', namespace: 'demo', managedFields },
  };
}

test('the last editor is the manager with the latest write', () => {
  const earlier = { manager: 'multicluster-canary', operation: 'Apply', time: '2026-11-22T09:00:00Z' };
  expect(lastEditor(written([EDIT, earlier]))).toBe('kubectl-edit at 2026-11-22T10:00:00Z');
});

test('a controller that reports the status afterwards is no editor', () => {
  const status = {
    manager: 'pilot-discovery',
    operation: 'Update',
    subresource: 'status',
    time: '2026-11-22T10:00:01Z',
  };
  expect(lastEditor(written([EDIT, status]))).toBe('kubectl-edit at 2026-11-22T10:00:00Z');
});

test('an object without managed fields has no known editor', () => {
  expect(lastEditor(written([]))).toBe('');
});
