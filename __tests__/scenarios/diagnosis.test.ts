import { beforeEach, describe, expect, test } from '@jest/globals';
import { decodeHTML } from 'entities';
import { available } from './support/deployments.ts';
import { ISTIO } from './support/kube.ts';
import type { Kube, Obj } from './support/kube.ts';
import { APP, AT_DEFAULTS, HOST, NAMESPACE, destination, image, virtualService } from './support/objects.ts';
import { putAhead } from './support/route-edits.ts';
import { useStage } from './support/stage.ts';

/** Each scenario creates one cause on a fleet at 80/20 and expects `verify` to name it first. */
const stage = useStage();
beforeEach(async () => {
  await stage.pass({ weights: 'v1=80,v2=20' });
});

/** The likely causes that a verification lists; it must fail. */
async function findings(inputs: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const run = await stage.run({ operation: 'verify', 'verify-timeout': '20s', ...AT_DEFAULTS, ...inputs });
  expect(run.code).toBe(1);
  const [, listed = ''] = run.summary.split('### Likely cause\n');
  return [...listed.matchAll(/^1\. <strong>(?<title>.*?)\.<\/strong> (?<detail>.*)$/gm)].map(
    ({ groups }) => `${decodeHTML(groups?.['title'] ?? '')}. ${decodeHTML(groups?.['detail'] ?? '')}`,
  );
}

const everyone = { destination: { host: HOST, port: { number: 5000 } } };

/** Changes the spec of an object of the release, as someone with kubectl would. */
async function change(
  kube: Kube,
  kind: 'VirtualService' | 'DestinationRule',
  spec: (standing: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  const object = await kube.get(ISTIO, kind, APP, NAMESPACE);
  await kube.replace({ ...object, spec: spec(object['spec'] as Record<string, unknown>) });
}

describe('verify names, of the routes,', () => {
  test('an earlier route that takes the path, and not one that does not', async () => {
    await putAhead(stage.west, {
      name: 'thief',
      match: [{ uri: { prefix: '/hel' } }],
      route: [destination('v2')],
    });
    await putAhead(stage.west, {
      name: 'innocent',
      match: [{ uri: { prefix: '/other' } }],
      route: [destination('v2')],
    });
    const [first = '', ...others] = await findings({ routes: APP });
    expect(first).toMatch(
      /^An earlier route takes requests in west\. Route thief of VirtualService gray-demo\/helloworld/,
    );
    expect(first).toMatch(
      /matches the path \/hello: [\d,]+ of [\d,]+ requests were not answered by the managed route/,
    );
    expect([first, ...others].join('\n')).not.toContain('innocent');
  });

  test('an earlier route that responds directly', async () => {
    await putAhead(stage.west, { name: 'closed', directResponse: { status: 404 } });
    const [first] = await findings();
    expect(first).toMatch(/^An earlier route takes requests in west\. Route closed .*requests failed/);
  });

  const thief = (namespace: string): Obj => ({
    ...virtualService([{ name: 'mine', match: [{ uri: { exact: '/hello' } }], route: [{ ...everyone }] }], {
      gateways: [`${NAMESPACE}/${APP}`],
    }),
    metadata: { name: 'a-thief', namespace },
  });

  test.each([
    ['the same', NAMESPACE],
    ['another', 'elsewhere'],
  ])('another VirtualService of the same host and gateway, in %s namespace', async (_, namespace) => {
    if (namespace !== NAMESPACE)
      await stage.west.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    // The route has a match, and that of the release has none, so Istio puts it first, whichever is older.
    await stage.west.create(thief(namespace));
    const [first] = await findings();
    expect(first).toMatch(
      new RegExp(
        `^VirtualService ${namespace}/a-thief takes requests in west\\. It binds \\* and Gateway gray-demo/helloworld.*its route mine matches the path /hello: [\\d,]+ of [\\d,]+ requests`,
      ),
    );
  });

  test('an edit before every other cause', async () => {
    await putAhead(stage.west, {
      name: 'thief',
      match: [{ uri: { exact: '/hello' } }],
      route: [destination('v2')],
    });
    await change(stage.east, 'VirtualService', (spec) => ({
      ...spec,
      http: (spec['http'] as { name: string }[]).map((route) =>
        route.name === APP ? { ...route, route: [destination('v1', 50), destination('v2', 50)] } : route,
      ),
    }));
    const [first, second] = await findings({ routes: APP });
    expect(first).toMatch(
      /^The route in east was changed by someone else\. .*v1=50,v2=50.*kubectl-replace at 20/,
    );
    expect(second).toMatch(/^An earlier route takes requests in west/);
  });
});

describe('verify names, of subsets and their pods,', () => {
  const relabel = async (labels: Record<string, string>): Promise<void> => {
    for (const kube of [stage.east, stage.west]) {
      await change(kube, 'DestinationRule', (spec) => ({
        ...spec,
        subsets: (spec['subsets'] as { name: string }[]).map((subset) =>
          subset.name === 'v2' ? { ...subset, labels } : subset,
        ),
      }));
    }
  };

  test('a missing subset', async () => {
    await change(stage.east, 'DestinationRule', (spec) => ({
      ...spec,
      subsets: (spec['subsets'] as { name: string }[]).filter(({ name }) => name !== 'v2'),
    }));
    const [first] = await findings();
    expect(first).toMatch(
      /^DestinationRule gray-demo\/helloworld has no subset v2 in east\. The route gives v2 20%/,
    );
  });

  test('labels that match no pod', async () => {
    await relabel({ version: 'v2', track: 'canary' });
    const [first] = await findings();
    expect(first).toMatch(
      /^No pod of v2 is ready\. .*selects track=canary,version=v2: no pod in east, west has these labels/,
    );
  });

  test('pods that are no longer ready', async () => {
    await stage.west.merge({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `${APP}-v2`, namespace: NAMESPACE },
      spec: {
        strategy: { type: 'Recreate', rollingUpdate: null },
        template: { spec: { containers: [{ name: APP, image: image('v2', 'unready') }] } },
      },
    });
    await stage.west.settled('apps/v1', 'Deployment', `${APP}-v2`, NAMESPACE, ({ status }) => {
      const {
        availableReplicas = 0,
        unavailableReplicas = 0,
        updatedReplicas = 0,
      } = status as Record<string, number>;
      return availableReplicas === 0 && unavailableReplicas === 1 && updatedReplicas === 1;
    });
    const [first] = await findings();
    expect(first).toMatch(/^No pod of v2 is ready\. .*Pod gray-demo\/helloworld-v2-\S+ is not ready/);
  });

  test('labels that match the wrong pods, from the bodies alone', async () => {
    await relabel({ app: APP });
    const [first] = await findings({ 'version-from': 'body:version: (v\\d+)' });
    expect(first).toMatch(
      /^The subsets v1 and v2 select the same pods\. .* select Pod gray-demo\/helloworld-v1-\S+ in east: v1 selects version=v1, v2 selects app=helloworld/,
    );
  });

  test('pods without a sidecar under explicit ISTIO_MUTUAL', async () => {
    await stage.west.merge({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE, labels: { 'istio-injection': 'disabled' } },
    });
    for (const pod of await stage.west.list('v1', 'Pod', NAMESPACE))
      await stage.west.remove('v1', 'Pod', pod.metadata.name, NAMESPACE);
    await available(stage.west, `${APP}-v2`);
    const [first] = await findings();
    expect(first).toMatch(
      /^Pods of v2 have no sidecar\. DestinationRule gray-demo\/helloworld requires mutual TLS \(ISTIO_MUTUAL\), but Pod gray-demo\/helloworld-v2-\S+ has no container istio-proxy/,
    );
  });
});

