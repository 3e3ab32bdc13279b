import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Run } from '../../testbed/run-action.ts';
import { HOST, NAMESPACE, image, namespace, virtualService } from '../scenarios/support/objects.ts';
import { grantsOf, nameOfGrant, roleWithout } from '../support/access-examples.ts';
import type { AccessFile, Grant } from '../support/access-examples.ts';
import { LATER, Lane, QUICK } from './support/lanes.ts';
import { ACCOUNTS, LIFE, ROUTE_LIFE, applyAccess, kubeconfigOf, usesIn } from './support/life.ts';
import type { Account, LifeStep, Uses } from './support/life.ts';

let lane: Lane;
let kubeconfigs: ReadonlyMap<Account, string>;
beforeAll(async () => {
  lane = await Lane.open({ prometheus: true });
});
afterAll(() => lane.fleet.stop());

const run = ({ account, inputs }: LifeStep): Promise<Run> =>
  lane.stage.run({ kubeconfig: kubeconfigs.get(account) ?? '', ...inputs });

async function pass(step: LifeStep): Promise<Run> {
  const result = await run(step);
  if (result.code !== 0) throw new Error(`${step.name} failed:\n${result.log}`);
  return result;
}

/** Empties the clusters, and grants what the examples grant. */
async function begin(...files: readonly AccessFile[]): Promise<void> {
  await lane.fleet.reset();
  await applyAccess(lane.stage, ...files);
  kubeconfigs = new Map(
    await Promise.all(ACCOUNTS.map(async (name) => [name, await kubeconfigOf(lane.stage, name)] as const)),
  );
}

/** Takes a grant away in one cluster for a time. */
async function without<T>(grant: Grant, cluster: string, work: () => Promise<T>): Promise<T> {
  const kube = cluster === 'west' ? lane.stage.west : lane.stage.east;
  const { rules, ...key } = roleWithout(grant);
  const role = await kube.get(key.apiVersion, key.kind, key.metadata.name, key.metadata.namespace);
  await kube.merge({ ...key, rules });
  try {
    return await work();
  } finally {
    await kube.merge({ ...key, rules: role['rules'] });
  }
}

/** Runs a step and expects it to write nothing. */
async function runDry(step: LifeStep): Promise<Run> {
  const before = lane.fleet.calls.length;
  const result = await run(step);
  const writes = lane.fleet.calls.slice(before).filter(({ write, user }) => write && user !== 'admin');
  if (writes.length > 0) throw new Error(`${String(writes.length)} writes:\n${result.log}`);
  return result;
}

/** Whether a run stops for want of a permission: as the preflight lists it, or as the API server refuses a read. */
function isRefusedFor(grant: Grant, cluster: string, { code, log }: Run): boolean {
  const { verb, group, resource, namespace: where } = grant;
  const scope = where === undefined ? '' : ` in the namespace "${where}"`;
  const listed = `- ${cluster}: ${nameOfGrant(grant).replace(/ in (\S+)$/, ' in namespace $1')}`;
  const refused = `cannot ${verb} resource "${resource}" in API group "${group}"${scope}`;
  const said = log
    .split('\n')
    .some((line) => line === listed || (line.includes(` in ${cluster}: `) && line.includes(refused)));
  return code === 1 && said;
}

interface Example {
  readonly file: AccessFile;
  /** What is granted beside it. */
  readonly others: readonly AccessFile[];
  readonly life: readonly LifeStep[];
  /** What a run says that goes on without a permission; without the others, it stops. */
  readonly told: Readonly<Record<string, string>>;
  /** Without these, an operation that samples says the same, and stops, since it finds no ingress. */
  readonly hidesIngress: readonly string[];
  readonly prepare: () => Promise<void>;
}

const EXAMPLES: readonly Example[] = [
  {
    file: 'access.yaml',
    others: [],
    life: LIFE,
    told: {
      'list services in gray-demo': 'Services of gray-demo in west could not be listed',
      'get namespaces/kube-system': 'Namespace kube-system in west could not be read',
    },
    hidesIngress: [],
    prepare: () => Promise.resolve(),
  },
  {
    file: 'gateway-api.yaml',
    others: ['access.yaml'],
    life: ROUTE_LIFE,
    told: {
      'list grpcroutes.gateway.networking.k8s.io': 'GRPCRoutes in west could not be listed',
      'list referencegrants.gateway.networking.k8s.io': 'ReferenceGrants in west could not be listed',
      'list gateways.gateway.networking.k8s.io': 'Gateways of the Gateway API in west could not be listed',
      'get services/istio-ingressgateway in istio-system': 'Ingress of west: ',
    },
    hidesIngress: ['list gateways.gateway.networking.k8s.io'],
    prepare: () => lane.stage.openIngress(),
  },
];

