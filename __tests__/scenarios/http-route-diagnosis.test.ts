import { describe, expect, test } from '@jest/globals';
import { until } from '../../testbed/mesh/until.ts';
import { GATEWAY_API, httpRoute, routeConditions, versionService } from './support/gateway-api.ts';
import { ISTIO } from './support/kube.ts';
import { available } from './support/deployments.ts';
import {
  APP,
  AT_DEFAULTS,
  NAMESPACE,
  NO_WORKLOADS,
  deployment,
  namespace,
  service,
} from './support/objects.ts';
import { testOnEmbedded } from './support/on-embedded.ts';
import { useStage } from './support/stage.ts';

/** What the check says of an HTTPRoute and of the Services behind it (scenario 44). */
const stage = useStage({ api: 'HTTPRoute' });

const install = async (weights = 'v1=80,v2=20'): Promise<void> => {
  await stage.pass({ weights });
};

const verify = { ...NO_WORKLOADS, ...AT_DEFAULTS, operation: 'verify', 'verify-timeout': '20s' } as const;
const status = { ...NO_WORKLOADS, operation: 'status' } as const;
const SERVICE = `Service ${NAMESPACE}/${APP}-v2`;

describe("a version's Service", () => {
  test('that is missing in one cluster is served by the other, and comes back with the next step', async () => {
    await install();
    await stage.east.remove('v1', 'Service', `${APP}-v2`, NAMESPACE);
    await stage.underLoad(async () => {
      const looked = await stage.run(status);
      expect(looked.code).toBe(1);
      expect(looked.log).toContain(`${SERVICE} is missing in east`);
      const verified = await stage.pass(verify);
      expect(verified.summary).toContain(`${SERVICE} is missing in east`);
      await stage.pass({ ...NO_WORKLOADS, weights: 'v1=50,v2=50' });
      await stage.pass(status);
    });
    await expect(stage.east.find('v1', 'Service', `${APP}-v2`, NAMESPACE)).resolves.toBeDefined();

    await stage.west.remove('apps/v1', 'Deployment', `${APP}-v2`, NAMESPACE);
    await stage.east.remove('v1', 'Service', `${APP}-v2`, NAMESPACE);
    const headers = { 'x-canary-version': 'v2' };
    const [{ ingress } = { ingress: '' }] = stage.fleet.clusters;
    const unserved = async (): Promise<boolean> =>
      (await fetch(`${ingress}/hello`, { headers })).status === 503;
    await until('requests for v2 to get status 503', unserved, { seconds: 20 });
    const nowhere = await stage.run(status);
    expect(nowhere.code).toBe(1);
    expect(nowhere.log).toContain(
      'no other cluster has a ready pod behind it, so these requests get status 503',
    );
    expect(nowhere.log).not.toContain('still answer');
    // The remedies that it names.
    await stage.pass({ weights: 'v1=50,v2=50' });
    await stage.pass(status);
  });

  test('that is missing in both is named as the cause of the errors', async () => {
    await install();
    for (const kube of [stage.east, stage.west]) await kube.remove('v1', 'Service', `${APP}-v2`, NAMESPACE);
    const run = await stage.run(verify);
    expect(run.code).toBe(1);
    expect(run.outputs['verdict']).toBe('fail');
    expect(run.log).toContain(`${SERVICE} is missing in east, west`);
    const looked = await stage.run(status);
    expect(looked.code).toBe(1);
    expect(looked.summary).toContain(`${SERVICE} is missing in east, west`);
    expect(looked.summary).toContain('status 500');
    const planned = await stage.pass({ ...NO_WORKLOADS, operation: 'plan' });
    expect(planned.summary).toContain(`${SERVICE} is missing in east, west`);
  });

  test('that selects the pods of v1, or none, is named with its selector (scenario 19)', async () => {
    await install();
    const select = async (selector: Readonly<Record<string, string | null>>): Promise<void> => {
      for (const kube of [stage.east, stage.west])
        await kube.merge({ ...versionService('v2'), spec: { selector } });
    };
    await select({ version: 'v1' });
    const same = `Service ${APP}-v2 selects pods of v1`;
    for (const inputs of [status, verify]) {
      const run = await stage.run(inputs);
      expect(run.code).toBe(1);
      expect(run.summary).toContain(same);
      expect(run.summary).toContain(`app=${APP},version=v1`);
      expect(run.summary).not.toMatch(/subset/);
    }
    const planned = await stage.run({ ...NO_WORKLOADS, operation: 'plan', weights: 'v1=50,v2=50' });
    expect(planned.code).toBe(1);
    expect(planned.log).toContain(
      `Give the selector of Service ${APP}-v2 a label that only the pods of v2 carry`,
    );
    await select({ version: null });
    const all = await stage.run(status);
    expect(all.code).toBe(1);
    expect(all.summary).toContain(same);
    await select({ version: 'v9' });
    for (const inputs of [status, verify]) {
      const run = await stage.run(inputs);
      expect(run.code).toBe(1);
      expect(run.summary).toContain('No pod of v2 is ready');
      expect(run.summary).toContain(`${SERVICE} selects app=${APP},version=v9`);
    }
  });
});

