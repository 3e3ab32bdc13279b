import { describe, expect, test } from '@jest/globals';
import { deploymentCases } from './cases/deployment-cases.ts';
import { rolloutCases } from './cases/release-cases.ts';
import { ISTIO } from './support/kube.ts';
import { APP, NAMESPACE, ONLY_V1, namespace } from './support/objects.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();

rolloutCases(stage);

describe('a first install on empty clusters', () => {
  test('creates subsets with mutual TLS on both levels, a named port and an injected namespace, and logs each step', async () => {
    const run = await stage.pass({ weights: 'v1=80,v2=20' });
    const groups = [...run.log.matchAll(/^::group::(.+)$/gm)].map(([, name]) => name);
    expect(groups).toEqual([
      'Read',
      'Plan',
      'Preflight',
      'Namespace',
      'Lock',
      'Deploy',
      'Ready',
      'Subsets',
      'Preview routes',
      'Preview',
      'Weights',
      'Verify',
    ]);
    const rule = await stage.east.get(ISTIO, 'DestinationRule', APP, NAMESPACE);
    const mutual = { tls: { mode: 'ISTIO_MUTUAL' } };
    expect(rule['spec']).toEqual({
      host: APP,
      trafficPolicy: mutual,
      subsets: ['v1', 'v2'].map((version) => ({ name: version, labels: { version }, trafficPolicy: mutual })),
    });
    const created = await stage.west.get('v1', 'Service', APP, NAMESPACE);
    expect(created['spec']).toMatchObject({
      selector: { app: APP },
      ports: [{ name: 'http-5000', port: 5000, targetPort: 5000 }],
    });
    const space = await stage.west.get('v1', 'Namespace', NAMESPACE);
    expect(space.metadata.labels).toMatchObject({ 'istio-injection': 'enabled' });
  });

  test('gives a lone version all traffic', async () => {
    await stage.underLoad(async () => {
      const run = await stage.pass(ONLY_V1);
      expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=100' });
    });
  });
});

deploymentCases(stage);

describe('a workload that cannot take traffic', () => {
  test('without a sidecar is named as the cause, and no route is created', async () => {
    await stage.everywhere(namespace({}));
    const run = await stage.run({ weights: 'v1=80,v2=20' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/has no sidecar.*input injection/s);
    await expect(stage.weights()).resolves.toEqual([undefined, undefined]);
  });
});