describe.each(EXAMPLES)('$file', ({ file, others, life, told: TOLD, hidesIngress, prepare }) => {
  const restart = async (): Promise<void> => {
    await begin(...others, file);
    await prepare();
  };
  /** What each step of the life uses. */
  const used = new Map<LifeStep, Uses>();
  beforeAll(async () => {
    await restart();
    const applied = new Set<string>();
    for (const step of life) {
      // The answer to the first write of each kind is lost, so that the object is read again.
      const lost = new Set<string>();
      const stop = lane.fleet.onCall(({ cluster, kind, write }) => {
        const key = `${cluster} ${kind}`;
        if (!write || lost.has(key)) return undefined;
        lost.add(key);
        return 'cut-after';
      });
      used.set(step, usesIn(await lane.callsOf(() => pass(step)), file, applied));
      stop();
    }
    await restart();
  });

  /** The operations that wrote, or only read, with a permission missing. */
  const tried = new Set<string>();

  test.each(life.map((step) => [step.name, step] as const))(
    '%s: every permission that is missing is noticed before anything is written, by verb, resource, namespace and cluster',
    async (_, step) => {
      const { operation = 'rollout' } = step.inputs;
      const unnoticed: string[] = [];
      for (const [grant, clusters] of used.get(step) ?? []) {
        const name = nameOfGrant(grant);
        const told = TOLD[name];
        // Without an optional permission an operation goes on, and writes: those that only read show what it says.
        if (told !== undefined && !['plan', 'status', 'verify'].includes(operation)) continue;
        if (tried.has(`${operation} ${name}`)) continue;
        tried.add(`${operation} ${name}`);
        const cluster = clusters.includes('west') ? 'west' : 'east';
        const result = await without(grant, cluster, () => runDry(step));
        const noticed =
          told === undefined
            ? isRefusedFor(grant, cluster, result)
            : result.code === (hidesIngress.includes(name) && operation !== 'status' ? 1 : 0) &&
              result.log.includes(told);
        if (!noticed) unnoticed.push(`${operation} without ${name} in ${cluster}:\n${result.log}`);
      }
      expect(unnoticed).toEqual([]);
      await pass(step);
    },
  );

  test('grants nothing that no operation uses', () => {
    const all = new Set([...used.values()].flatMap((uses) => [...uses.keys()].map(nameOfGrant)));
    const names = grantsOf(file).map(nameOfGrant);
    expect(names.filter((name) => !all.has(name))).toEqual([]);
    expect(tried.size).toBeGreaterThan(names.length);
  });
});