describe('verify names, of the settings between weights and pods,', () => {
  const policy = (trafficPolicy: Record<string, unknown>): Promise<void> =>
    change(stage.west, 'DestinationRule', (spec) => ({
      ...spec,
      trafficPolicy: { ...(spec['trafficPolicy'] as object), ...trafficPolicy },
    }));

  test('consistent hashing when shares drift (scenario 20)', async () => {
    await policy({ loadBalancer: { consistentHash: { httpHeaderName: 'x-user' } } });
    await putAhead(stage.west, { name: 'all', match: [{ uri: { exact: '/hello' } }], route: [everyone] });
    const found = await findings({ routes: APP, headers: 'x-user: someone' });
    expect(found.map((text) => text.split('. ')[0])).toEqual([
      'An earlier route takes requests in west',
      'Consistent hashing is on in west',
    ]);
  });

  test('no consistent hashing when requests fail', async () => {
    await policy({ loadBalancer: { consistentHash: { useSourceIp: true } } });
    await putAhead(stage.west, { name: 'closed', directResponse: { status: 404 } });
    // Answers of the routes before would be shares that drift.
    await stage.answers('west', 404);
    const found = await findings();
    expect(found.join('\n')).not.toContain('Consistent hashing');
  });

  test('outlier detection and locality settings when requests fail with 5xx', async () => {
    await change(stage.west, 'DestinationRule', (spec) => ({
      ...spec,
      trafficPolicy: {
        ...(spec['trafficPolicy'] as object),
        outlierDetection: {
          consecutive5xxErrors: 1,
          interval: '1s',
          baseEjectionTime: '30s',
          maxEjectionPercent: 100,
        },
        loadBalancer: { localityLbSetting: { distribute: [{ from: '*', to: { 'moon/*': 100 } }] } },
      },
      subsets: (spec['subsets'] as { name: string; labels: object }[]).map((subset) =>
        subset.name === 'v2' ? { ...subset, labels: { ...subset.labels, track: 'none' } } : subset,
      ),
    }));
    const found = await findings();
    expect(found.map((text) => text.split('. ')[0])).toEqual([
      'No pod of v2 is ready',
      'Outlier detection is on in west',
      'Locality load balancing is set in west',
    ]);
  });
});
