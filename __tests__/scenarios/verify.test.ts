import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { connect, createServer as createForwarder } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { pipeline } from 'node:stream';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { checkCases } from './cases/release-cases.ts';
import { available } from './support/deployments.ts';
import { ISTIO } from './support/kube.ts';
import {
  APP,
  AT_DEFAULTS,
  NAMESPACE,
  ONLY_V1,
  deployment,
  destination,
  image,
  service,
  virtualService,
} from './support/objects.ts';
import { testOnEmbedded } from './support/on-embedded.ts';
import { editWeights, stealUsers } from './support/route-edits.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();

checkCases(stage);

const install = async (weights: string): Promise<void> => {
  await stage.pass({ weights });
};

describe('verify', () => {
  test('fails on 70/30 in one cluster, and names that ingress, who changed it and when (scenario 15)', async () => {
    await stage.underLoad(async () => {
      await install('v1=80,v2=20');
      await editWeights(stage.west, 70, 30);
      const run = await stage.run({ operation: 'verify', ...AT_DEFAULTS });
      expect(run.code).toBe(1);
      expect(run.outputs['verdict']).toBe('fail');
      expect(run.log).toMatch(/The route in west was changed by someone else/);
      expect(run.log).toMatch(/holds v1=70,v2=30 instead of the v1=80,v2=20.*kubectl-edit at 20/s);
      expect(run.log).not.toMatch(/route in east/);
    });
  });

  test('fails on a single stray response at 100/0 (scenario 16)', async () => {
    await stage.underLoad(async () => {
      await install('v1=99,v2=1');
      const run = await stage.run({
        operation: 'verify',
        weights: 'v1=100,v2=0',
        'max-samples': '20000',
        ...AT_DEFAULTS,
      });
      expect(run.code).toBe(1);
      const observed = JSON.parse(run.outputs['observed'] ?? '') as Record<string, { v2: number }>;
      expect(Object.values(observed).some(({ v2 }) => v2 > 0)).toBe(true);
    });
  });

  test('fails when header and body disagree because a subset selects the wrong pods (scenario 19)', async () => {
    await stage.pass({ weights: 'v1=80,v2=20', image: `v1=${image('v1')}\nv2=${image('v2')}` });
    const rule = await stage.east.get(ISTIO, 'DestinationRule', APP, NAMESPACE);
    const subsets = ['v1', 'v2'].map((name) => ({
      name,
      labels: { version: name === 'v1' ? 'v2' : 'v1' },
      trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
    }));
    await stage.east.merge({
      apiVersion: ISTIO,
      kind: 'DestinationRule',
      metadata: { name: APP, namespace: NAMESPACE },
      spec: { ...(rule['spec'] as object), subsets },
    });
    const run = await stage.run({ operation: 'verify', ...AT_DEFAULTS });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/The subset v1 selects pods of v2/);
    expect(run.log).toMatch(/east.*the header and the body of responses name different versions/);
  });
});

/** Whether this machine has IPv6, even if only on the loopback interface. */
const hasIPv6 = Object.values(networkInterfaces()).some((own) =>
  own?.some(({ address }) => address === '::1'),
);

(hasIPv6 ? describe : describe.skip)('verify over IPv6', () => {
  testOnEmbedded('passes through the IPv6 address of an ingress (scenario 38)', async () => {
    await install('v1=80,v2=20');
    const { hostname, port } = new URL(stage.fleet.clusters[0]?.ingress ?? '');
    const forwarder = createForwarder((user) => {
      const ingress = connect({ host: hostname, port: Number(port === '' ? 80 : port) });
      pipeline(user, ingress, user, () => undefined);
    }).listen(0, '::1');
    await once(forwarder, 'listening');
    const url = `http://[::1]:${String((forwarder.address() as AddressInfo).port)}`;
    try {
      const run = await stage.pass({ operation: 'verify', ingress: `east=${url}` });
      expect(run.outputs['verdict']).toBe('pass');
      expect(JSON.parse(run.outputs['ingress-urls'] ?? '')).toMatchObject({ east: url });
    } finally {
      forwarder.close();
    }
  });
});

describe('verify while another run changes the release', () => {
  testOnEmbedded('is inconclusive and says why', async () => {
    await install('v1=80,v2=20');
    const { promise: sampling, resolve: begun } = Promise.withResolvers<undefined>();
    // At this rate the check takes long enough for the rollout to write in the meantime.
    const verifying = stage.run(
      { operation: 'verify', 'max-rps': '5', ...AT_DEFAULTS },
      {
        onLog: (text) => {
          if (text.includes('Sampling against')) begun(undefined);
        },
      },
    );
    await sampling;
    await stage.pass({ weights: 'v1=20,v2=80' });
    const run = await verifying;
    expect(run.code).toBe(1);
    expect(run.outputs['verdict']).toBe('inconclusive');
    expect(run.log).toMatch(
      /The release was changed while it was sampled.*east: revision \d+, v1=80,v2=20 → revision \d+, v1=20,v2=80/s,
    );
    expect(run.log).not.toMatch(/is still on revision/);
  });
});

