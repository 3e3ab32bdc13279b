import { afterEach, describe, expect, test } from '@jest/globals';
import { Fleet, allOf } from '../../src/fleet/fleet.ts';
import { CanaryError } from '../../src/core/errors.ts';
import { MESH_DEFAULTS } from '../../src/istio/mesh-config.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import type { Unread } from '../../src/istio/traffic-state.ts';
import type { TrafficState } from '../../src/istio/traffic-state.ts';
import '../support/one-realm.ts';
import { kubeApi, kubeconfigFor, refuse } from '../support/kube-api.ts';
import type { KubeApi } from '../support/kube-api.ts';
import {
  APP,
  NAMESPACE,
  deployment,
  destinationRule,
  gateway,
  namespaceOf,
  pod,
  service,
  to,
  versionPod,
  virtualService,
} from '../support/objects.ts';
import { EAST, WEST, release } from '../support/release.ts';
import { Opened } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

describe('work done side by side', () => {
  const failing = (message: string): Promise<never> => Promise.reject(new CanaryError(message));

  test('gives all results, in the order of the work', async () => {
    let finish = (_result: string): void => undefined;
    const slow = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const all = allOf([slow, Promise.resolve('b')]);
    finish('a');
    await expect(all).resolves.toEqual(['a', 'b']);
  });

  test('gives nothing where there is none', async () => {
    await expect(allOf([])).resolves.toEqual([]);
  });

  test('keeps a result that is undefined', async () => {
    await expect(allOf([Promise.resolve(undefined), Promise.resolve(1)])).resolves.toEqual([undefined, 1]);
  });

  test('with one failure throws it as it is', async () => {
    const error = new CanaryError('a');
    await expect(allOf([Promise.resolve(1), Promise.reject(error)])).rejects.toBe(error);
  });

  test('with several failures lists them', async () => {
    await expect(allOf([failing('east: a'), Promise.resolve(1), failing('west: b')])).rejects.toThrow(
      '- east: a\n- west: b',
    );
  });

  test('with several equal failures tells one', async () => {
    await expect(allOf([failing('Cancelled.'), failing('Cancelled.')])).rejects.toThrow(/^Cancelled\.$/);
  });

  test('with something thrown that is no error lists it as well', async () => {
    const thrown = Promise.resolve().then(() => {
      AbortSignal.abort('b').throwIfAborted();
    });
    await expect(allOf([failing('a'), thrown])).rejects.toThrow('- a\n- b');
  });

  test('ends all of it before it throws: a failure cuts no other short', async () => {
    const done: string[] = [];
    let finish = (): void => undefined;
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    }).then(() => {
      done.push('slow');
    });
    const all = allOf([failing('a'), slow]).catch(() => {
      done.push('thrown');
    });
    finish();
    await all;
    expect(done).toEqual(['slow', 'thrown']);
  });
});

interface Stage {
  readonly fleet: Fleet;
  readonly east: KubeApi;
  readonly west: KubeApi;
}

/** Two clusters with these objects. */
async function stage(east: readonly KubeObject[], west: readonly KubeObject[] = []): Promise<Stage> {
  const apis = { east: opened.add(await kubeApi(...east)), west: opened.add(await kubeApi(...west)) };
  const config = kubeconfigFor({ east: apis.east.url, west: apis.west.url });
  return { ...apis, fleet: opened.add(Fleet.open(config, [EAST, WEST], new AbortController().signal)) };
}

