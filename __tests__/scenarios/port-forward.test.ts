import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startLoad } from '../../testbed/load.ts';
import { startFleet } from '../../testbed/start.ts';
import { accessObjects } from '../support/access-examples.ts';
import { servedOverHttps, writeAuthority } from './support/https.ts';
import { ISTIO } from './support/kube.ts';
import { Kubectl } from './support/kubectl.ts';
import { APP, NAMESPACE, SEED } from './support/objects.ts';
import { Stage } from './support/stage.ts';
import { withToken } from './support/with-token.ts';

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'istio-ingressgateway', namespace: 'istio-system' },
} as const;
const PODS = ['istio-ingressgateway-0', 'istio-ingressgateway-1'] as const;

interface ReportedPod {
  readonly pod: string;
  readonly samples: number;
}

const onMesh = process.env['FLEET'] === 'mesh' ? describe : describe.skip;

/** A private ingress in west with two gateway pods (scenario 42), on one existing release. */
let stage: Stage;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forward-'));
  stage = new Stage(await startFleet({ gatewayReplicas: 2 }));
  await stage.west.merge({ ...SERVICE, spec: { type: 'ClusterIP', externalTrafficPolicy: null } });
  await stage.west.mergeServiceStatus(SERVICE.metadata, { loadBalancer: null });
  await stage.pass({ ...forward, weights: 'v1=80,v2=20' });
});
afterAll(async () => {
  await stage.fleet.stop();
  await rm(folder, { recursive: true });
});

const forward = { ingress: 'west=port-forward' } as const;
const verify = { ...forward, operation: 'verify' } as const;

test('an ingress that cannot be found says how its pods can be reached', async () => {
  const run = await stage.run({ operation: 'verify' });
  expect(run.code).toBe(1);
  expect(run.log).toContain(
    "west=port-forward to reach the gateway's pods through the API server (it takes get and create on pods/portforward)",
  );
});

test('each gateway pod is asked as often as the other, and the report has both', async () => {
  const run = await stage.pass({ ...verify, report: folder });
  expect(run.log).toMatch(/Ingress of west: http:\/\/istio-ingressgateway\.istio-system\.svc/);
  expect(run.log).toContain(`(port-forward to ${PODS.join(', ')}), past the load balancer`);
  expect(JSON.parse(run.outputs['ingress-urls'] ?? '')).toMatchObject({ west: 'port-forward' });
  expect(run.outputs['url']).toMatch(/^http:\/\/.*\/hello$/);
  expect(run.summary).toContain('past the load balancer and whatever else is in front of the gateway');
  await expectEqualCounts(0);
});

/** In the report of the latest run, the gateway pods of west have been asked equally often. */
async function expectEqualCounts(check: number): Promise<void> {
  const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as {
    checks: { ingresses: { cluster: string; samples: number; pods?: ReportedPod[] }[] }[];
  };
  const west = report.checks[check]?.ingresses.find(({ cluster }) => cluster === 'west');
  expect(west?.pods?.map(({ pod }) => pod).toSorted()).toEqual(PODS);
  const counts = west?.pods?.map(({ samples }) => samples) ?? [];
  expect(counts.reduce((a, b) => a + b, 0)).toBe(west?.samples);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan((west?.samples ?? 0) / 10);
}

