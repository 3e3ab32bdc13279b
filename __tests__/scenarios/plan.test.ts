import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ISTIO } from './support/kube.ts';
import type { Kube } from './support/kube.ts';
import { APP, NAMESPACE, OWN_MANIFEST, SEED, image, namespace } from './support/objects.ts';
import { describeOnEmbedded, testOnEmbedded } from './support/on-embedded.ts';
import { useStage } from './support/stage.ts';

const stage = useStage();

const plan = { operation: 'plan' };

interface Planned {
  readonly cluster: string;
  readonly object: string;
  readonly verb: string;
  readonly reason: string;
}

function planned(outputs: Readonly<Record<string, string>>): readonly Planned[] {
  return JSON.parse(outputs['plan'] ?? '') as Planned[];
}

const KINDS = [
  ['v1', 'Service'],
  ['v1', 'Secret'],
  ['apps/v1', 'Deployment'],
  [ISTIO, 'Gateway'],
  [ISTIO, 'DestinationRule'],
  [ISTIO, 'VirtualService'],
  ['coordination.k8s.io/v1', 'Lease'],
] as const;

/** Name and resource version of everything in the namespace that a release may touch, in both clusters. */
async function held(): Promise<readonly string[]> {
  const inOne = async (kube: Kube): Promise<readonly string[]> => {
    const lists = await Promise.all(KINDS.map(([version, kind]) => kube.list(version, kind, NAMESPACE)));
    const space = await kube.find('v1', 'Namespace', NAMESPACE);
    return [...lists.flat(), ...(space === undefined ? [] : [space])].map(
      ({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion ?? ''}`,
    );
  };
  return (await Promise.all([stage.east, stage.west].map(inOne))).flat();
}

describe('a plan before anything exists', () => {
  test('shows everything that a first install creates, and creates none of it', async () => {
    const run = await stage.pass({ ...plan, weights: 'v1=80,v2=20' });
    expect(run.outputs).toMatchObject({ verdict: '', weights: '', changed: '0', samples: '0' });
    const objects = ['DestinationRule', 'Gateway', 'Service', 'VirtualService', 'VirtualService'].map(
      (kind) => `${kind} ${NAMESPACE}/${APP}`,
    );
    for (const [cluster, version] of [
      ['east', 'v1'],
      ['west', 'v2'],
    ]) {
      const own = planned(run.outputs).filter((change) => change.cluster === cluster);
      expect(own.map(({ object }) => object).toSorted()).toEqual(
        [...objects, `Deployment ${NAMESPACE}/${APP}-${version ?? ''}`, `Namespace ${NAMESPACE}`].toSorted(),
      );
    }
    expect(run.log).toMatch(/^\+ +- image: .*examples-helloworld-v2/m);
    expect(run.log).toContain('The server could not check it yet: the namespace does not exist.');
    expect(Object.keys(JSON.parse(run.outputs['ingress-urls'] ?? '') as object)).toEqual(['east', 'west']);
    for (const kube of [stage.east, stage.west])
      await expect(kube.find('v1', 'Namespace', NAMESPACE)).resolves.toBeUndefined();
  });

  test('needs an ingress, as the rollout would', async () => {
    const run = await stage.run({ ...plan, weights: 'v1=80,v2=20', 'gateway-selector': 'istio=nowhere' });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/No address of an ingress gateway was found in (east|west)/);
  });
});

describe('a plan of other weights', () => {
  beforeEach(() => stage.pass({ weights: 'v1=80,v2=20' }));

  test('shows the weights in both clusters, with the reason, and nothing else', async () => {
    const before = await held();
    await stage.underLoad(async () => {
      const run = await stage.pass({ ...plan, weights: 'v1=50,v2=50', steps: '20,50,100' });
      expect(run.outputs).toMatchObject({
        verdict: '',
        weights: 'v1=80,v2=20',
        'next-weights': 'v1=50,v2=50',
        changed: '0',
        samples: '0',
      });
      expect(planned(run.outputs)).toEqual(
        ['east', 'west'].map((cluster) => ({
          cluster,
          object: `VirtualService ${NAMESPACE}/${APP}`,
          verb: 'update',
          reason: 'weights v1=80,v2=20 → v1=50,v2=50',
        })),
      );
      for (const shown of [run.log, run.summary]) {
        expect(shown).toMatch(/^- +weight: 80\n\+ +weight: 50$/m);
        expect(shown).toMatch(/^- +weight: 20\n\+ +weight: 50$/m);
        expect(shown).not.toMatch(/resourceVersion|managedFields|creationTimestamp/);
      }
      expect(run.log).toMatch(/^::group::Plan for east$.*^::group::Plan for west$/ms);
    });
    await expect(held()).resolves.toEqual(before);
  });

  test('shows the merged result for an object with fields of other managers', async () => {
    const deployment = await stage.west.get('apps/v1', 'Deployment', `${APP}-v2`, NAMESPACE);
    await stage.west.merge({
      ...deployment,
      metadata: { name: `${APP}-v2`, namespace: NAMESPACE },
      spec: { replicas: 2 },
    });
    const run = await stage.pass({
      ...plan,
      weights: 'v1=80,v2=20',
      image: `v1=${image('v1')}\nv2=${image('v2', '1.1')}`,
    });
    expect(planned(run.outputs)).toEqual([
      { cluster: 'west', object: `Deployment ${NAMESPACE}/${APP}-v2`, verb: 'apply', reason: 'for v2' },
    ]);
    expect(run.log).toMatch(/^- +- image: .*helloworld-v2:latest\n\+ +- image: .*helloworld-v2:1\.1$/m);
    expect(run.log).not.toMatch(/^[-+] +replicas:/m);
    expect(run.log).toContain('east: nothing would change.');
  });

  test('says when nothing would change', async () => {
    const before = await held();
    const run = await stage.pass({ ...plan, weights: 'v1=80,v2=20' });
    expect(run.outputs).toMatchObject({ plan: '[]', changed: '0', weights: 'v1=80,v2=20' });
    expect(run.log).toContain('Nothing would change: every cluster already matches the request.');
    expect(run.summary).toContain('Nothing would change');
    await expect(held()).resolves.toEqual(before);
  });

  test('fails if a server refuses it, and names what was refused', async () => {
    await stage.east.create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'tight', namespace: NAMESPACE },
      spec: { hard: { 'count/deployments.apps': '1' } },
    });
    await stage.east.settled(
      'v1',
      'ResourceQuota',
      'tight',
      NAMESPACE,
      ({ status }) => status !== undefined && 'hard' in (status as object),
    );
    const before = await held();
    const run = await stage.run({
      ...plan,
      clusters: 'v1: east\nv2: east, west',
      weights: 'v1=80,v2=20',
    });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(
      /Trying to apply Deployment gray-demo\/helloworld-v2 in east: .*exceeded quota: tight/,
    );
    expect(run.outputs).toMatchObject({ plan: '', changed: '0' });
    await expect(held()).resolves.toEqual(before);
  });
});

test('a plan that the admission webhook refuses fails, and names what was refused', async () => {
  await stage.everywhere(namespace());
  const before = await held();
  const run = await stage.run({ ...plan, weights: 'v1=80,v2=20', hosts: 'a.example.com, a.example.com' });
  expect(run.code).toBe(1);
  expect(run.log).toMatch(
    /Trying to create VirtualService gray-demo\/helloworld in (east|west): .*duplicate hosts/,
  );
  await expect(held()).resolves.toEqual(before);
});

describe('manifests with a Secret', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plan-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const secret = (value: string): string =>
    `apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {user: harbour, password: ${value}}\n`;

  testOnEmbedded('are shown without its values', async () => {
    const inputs = { manifests: 'login.yaml,app.yaml', image: `v1=${image('v1')}`, weights: 'v1=80,v2=20' };
    const app = `${OWN_MANIFEST}---
apiVersion: v1
kind: Service
metadata: {name: ${APP}}
spec:
  selector: {app: ${APP}}
  ports: [{name: http-5000, port: 5000}]
`;
    await writeFile(join(folder, 'app.yaml'), app);
    await writeFile(join(folder, 'login.yaml'), secret('t0p-first'));
    const first = await stage.pass({ ...plan, ...inputs }, { cwd: folder });
    expect(first.log).toMatch(/^\+ {2}password: '\*\*\*'$/m);
    await stage.everywhere(namespace());
    await stage.pass(inputs, { cwd: folder });
    await writeFile(join(folder, 'login.yaml'), secret('t0p-second'));
    const second = await stage.pass({ ...plan, ...inputs }, { cwd: folder });
    expect(second.log).toMatch(/^- {2}password: '\*\*\*'\n\+ {2}password: '\*\*\* \(changed\)'$/m);
    for (const text of [first, second].flatMap(({ log, summary }) => [log, summary])) {
      for (const hidden of ['t0p-first', 't0p-second', 'harbour'])
        for (const form of [hidden, Buffer.from(hidden).toString('base64')]) expect(text).not.toContain(form);
    }
  });
});

describeOnEmbedded('a release file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'release-'));
    await mkdir(join(folder, '.github'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** No inputs, since the file provides them. */
  const none = { ...Object.fromEntries(Object.keys(SEED).map((name) => [name, ''])), ...plan };

  test('replaces the inputs, and an input overrides it', async () => {
    await writeFile(
      join(folder, '.github/canary.yml'),
      `app: ${APP}
namespace: ${NAMESPACE}
clusters: {v1: east, v2: [west]}
version: v2
image: {v1: '${image('v1')}', v2: '${image('v2')}'}
port: 5000
path: ${SEED.path}
weights: {v1: 80, v2: 20}
`,
    );
    const run = await stage.pass({ ...none, weights: 'v1=60,v2=40' }, { cwd: folder });
    expect(run.log).toContain('no weights → v1=60,v2=40');
    expect(planned(run.outputs)).not.toEqual([]);
  });

  test('has its problems reported with those of the inputs, before any cluster is asked', async () => {
    await writeFile(
      join(folder, 'bad.yml'),
      `app: ${APP}\nnamespace: ${NAMESPACE}\nclusters: [esat]\nweight: 3\noperation: plan\n`,
    );
    const run = await stage.run({ ...none, config: 'bad.yml', tolerance: '-1' }, { cwd: folder });
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/4 problems with the inputs/);
    for (const part of [
      'bad.yml:3: clusters: got "esat"',
      'bad.yml:4: weight: ',
      'bad.yml:5: operation: ',
      'Input tolerance: got "-1"',
    ])
      expect(run.log).toContain(part);
  });
});