describe('a managed route that sends a share to another host', () => {
  const SHOP = 'shop';
  const shop = { name: SHOP, labels: { app: SHOP } };

  /** Deploys the other host; its responses name a version that the release does not have. */
  async function openShop(): Promise<void> {
    await stage.everywhere({
      ...service(),
      metadata: { ...shop, namespace: NAMESPACE },
      spec: { selector: { app: SHOP }, ports: [{ name: 'http-5000', port: 5000, targetPort: 5000 }] },
    });
    const pods = deployment('v9', { name: SHOP });
    await stage.east.create({
      ...pods,
      spec: {
        ...(pods['spec'] as object),
        selector: { matchLabels: shop.labels },
        template: {
          ...(pods['spec'] as { template: object }).template,
          metadata: { labels: shop.labels },
        },
      },
    });
    await available(stage.east, SHOP);
  }

  test('passes when the versions split the rest as requested', async () => {
    const other = { destination: { host: `${SHOP}.${NAMESPACE}.svc.cluster.local`, port: { number: 5000 } } };
    await stage.adopt({
      vs: [virtualService([{ name: APP, route: [destination('v1', 50), { ...other, weight: 50 }] }])],
      asked: false,
    });
    await openShop();
    const run = await stage.pass({
      image: '',
      'config-clusters': 'east, west',
      weights: 'v1=80,v2=20',
      ...AT_DEFAULTS,
    });
    expect(run.outputs).toMatchObject({ verdict: 'pass', weights: 'v1=80,v2=20' });
    expect(run.log).toMatch(
      /the shares match the weights \([\d,]+ samples besides [\d,]+ responses from other hosts\)/,
    );
    const again = await stage.pass({ operation: 'verify', ...AT_DEFAULTS });
    expect(again.outputs['verdict']).toBe('pass');
  });
});

describe('rollout', () => {
  test('rolls every cluster back when one ingress drifts', async () => {
    await stage.underLoad(async () => {
      await install('v1=100,v2=0');
      // The weights stay as written, so no tool that reads them back would notice.
      await stealUsers(stage.west, 'v2');
      const run = await stage.run({
        weights: 'v1=80,v2=20',
        headers: 'x-thief: yes',
        routes: APP,
        'verify-timeout': '5s',
      });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(/request for revision \d+ did not get through the ingress of west/);
      expect(run.log).toMatch(/Rolled back to v1=100,v2=0/);
      expect(run.outputs['weights']).toBe('v1=100,v2=0');
      await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
    });
  });

  test('refuses a version whose subset reaches the wrong pods, before it gets traffic (scenario 19)', async () => {
    await stage.pass(ONLY_V1);
    await stage.underLoad(async () => {
      const run = await stage.run({ weights: 'v1=80,v2=20', image: image('v1') });
      expect(run.code).toBe(1);
      expect(run.log).toMatch(/was answered by v1: the labels that select v2 match pods of v1/);
    });
    await expect(stage.weights()).resolves.toEqual(['v1=100', 'v1=100']);
  });
});

describe('verify does not pass without valid responses (scenario 17):', () => {
  const answers: [string, RequestListener, RegExp][] = [
    [
      'only errors',
      (_, response) => response.writeHead(503).end('upstream connect error'),
      /requests failed.*status 503/,
    ],
    [
      'garbage',
      (_, response) => response.end('\u0000\u0001<html>::error::'),
      /requests failed.*no version in the response/,
    ],
    [
      'a version that is not in the list',
      (_, response) => response.end('Hello version: v7, instance: x'),
      /version v7 responded, which the weights do not name \(v1, v2\)/,
    ],
    ['cut connections', (request) => request.socket.destroy(), /requests failed.*connection cut/],
  ];
  testOnEmbedded.each(answers)('%s', async (_, listener, reason) => {
    await install('v1=80,v2=20');
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const run = await stage.run({ operation: 'verify', ingress: `east=http://127.0.0.1:${String(port)}` });
      expect(run.code).toBe(1);
      expect(run.outputs['verdict']).toBe('fail');
      expect(run.log).toMatch(reason);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  testOnEmbedded('no listener', async () => {
    await install('v1=80,v2=20');
    const run = await stage.run({ operation: 'verify', ingress: 'east=http://127.0.0.1:9' });
    expect(run.code).toBe(1);
    expect(run.outputs['verdict']).toBe('fail');
    expect(run.log).toMatch(/requests failed.*connection refused/);
  });

  testOnEmbedded('no response in time', async () => {
    await install('v1=80,v2=20');
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const run = await stage.run({
        operation: 'verify',
        ingress: `east=http://127.0.0.1:${String(port)}`,
        'verify-timeout': '2s',
      });
      expect(run.code).toBe(1);
      expect(run.outputs['verdict']).toBe('inconclusive');
      expect(run.log).toMatch(/undecided after 2 s and 0 samples: 16 requests had no response yet/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('status', () => {
  testOnEmbedded('reports the state of each cluster and any disagreement, and writes nothing', async () => {
    await install('v1=80,v2=20');
    const agree = await stage.pass({ operation: 'status' });
    expect(agree.log).toMatch(/east: weights v1=80,v2=20, revision 1; v1: 1 of 1 pods ready/);
    expect(agree.log).toMatch(/All clusters agree/);
    await editWeights(stage.west, 50, 50);
    const disagree = await stage.run({ operation: 'status' });
    expect(disagree.code).toBe(1);
    expect(disagree.log).toMatch(/The clusters hold different weights/);
    expect(disagree.outputs['changed']).toBe('0');
  });
});

testOnEmbedded('verify fails before the first release (scenario 13)', async () => {
  for (const weights of ['', 'v1=80,v2=20']) {
    const run = await stage.run({ operation: 'verify', weights });
    expect(run.code).toBe(1);
    expect(run.log).toContain(
      'Input namespace: there is no namespace gray-demo in east, west. Correct it, or run the operation rollout',
    );
  }
});