test('a release goes on through both pods, and back', async () => {
  await stage.underLoad(async () => {
    const run = await stage.pass({ ...forward, operation: 'promote', steps: '50,100' });
    expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=50,v2=50' });
    const back = await stage.pass({ ...forward, operation: 'rollback' });
    expect(back.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=80,v2=20' });
  });
});

describe('a pod that no longer receives its configuration', () => {
  afterEach(() => stage.fleet.thawGateway('west', 1));

  test('fails the release and is named; once it goes on, the release passes', async () => {
    await stage.fleet.freezeGateway('west', 1);
    await stage.underLoad(async () => {
      const run = await stage.run({ ...forward, weights: 'v1=50,v2=50', 'verify-timeout': '20s' });
      expect(run.code).toBe(1);
      expect(run.log).toContain(`Pod ${PODS[1]}`);
      expect(run.log).not.toContain(`Pod ${PODS[0]} `);
      await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
      await stage.fleet.thawGateway('west', 1);
      const again = await stage.pass({ ...forward, weights: 'v1=50,v2=50' });
      expect(again.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=50,v2=50' });
    });
  });

  test('fails a verification, which names it', async () => {
    await stage.fleet.freezeGateway('west', 1);
    await stage.run({ ...forward, ingress: 'west=none', 'propagation-time': '0s', weights: 'v1=70,v2=30' });
    const run = await stage.run(verify);
    expect(run.code).toBe(1);
    expect(run.outputs['verdict']).toBe('fail');
    expect(run.log).toContain(`Pod ${PODS[1]} stays behind`);
    expect(run.log).toContain(`Gateway pod ${PODS[1]} in west is still on revision`);
    await stage.fleet.thawGateway('west', 1);
    await stage.pass(verify);
  });
});

describe('a gateway pod whose proxy crashes', () => {
  test('once, fails neither the check nor the pod, and the report counts it', async () => {
    let crashed: Promise<void> | undefined;
    const run = await stage.pass(
      { ...verify, watch: '15s', 'max-error-rate': '5', report: folder },
      {
        onLog: (text) => {
          if (text.includes('Watch')) crashed ??= stage.fleet.crashGateway('west', 1);
        },
      },
    );
    expect(crashed).toBeDefined();
    await crashed;
    expect(run.log).toMatch(new RegExp(`Pod ${PODS[1]}: .*1 restart`));
  });

  test('again and again, fails the check and is named', async () => {
    let crashing: Promise<void> | undefined;
    let isOver = false;
    const crash = async (): Promise<void> => {
      while (!isOver) await stage.fleet.crashGateway('west', 1);
    };
    const run = await stage.run(
      { ...verify, watch: '60s' },
      {
        onLog: (text) => {
          if (text.includes('Watch')) crashing ??= crash();
        },
      },
    );
    isOver = true;
    await crashing;
    expect(run.outputs['verdict']).toBe('fail');
    expect(run.log).toContain(`Pod ${PODS[1]} crashes again and again: its proxy was restarted`);
  });
});

onMesh('what people know of kubectl port-forward', () => {
  test('a kubelet closes what is idle, and the way is opened again at no cost', async () => {
    const kubectl = await Kubectl.of(stage.fleet.kubeconfig, 'west', folder);
    // In a watch, each pod is asked every 400 ms.
    const idle = (time: string): Promise<void> =>
      stage.west.merge({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: PODS[1],
          namespace: SERVICE.metadata.namespace,
          annotations: { 'testbed/port-forward-idle': time },
        },
      });
    await idle('300ms');
    try {
      const before = await kubectl.completed('portforward');
      const run = await stage.pass({ ...verify, watch: '10s', 'max-error-rate': '0', report: folder });
      expect(run.log).not.toContain('requests failed');
      expect((await kubectl.completed('portforward')) - before).toBeGreaterThan(10);
      await expectEqualCounts(1);
    } finally {
      await idle('4h');
    }
  });

  test('kubectl port-forward to the same pod changes nothing, and works', async () => {
    const kubectl = await Kubectl.of(stage.fleet.kubeconfig, 'west', folder);
    await using forwarded = await kubectl.portForward(SERVICE.metadata.namespace, PODS[0], 80);
    const load = await startLoad([`${forwarded.url}${SEED.path}`], { rps: 50, served: true });
    await stage.pass({ ...verify, report: folder });
    const { sent, failed } = await load.stop();
    expect(failed).toBe(0);
    expect(sent).toBeGreaterThan(0);
    await expectEqualCounts(0);
  });
});

test('a gateway pod that ends in the middle fails neither the check nor a user', async () => {
  let lost: Promise<void> | undefined;
  await stage.underLoad(async () => {
    const run = await stage.pass(
      { ...verify, tolerance: '3', 'max-rps': '300', report: folder },
      {
        onLog: (text) => {
          if (text.includes('Verify')) lost ??= stage.fleet.loseGateway('west', 1);
        },
      },
    );
    expect(run.outputs['verdict']).toBe('pass');
  });
  expect(lost).toBeDefined();
  await lost;
  const run = await stage.pass(verify);
  expect(run.log).toContain(`(port-forward to ${PODS[0]})`);
});

describe('the permission', () => {
  test.each(['get', 'create'])(
    '%s alone is an error that names both, before anything is sent',
    async (given) => {
      const rules = [{ apiGroups: [''], resources: ['pods/portforward'], verbs: [given] }];
      const own = [...accessObjects('access.yaml'), ...accessObjects('port-forward.yaml')]
        .filter(({ kind }) => kind !== 'Namespace')
        .map((object) =>
          object.kind === 'Role' && object.metadata.name.endsWith('port-forward')
            ? { ...object, rules }
            : object,
        );
      await stage.west.create(...own);
      try {
        const token = await stage.west.tokenOf('multicluster-canary-reader', NAMESPACE);
        const kubeconfig = withToken(stage.fleet.kubeconfig, 'west', token);
        const run = await stage.run({ ...verify, kubeconfig });
        expect(run.code).toBe(1);
        expect(run.log).toContain('it takes the verbs get and create on pods/portforward (403 Forbidden)');
        expect(run.outputs['samples']).toBe('0');
      } finally {
        for (const { apiVersion, kind, metadata } of own)
          await stage.west.remove(apiVersion, kind, metadata.name, metadata.namespace);
      }
    },
  );
});

onMesh('an API server that can be killed', () => {
  test('restarts in the middle, which costs time and no error', async () => {
    const { breakage } = stage.fleet;
    if (breakage === undefined) throw new Error('only the mesh has an API server that can be killed');
    const restart = async (): Promise<void> => {
      await breakage.takeDown('west', 'api-server');
      await breakage.bringUp('west', 'api-server');
    };
    let restarted: Promise<void> | undefined;
    await stage.underLoad(async () => {
      const run = await stage.pass(
        { ...verify, tolerance: '3', 'max-rps': '300' },
        {
          onLog: (text) => {
            if (text.includes('samples in')) restarted ??= restart();
          },
        },
      );
      expect(run.outputs['verdict']).toBe('pass');
      expect(run.log).not.toContain('requests failed');
    });
    expect(restarted).toBeDefined();
    await restarted;
  });
});

// The last one: from here on, the release is served over HTTPS alone.
describe('HTTPS', () => {
  test('is spoken with each pod, with the host as SNI', async () => {
    const [west] = stage.fleet.clusters.filter(({ name }) => name === 'west');
    const authority = await writeAuthority(stage.fleet, folder);
    const server = {
      port: { number: 443, name: 'https', protocol: 'HTTPS' },
      hosts: ['shop.example.com'],
      tls: { mode: 'SIMPLE', serverCertificate: west?.tls.certificate, privateKey: west?.tls.key },
    };
    await stage.everywhere({
      apiVersion: ISTIO,
      kind: 'Gateway',
      metadata: { name: 'shop', namespace: NAMESPACE },
      spec: { selector: { istio: 'ingressgateway' }, servers: [server] },
    });
    for (const kube of [stage.east, stage.west])
      await kube.merge({
        apiVersion: ISTIO,
        kind: 'VirtualService',
        metadata: { name: APP, namespace: NAMESPACE },
        spec: { hosts: ['shop.example.com'], gateways: ['shop'] },
      });
    await servedOverHttps(stage.fleet, 'shop.example.com', authority);
    const run = await stage.pass(
      { operation: 'verify', ingress: 'port-forward' },
      { env: { NODE_EXTRA_CA_CERTS: authority } },
    );
    expect(run.log).toContain('https://istio-ingressgateway.istio-system.svc');
    expect(run.outputs['verdict']).toBe('pass');
  });
});
