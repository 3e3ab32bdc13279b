import { describe, expect, test } from '@jest/globals';
import { httpRoute } from './support/gateway-api.ts';
import { ISTIO } from './support/kube.ts';
import { APP, AT_DEFAULTS, NAMESPACE, NO_WORKLOADS, namespace } from './support/objects.ts';
import { useStage } from './support/stage.ts';

/** What the check says of an HTTPRoute and of the Services behind it (scenario 44). */
const stage = useStage({ api: 'HTTPRoute' });

const install = async (weights = 'v1=80,v2=20'): Promise<void> => {
  await stage.pass({ weights });
};

const verify = { ...NO_WORKLOADS, ...AT_DEFAULTS, operation: 'verify', 'verify-timeout': '20s' } as const;

describe("a version's Service", () => {
  test('that is missing in one cluster is served by the other, and comes back with the next step', async () => {
    await install();
    await stage.east.remove('v1', 'Service', `${APP}-v2`, NAMESPACE);
    await stage.underLoad(async () => {
      await stage.pass(verify);
      await stage.pass({ ...NO_WORKLOADS, weights: 'v1=50,v2=50' });
    });
    await expect(stage.east.find('v1', 'Service', `${APP}-v2`, NAMESPACE)).resolves.toBeDefined();
  });

  test('that is missing in both is named as the cause of the errors', async () => {
    await install();
    for (const kube of [stage.east, stage.west]) await kube.remove('v1', 'Service', `${APP}-v2`, NAMESPACE);
    const run = await stage.run(verify);
    expect(run.code).toBe(1);
    expect(run.outputs['verdict']).toBe('fail');
    expect(run.log).toMatch(/Service gray-demo\/helloworld-v2|Service helloworld-v2/);
  });
});

test('another route that comes later takes the path as well, and verify names it', async () => {
  await install();
  await stage.west.create(
    httpRoute(
      [
        {
          matches: [{ path: { type: 'Exact', value: '/hello' } }],
          backendRefs: [{ name: `${APP}-v2`, port: 5000 }],
        },
      ],
      { name: 'a-thief' },
    ),
  );
  const run = await stage.run(verify);
  expect(run.code).toBe(1);
  expect(run.summary).toMatch(/a-thief takes requests in west/);
});

describe('pods without a sidecar (pods: none)', () => {
  const plain = { pods: 'none' };

  test('are released by an HTTPRoute', async () => {
    await stage.everywhere(namespace({}));
    await stage.underLoad(async () => {
      const run = await stage.pass({ ...plain, ...AT_DEFAULTS, weights: 'v1=80,v2=20' });
      expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=80,v2=20' });
      await stage.pass({ ...plain, ...NO_WORKLOADS, weights: 'v1=50,v2=50' });
    });
    const pods = await stage.east.list('v1', 'Pod', NAMESPACE);
    expect(JSON.stringify(pods.map(({ spec }) => spec))).not.toContain('istio-proxy');
    await expect(stage.east.list(ISTIO, 'DestinationRule', NAMESPACE)).resolves.toEqual([]);
  });
});
