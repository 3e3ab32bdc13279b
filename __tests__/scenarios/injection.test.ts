import { describe, expect, test } from '@jest/globals';
import { hasSidecar } from '../../src/kubernetes/pods.ts';
import type { Pod } from '../../src/kubernetes/objects.ts';
import { isInjected } from '../../src/release/injection.ts';
import { APP, NAMESPACE, ONLY_V1, image, namespace } from './support/objects.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();

type Labels = Readonly<Record<string, string>>;

const INJECT = 'sidecar.istio.io/inject';

describe('the action predicts what the injector does', () => {
  const pods: readonly [string, { labels?: Labels; annotations?: Labels; hostNetwork?: boolean }][] = [
    ['a plain one', {}],
    ['one that refuses', { labels: { [INJECT]: 'false' } }],
    ['one that refuses in words that are none', { labels: { [INJECT]: 'no' } }],
    ['one that refuses by annotation', { annotations: { [INJECT]: 'false' } }],
    ['one that asks', { labels: { [INJECT]: 'true' } }],
    ['one that asks by annotation', { annotations: { [INJECT]: 'true' } }],
    ['one that asks for a revision', { labels: { 'istio.io/rev': 'default' } }],
    ['one on the network of its node', { hostNetwork: true }],
  ];

  test.each<[string, Record<string, string>]>([
    ['injection', { 'istio-injection': 'enabled' }],
    ['no injection', { 'istio-injection': 'disabled' }],
    ['a revision', { 'istio.io/rev': 'default' }],
    ['both labels', { 'istio-injection': 'disabled', 'istio.io/rev': 'default' }],
    ['nothing said', {}],
  ])('in a namespace with %s', async (_what, labels) => {
    await stage.west.create(namespace(labels));
    await stage.west.exists('v1', 'ServiceAccount', 'default', NAMESPACE);
    const told = pods.map(([what, { hostNetwork, ...metadata }]) => ({
      what,
      sidecar: isInjected(labels, { metadata, spec: { hostNetwork } }),
    }));
    const done = await Promise.all(
      pods.map(async ([what, { hostNetwork = false, ...metadata }]) => {
        const pod = await stage.west.tryOut({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'one', namespace: NAMESPACE, ...metadata },
          spec: { hostNetwork, containers: [{ name: APP, image: image('v1') }] },
        });
        return { what, sidecar: hasSidecar(pod as Pod) };
      }),
    );
    expect(told).toEqual(done);
  });
});

describe('a version with users is not deployed if its pods would have no sidecar', () => {
  test.each<[string, Record<string, string>]>([
    ['a namespace without injection', {}],
    ['a revision that no control plane has', { 'istio.io/rev': 'absent' }],
  ])('(%s)', async (_what, labels) => {
    await stage.pass(ONLY_V1);
    const { metadata, ...rest } = await stage.west.get('v1', 'Namespace', NAMESPACE);
    await stage.west.replace({ ...rest, metadata: { ...metadata, labels } });
    const joining = { ...ONLY_V1, clusters: 'v1: east, west' };
    await stage.underLoad(async () => {
      for (const operation of ['plan', 'rollout']) {
        const run = await stage.run({ ...joining, operation });
        expect(run.code).toBe(1);
        expect(run.outputs['changed']).toBe('0');
        expect(run.log).toContain(
          `Deployment ${NAMESPACE}/${APP}-v1 in west would create pods without a sidecar, and v1 has users`,
        );
      }
    });
    await expect(stage.west.list('apps/v1', 'Deployment', NAMESPACE)).resolves.toEqual([]);
    await stage.underLoad(async () => {
      const run = await stage.pass({ ...joining, injection: 'enabled' });
      expect(run.outputs['verdict']).toBe('pass');
    });
  });
});