testOnEmbedded(
  'operations on an HTTPRoute that was never released name the rollout, which works',
  async () => {
    await stage.everywhere(namespace(), service(), httpRoute([{ backendRefs: [{ name: APP, port: 5000 }] }]));
    await Promise.all([stage.east.create(deployment('v1')), stage.west.create(deployment('v2'))]);
    await Promise.all([available(stage.east, `${APP}-v1`), available(stage.west, `${APP}-v2`)]);
    await stage.served('any');
    const weights = { weights: 'v1=50,v2=50' };
    await stage.underLoad(async () => {
      for (const inputs of [
        verify,
        { operation: 'rollback' },
        { operation: 'rollback', ...weights },
        { operation: 'promote', steps: '50,100' },
        { operation: 'retire' },
      ]) {
        const refused = await stage.run({ ...NO_WORKLOADS, ...inputs });
        expect([inputs, refused.code, refused.log]).toEqual([
          inputs,
          1,
          expect.stringMatching(/run the operation rollout/i),
        ]);
        expect(refused.outputs['changed']).toBe('0');
      }
      await stage.pass({ ...NO_WORKLOADS, ...weights });
    });
  },
);

testOnEmbedded('an HTTPRoute whose backends all got weight 0 is brought back as status says', async () => {
  await install();
  for (const kube of [stage.east, stage.west]) {
    const route = await kube.get(GATEWAY_API, 'HTTPRoute', APP, NAMESPACE);
    const { rules } = route['spec'] as {
      rules: readonly { name?: string; backendRefs: readonly object[] }[];
    };
    const withoutUsers = rules.map((rule) =>
      rule.name === undefined
        ? { ...rule, backendRefs: rule.backendRefs.map((one) => ({ ...one, weight: 0 })) }
        : rule,
    );
    await kube.merge(httpRoute(withoutUsers));
  }
  const run = await stage.run(status);
  expect(run.code).toBe(1);
  const [, operation = ''] = /Run the operation (\w+) with the input weights/.exec(run.log) ?? [];
  await stage.pass({ ...NO_WORKLOADS, operation, weights: 'v1=80,v2=20' });
  await stage.pass(status);
});

test('an HTTPRoute that istiod does not resolve is named by status', async () => {
  await install();
  const route = await stage.east.get(GATEWAY_API, 'HTTPRoute', APP, NAMESPACE);
  const { rules } = route['spec'] as { rules: readonly { name?: string; backendRefs: readonly unknown[] }[] };
  const stray = { name: 'elsewhere', port: 5000, weight: 1 };
  const spec = {
    rules: rules.map((rule) =>
      rule.name === undefined ? { ...rule, backendRefs: [...rule.backendRefs, stray] } : rule,
    ),
  };
  await stage.east.merge({ ...route, spec });
  await until(
    'istiod to report it',
    async () => (await routeConditions(stage.east)).includes('BackendNotFound'),
    {
      seconds: 15,
    },
  );
  const run = await stage.run(status);
  expect(run.code).toBe(1);
  expect(run.summary).toContain('ResolvedRefs is not true of HTTPRoute gray-demo/helloworld in east');
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
