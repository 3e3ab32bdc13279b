import { expect, test } from '@jest/globals';
import { hasNewStatus } from '../../src/fleet/replace-as-planned.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';

const object = (resourceVersion: string, more: Readonly<Record<string, unknown>> = {}): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'helloworld', namespace: 'gray-demo', uid: 'a', resourceVersion },
  spec: { rules: [] },
  ...more,
});
const seen = { status: { parents: [] } };

test.each<[string, KubeObject, boolean]>([
  ['a controller has written its status', object('2', seen), true],
  ['someone has written its spec as well', object('2', { ...seen, spec: { rules: [{}] } }), false],
  ['nothing tells what was written', object('2'), false],
  ['it was made anew', { ...object('2', seen), metadata: { ...object('2').metadata, uid: 'b' } }, false],
])('a route is written over after %s: %s', (_what, live, expected) => {
  expect(hasNewStatus(live, object('1'))).toBe(expected);
});
