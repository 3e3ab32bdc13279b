import { describe, expect, test } from '@jest/globals';
import { ISTIO } from './support/kube.ts';
import { APP, AT_DEFAULTS, NAMESPACE, NO_WORKLOADS, destinationRule, namespace } from './support/objects.ts';
import { useStage } from './support/stage.ts';

/** Pods that have no sidecar, behind VirtualServices; `http-route-traps.test.ts` has those behind HTTPRoutes. */
const stage = useStage();

const RELEASE = { ...AT_DEFAULTS, weights: 'v1=80,v2=20' };
const LATER = { ...NO_WORKLOADS, operation: 'plan', weights: 'v1=50,v2=50' };

async function releaseUnderLoad(pods: string): Promise<void> {
  const run = await stage.pass({ ...RELEASE, pods });
  expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=80,v2=20' });
  await stage.underLoad(async () => {
    const step = await stage.pass({ ...NO_WORKLOADS, ...AT_DEFAULTS, pods, weights: 'v1=50,v2=50' });
    expect(step.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=50,v2=50' });
  });
  const held = await Promise.all([stage.east, stage.west].map((kube) => kube.list('v1', 'Pod', NAMESPACE)));
  expect(JSON.stringify(held.flat().map(({ spec }) => spec))).not.toContain('istio-proxy');
  const rule = await stage.east.get(ISTIO, 'DestinationRule', APP, NAMESPACE);
  expect(JSON.stringify(rule['spec'])).not.toContain('ISTIO_MUTUAL');
}

describe('pods outside the mesh (pods: none)', () => {
  test('are released, and refused where mutual TLS is demanded of them', async () => {
    await stage.everywhere(namespace({}));
    await releaseUnderLoad('none');

    const policy = {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'strict', namespace: NAMESPACE },
      spec: { mtls: { mode: 'STRICT' } },
    };
    await stage.west.create(policy);
    const strict = await stage.run({ ...LATER, pods: 'none' });
    expect(strict.code).toBe(1);
    expect(strict.log).toContain(
      `PeerAuthentication ${NAMESPACE}/strict in west allows only mutual TLS to the pods of ${APP}`,
    );
    await stage.west.remove('security.istio.io/v1', 'PeerAuthentication', 'strict', NAMESPACE);

    await stage.west.merge(destinationRule(['v1', 'v2']));
    const mutual = await stage.run({ ...LATER, pods: 'none' });
    expect(mutual.code).toBe(1);
    expect(mutual.log).toContain(
      `The subset v1 of DestinationRule ${NAMESPACE}/${APP} in west requires mutual TLS (trafficPolicy.tls.mode: ISTIO_MUTUAL)`,
    );
  });
});

describe('ambient pods (pods: ambient)', () => {
  test('are released, and named where sidecars are expected', async () => {
    await stage.everywhere(namespace({ 'istio.io/dataplane-mode': 'ambient' }));
    const { code, log } = await stage.run({ ...RELEASE });
    expect(code).toBe(1);
    expect(log).toMatch(/has no sidecar, but is in the ambient mesh .*Set the input pods to ambient\./);
    await releaseUnderLoad('ambient');
  });
});