describe('reading the fleet', () => {
  const own = {
    ...deployment('helloworld-v1', { app: APP }),
    metadata: { name: 'helloworld-v1', namespace: NAMESPACE },
  };
  const objects = [
    namespaceOf(NAMESPACE),
    service(),
    own,
    versionPod('v1'),
    virtualService([{ route: [to('v1')] }], {}, { gateways: [APP, 'istio-system/public', 'mesh'] }),
    destinationRule(['v1']),
    gateway(),
    gateway(undefined, { name: 'public', namespace: 'istio-system' }),
    gateway(undefined, { name: 'other', namespace: 'istio-system' }),
    service({}, { name: 'other', namespace: 'elsewhere' }),
  ];

  test('brings what the release may touch, in every cluster', async () => {
    const { fleet } = await stage(objects);
    const east = (await fleet.read(release())).get(EAST);
    const names = (list: readonly KubeObject[] = []): readonly string[] =>
      list.map(({ metadata }) => metadata.name);
    expect([
      east?.namespace,
      east?.service,
      names(east?.deployments),
      names(east?.pods),
      names(east?.traffic?.virtualServices),
      names(east?.traffic?.destinationRules),
    ]).toMatchObject([
      { metadata: { name: NAMESPACE } },
      { metadata: { name: APP, namespace: NAMESPACE } },
      ['helloworld-v1'],
      ['helloworld-v1-0'],
      [APP],
      [APP],
    ]);
  });

  test('brings the Gateways of the namespace, and those of others that the routes name', async () => {
    const { fleet } = await stage(objects);
    const traffic = (await fleet.read(release())).get(EAST)?.traffic;
    expect(traffic?.gateways.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`)).toEqual([
      'gray-demo/helloworld',
      'istio-system/public',
    ]);
  });

  test("brings what stands of the manifests' StatefulSets and DaemonSets, where their version belongs", async () => {
    const others = ['StatefulSet', 'DaemonSet'].map((kind) => {
      const one = deployment(kind.toLowerCase(), { app: APP }, { kind });
      return { ...one, metadata: { ...one.metadata, namespace: NAMESPACE } };
    });
    const { fleet, east, west } = await stage(others, others);
    const manifests = others.map((object) => ({ object, source: 'app.yaml' }));
    const state = await fleet.read(release({ workload: { manifests } }));
    const kinds = [EAST, WEST].map((name) => state.get(name)?.deployments.map(({ kind }) => kind));
    const asked = [east, west].map(
      (api) => api.asked.filter(({ path }) => /statefulsets|daemonsets/.test(path)).length,
    );
    expect({ kinds, asked }).toEqual({ kinds: [[], ['StatefulSet', 'DaemonSet']], asked: [0, 2] });
  });

  test('of a cluster that holds nothing is empty', async () => {
    const { fleet } = await stage(objects);
    expect((await fleet.read(release())).get(WEST)).toMatchObject({
      namespace: undefined,
      service: undefined,
      deployments: [],
      pods: [],
    });
  });

  test('asks no cluster for routes that it does not serve', async () => {
    const { fleet, west } = await stage(objects);
    const state = (await fleet.read(release({ configClusters: [EAST] }))).get(WEST);
    expect([state?.traffic, west.asked.filter(({ path }) => path.includes('istio'))]).toEqual([
      undefined,
      [],
    ]);
  });

  test('fails where one cluster cannot be read, and names it', async () => {
    const { fleet, west } = await stage(objects);
    west.intercept = ({ path }, response) => {
      if (!path.includes('/pods')) return false;
      refuse(response, 403, 'Forbidden', 'pods is forbidden');
      return true;
    };
    await expect(fleet.read(release())).rejects.toThrow(
      /^Listing Pods of gray-demo in west: pods is forbidden \(403 Forbidden\)/,
    );
  });

  test('again brings the routes as they are by then', async () => {
    const { fleet, east } = await stage(objects);
    const state = await fleet.read(release());
    for (const path of east.objects.keys()) if (path.includes('virtualservices')) east.objects.delete(path);
    const again = await fleet.readAgain(release(), state);
    expect([again.get(EAST)?.traffic?.virtualServices, again.get(EAST)?.service]).toEqual([
      [],
      state.get(EAST)?.service,
    ]);
  });
});

describe('reading the configuration of the mesh', () => {
  const shop = virtualService([{ route: [to('v1')] }], { name: 'shop', namespace: 'front' });
  const ordinary = [
    namespaceOf(NAMESPACE),
    virtualService([{ route: [to('v1')] }]),
    destinationRule(['v1']),
    gateway(),
  ];
  const config = (name: string, mesh: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'istio-system' },
    data: { mesh },
  });
  const gatewayPod = (revision?: string): KubeObject =>
    pod(
      `gateway-${revision ?? 'default'}`,
      { istio: 'ingressgateway', ...(revision === undefined ? {} : { 'istio.io/rev': revision }) },
      { metadata: { namespace: 'edge' } },
    );
  const PRIVATE = "defaultVirtualServiceExportTo: ['.']";
  const read = async (
    objects: readonly KubeObject[],
    refused?: RegExp,
  ): Promise<{ readonly traffic: TrafficState | undefined; readonly asked: readonly string[] }> => {
    const { fleet, east } = await stage(objects);
    east.intercept = ({ path }, response) => {
      if (refused?.test(path) !== true) return false;
      refuse(response, 403, 'Forbidden', 'no');
      return true;
    };
    const traffic = (await fleet.read(release({ configClusters: [EAST] }))).get(EAST)?.traffic;
    return {
      traffic,
      asked: east.asked.map(({ path }) => path).filter((path) => path.includes('configmaps')),
    };
  };

  test('is left out where the release alone leads to its service', async () => {
    const { traffic, asked } = await read([...ordinary, config('istio', PRIVATE)]);
    expect({ asked, mesh: traffic?.mesh, unread: traffic?.unread }).toEqual({
      asked: [],
      mesh: MESH_DEFAULTS,
      unread: [],
    });
  });

  test.each<[string, readonly KubeObject[], string, readonly string[]]>([
    ['of the only revision', [gatewayPod(), config('istio', PRIVATE)], 'istio', ['.']],
    [
      "of the revision of the gateways' pods",
      [gatewayPod('canary'), config('istio', ''), config('istio-canary', PRIVATE)],
      'istio-canary',
      ['.'],
    ],
    [
      'of the only one where the gateways have several revisions',
      [gatewayPod('a'), gatewayPod('b'), config('istio', '')],
      'istio',
      ['*'],
    ],
  ])('takes that %s', async (_what, objects, name, virtualServices) => {
    const { traffic, asked } = await read([...ordinary, shop, ...objects]);
    expect({ asked, mesh: traffic?.mesh, unread: traffic?.unread }).toEqual({
      asked: [`/api/v1/namespaces/istio-system/configmaps/${name}`],
      mesh: { ...MESH_DEFAULTS, virtualServices },
      unread: [],
    });
  });

  test('finds by it where the gateways run that decide', async () => {
    const { traffic } = await read([...ordinary, shop, gatewayPod(), config('istio', PRIVATE)]);
    // The Gateway front/helloworld does not exist.
    expect(traffic?.gatewayNamespaces).toEqual(
      new Map([
        ['gray-demo/helloworld', ['edge']],
        ['front/helloworld', []],
      ]),
    );
  });

  test.each<[string, readonly KubeObject[], RegExp | undefined, readonly Unread[]]>([
    [
      'does not exist',
      [],
      undefined,
      [{ what: 'mesh config', name: 'istio-system/istio', why: 'it does not exist' }],
    ],
    [
      'may not be read',
      [config('istio', PRIVATE)],
      /configmaps/,
      [
        {
          what: 'mesh config',
          name: 'istio-system/istio',
          why: 'the user of the kubeconfig may not get it',
        },
      ],
    ],
    [
      'is not YAML',
      [config('istio', 'a: [')],
      undefined,
      [{ what: 'mesh config', name: 'istio-system/istio', why: 'its key mesh is not YAML' }],
    ],
    ['is all there, and the pods are not asked about in the end', [config('istio', '')], /api.v1.pods/, []],
    [
      'shows that it matters where the gateways run, and pods may not be listed',
      [config('istio', "defaultDestinationRuleExportTo: ['.']")],
      /api.v1.pods/,
      [{ what: 'gateway pods', why: 'list pods cluster-wide' }],
    ],
    [
      'shows that it matters where a Gateway runs that may not be read',
      [config('istio', PRIVATE)],
      /v1.gateways|front.gateways/,
      [{ what: 'gateway pods', why: 'get Gateway front/helloworld' }],
    ],
  ])('says what was not read where it %s', async (_what, objects, refused, unread) => {
    expect((await read([...ordinary, shop, ...objects], refused)).traffic?.unread).toEqual(unread);
  });
});

test('a cluster that has no part is a defect', async () => {
  const { fleet } = await stage([]);
  expect(() => fleet.cluster('north')).toThrow('north is not a cluster of this release');
});