describe('optional.yaml', () => {
  const INSTALL: LifeStep = {
    name: 'first install',
    account: 'multicluster-canary',
    inputs: { ...QUICK, weights: 'v1=80,v2=20' },
  };
  /** Routes of another namespace that lead to the service: one hidden from some gateways, one as the mesh's defaults have it. */
  const SHOPS = [['hidden', { exportTo: ['.'] }] as const, ['visible', {}] as const].map(([name, more]) => ({
    ...virtualService([{ route: [{ destination: { host: HOST, subset: 'v1' } }] }], {
      gateways: [`${NAMESPACE}/helloworld`],
      hosts: [`${name}.example.com`],
      ...more,
    }),
    metadata: { name, namespace: 'shop' },
  }));
  beforeAll(async () => {
    await begin('access.yaml', 'optional.yaml');
    await pass(INSTALL);
    const shop = { ...namespace({}), metadata: { name: 'shop' } };
    await lane.stage.everywhere(shop, ...SHOPS);
  });

  interface Case {
    readonly grant: string;
    readonly inputs: Readonly<Record<string, string>>;
    /** What a run says that goes on without it; undefined: it stops. */
    readonly told?: string;
    /** What else is missing, or it would not be used. */
    readonly missing?: string;
  }
  const status = { ...LATER, operation: 'status' } as const;
  const plan = { ...QUICK, operation: 'plan' } as const;
  const metrics = {
    ...plan,
    metrics: 'istio',
    'metrics-address': 'service:monitoring/prometheus:9090',
    bake: '1m',
  } as const;
  const CASES: readonly Case[] = [
    {
      grant: 'create pods in gray-demo',
      inputs: { ...plan, image: `v1=${image('v1', 'next')}\nv2=${image('v2', 'next')}` },
      told: 'the API server refused the dry run of a pod (create pods in namespace gray-demo)',
    },
    {
      grant: 'list horizontalpodautoscalers.autoscaling in gray-demo',
      inputs: { ...plan, replicas: '2' },
      told: 'HorizontalPodAutoscalers of gray-demo in west could not be listed',
    },
    { grant: 'patch namespaces/gray-demo', inputs: { ...plan, injection: 'enabled' } },
    {
      grant: 'get configmaps/istio in istio-system',
      inputs: status,
      told: 'ConfigMap istio-system/istio in west could not be read (the user of the kubeconfig may not get it)',
    },
    {
      grant: 'list pods',
      inputs: status,
      told: 'The namespace of the gateways in west is unknown (the user of the kubeconfig may not list pods cluster-wide)',
    },
    {
      grant: 'list virtualservices.networking.istio.io in gray-demo',
      inputs: status,
      missing: 'list virtualservices.networking.istio.io',
    },
    {
      grant: 'list destinationrules.networking.istio.io in gray-demo',
      inputs: status,
      missing: 'list destinationrules.networking.istio.io',
    },
    {
      grant: 'list gateways.networking.istio.io in gray-demo',
      inputs: status,
      missing: 'list gateways.networking.istio.io',
    },
    { grant: 'get services/prometheus in monitoring', inputs: metrics },
    { grant: 'list pods in monitoring', inputs: metrics, missing: 'list pods' },
    { grant: 'get pods/proxy in monitoring', inputs: metrics },
    { grant: 'list nodes', inputs: { ...LATER, operation: 'verify' } },
  ];

  test.each(CASES)('$grant: used, and missed by name', async ({ grant: name, inputs, told, missing }) => {
    const grants = [...grantsOf('access.yaml'), ...grantsOf('optional.yaml')];
    const find = (wanted: string): Grant => {
      const found = grants.find((one) => nameOfGrant(one) === wanted);
      if (found === undefined) throw new Error(`examples/rbac does not grant ${wanted}`);
      return found;
    };
    const grant = find(name);
    if (name === 'list nodes')
      await lane.stage.west.mergeServiceStatus(
        { name: 'istio-ingressgateway', namespace: 'istio-system' },
        { loadBalancer: null },
      );
    const step: LifeStep = { name, account: 'multicluster-canary', inputs };
    const check = async (): Promise<void> => {
      const calls = await lane.callsOf(() => pass(step));
      expect([...usesIn(calls, 'optional.yaml').keys()].map(nameOfGrant)).toContain(name);
      const result = await without(grant, 'west', () => runDry(step));
      const noticed =
        told === undefined
          ? isRefusedFor(grant, 'west', result)
          : result.code === 0 && result.log.includes(told);
      expect(noticed || result.log).toBe(true);
    };
    await (missing === undefined ? check() : without(find(missing), 'west', check));
  });

  test('a plan by a user that may only read passes, and says that no API server has checked it', async () => {
    const inputs = {
      ...QUICK,
      operation: 'plan',
      weights: 'v1=50,v2=50',
      image: `v2=${image('v2', 'next')}`,
    };
    const { log, summary } = await pass({ name: 'plan', account: 'multicluster-canary-reader', inputs });
    expect(log).toContain('may only read, so no API server has checked this plan');
    expect(summary).toContain('no API server has checked this plan');
    const refused = await run({ name: 'plan', account: 'multicluster-canary-traffic', inputs });
    expect(refused.log).toContain('- west: patch deployments.apps/helloworld-v2 in namespace gray-demo');
  });

  const EVENTS = 'create events.events.k8s.io in gray-demo';
  test(`${EVENTS}: used by a step, which says once that it is missing and goes on`, async () => {
    const grant = grantsOf('optional.yaml').find((one) => nameOfGrant(one) === EVENTS);
    if (grant === undefined) throw new Error(`examples/rbac does not grant ${EVENTS}`);
    const step = (weights: string): LifeStep => ({
      name: EVENTS,
      account: 'multicluster-canary-traffic',
      inputs: { ...LATER, weights },
    });
    const calls = await lane.callsOf(() => pass(step('v1=70,v2=30')));
    expect([...usesIn(calls, 'optional.yaml').keys()].map(nameOfGrant)).toContain(EVENTS);
    const { log } = await without(grant, 'west', () => pass(step('v1=60,v2=40')));
    const told =
      'No Kubernetes Events in west: the user of the kubeconfig may not create events.events.k8s.io';
    expect(log.split(told)).toHaveLength(2);
    expect(log).toContain(`\n${told}`);
  });

  test('has no permission that is not tried here', () => {
    expect(grantsOf('optional.yaml').map(nameOfGrant).toSorted()).toEqual(
      [...CASES.map(({ grant }) => grant), EVENTS].toSorted(),
    );
  });
});
