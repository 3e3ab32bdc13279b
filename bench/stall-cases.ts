/** Releases of unusual size, for stalls.ts. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kube } from '../__tests__/scenarios/support/kube.ts';
import type { Obj } from '../__tests__/scenarios/support/kube.ts';
import { APP, HOST, NAMESPACE, deployment } from '../__tests__/scenarios/support/objects.ts';
import type { EmbeddedFleet } from '../testbed/embedded/start.ts';

const ISTIO = 'networking.istio.io/v1';
type Inputs = Readonly<Record<string, string>>;

export interface Case {
  /** By default east and west. */
  readonly clusters?: readonly string[];
  /** What it takes beside the release. */
  readonly prepare: (fleet: EmbeddedFleet, folder: string) => Promise<void>;
  readonly inputs: (folder: string) => Inputs;
}

async function editRoutes(fleet: EmbeddedFleet, routes: readonly unknown[]): Promise<void> {
  for (const { name } of fleet.clusters) {
    const kube = new Kube(fleet, name);
    const vs = await kube.get(ISTIO, 'VirtualService', APP, NAMESPACE);
    await kube.replace({ ...vs, spec: { ...(vs['spec'] as object), http: routes } });
  }
}

const split = (extra: object, i: number): unknown => ({
  ...extra,
  match: [{ uri: { prefix: i === 0 ? '/hello' : `/path-${String(i)}` } }],
  route: ['v1', 'v2'].map((subset) => ({
    destination: { host: HOST, subset },
    weight: subset === 'v1' ? 80 : 20,
  })),
});

function routesCase(number: number, named: boolean, inputs: Inputs): Case {
  return {
    prepare: (fleet) =>
      editRoutes(
        fleet,
        Array.from({ length: number }, (_, i) => split(named ? { name: `route-${String(i)}` } : {}, i)),
      ),
    inputs: () => ({
      ...inputs,
      routes: Array.from({ length: number }, (_, i) =>
        named ? `route-${String(i)}` : `http[${String(i)}]`,
      ).join('\n'),
    }),
  };
}

const configMap = (i: number, lines: number, word: string): Obj => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `settings-${String(i)}`, namespace: NAMESPACE },
  data: Object.fromEntries(
    Array.from({ length: lines }, (_, line) => [`key-${String(line)}-${word}`, `${word} ${String(line)}`]),
  ),
});

/** Configuration whose every line differs from the clusters'. */
function manifestsCase(number: number, lines: number): Case {
  return {
    prepare: async (fleet, folder) => {
      for (const { name } of fleet.clusters) {
        const kube = new Kube(fleet, name);
        for (let i = 0; i < number; i += 1) await kube.create(configMap(i, lines, 'old'));
      }
      // Manifests without pods are refused.
      await writeFile(join(folder, 'deployment.json'), JSON.stringify(deployment('v2')));
      for (let i = 0; i < number; i += 1)
        await writeFile(join(folder, `${String(i)}.json`), JSON.stringify(configMap(i, lines, 'new')));
    },
    inputs: (folder) => ({ operation: 'plan', manifests: join(folder, '*.json'), image: '' }),
  };
}

function subsetsCase(number: number): Case {
  return {
    prepare: async (fleet) => {
      for (const { name } of fleet.clusters) {
        const kube = new Kube(fleet, name);
        const rule = await kube.get(ISTIO, 'DestinationRule', APP, NAMESPACE);
        const spec = rule['spec'] as { readonly subsets: readonly unknown[] };
        const more = Array.from({ length: number }, (_, i) => ({
          name: `x${String(i)}`,
          labels: { version: `x${String(i)}` },
        }));
        await kube.replace({ ...rule, spec: { ...spec, subsets: [...spec.subsets, ...more] } });
      }
    },
    inputs: () => ({ operation: 'plan', weights: 'v1=50,v2=50' }),
  };
}

/** Copies of an object in the store itself: through the API, thousands take minutes. */
function copyObject(
  fleet: EmbeddedFleet,
  cluster: string,
  kind: string,
  copies: number,
  edit: (i: number) => object,
): void {
  const stored = fleet.objects(cluster);
  const original = stored.find(
    (one) => one.kind.kind === kind && one.object.metadata.namespace === NAMESPACE,
  );
  if (original === undefined) throw new Error(`no ${kind} in ${cluster}`);
  const { ownerReferences: _, ...metadata } = original.object.metadata;
  const made = Array.from({ length: copies }, (_, i) => ({
    kind: original.kind,
    object: {
      ...original.object,
      metadata: { ...metadata, name: `${metadata.name}-${String(i)}`, uid: `copy-${String(i)}`, ...edit(i) },
    },
  }));
  fleet.restore(cluster, [...stored, ...made]);
}

function podsCase(number: number, inputs: Inputs): Case {
  return {
    prepare: (fleet) => {
      copyObject(fleet, 'east', 'Pod', number, () => ({}));
      return Promise.resolve();
    },
    inputs: () => inputs,
  };
}

/** VirtualServices of other hosts in namespaces of their own. */
function virtualServicesCase(number: number, inputs: Inputs): Case {
  return {
    prepare: (fleet) => {
      for (const { name } of fleet.clusters)
        copyObject(fleet, name, 'VirtualService', number, (i) => ({ namespace: `team-${String(i % 50)}` }));
      return Promise.resolve();
    },
    inputs: () => inputs,
  };
}

const names = (number: number): readonly string[] =>
  Array.from({ length: number }, (_, i) => `cluster-${String(i)}`);

const PLAN = { operation: 'plan', weights: 'v1=50,v2=50' };
const STATUS = { operation: 'status' };
const ROLLOUT = { operation: 'rollout', weights: 'v1=50,v2=50' };

export const CASES: Readonly<Record<string, Case>> = {
  'plan, 500 managed routes with names': routesCase(500, true, PLAN),
  'plan, 500 managed routes by place': routesCase(500, false, PLAN),
  'plan, 2,000 managed routes with names': routesCase(2_000, true, PLAN),
  'plan, 2,000 managed routes by place': routesCase(2_000, false, PLAN),
  'rollout, 500 managed routes with names': routesCase(500, true, ROLLOUT),
  'rollout, 2,000 managed routes with names': routesCase(2_000, true, ROLLOUT),
  'plan, 20 manifests, 10,000 lines each, every line changed': manifestsCase(20, 10_000),
  'plan, 200 manifests, 50 lines each, every line changed': manifestsCase(200, 50),
  'plan, 300 more subsets': subsetsCase(300),
  'status, 5,000 more pods': podsCase(5_000, STATUS),
  'plan, 5,000 more pods': podsCase(5_000, PLAN),
  'plan, 500 more VirtualServices': virtualServicesCase(500, PLAN),
  'status, 500 more VirtualServices': virtualServicesCase(500, STATUS),
  'plan, 100 clusters': { clusters: names(100), prepare: () => Promise.resolve(), inputs: () => PLAN },
  'rollout, 100 clusters': { clusters: names(100), prepare: () => Promise.resolve(), inputs: () => ROLLOUT },
};

/** What a release may have many of, and how many it should bear. */
export const GROWING: Readonly<
  Record<string, { readonly size: number; readonly caseOf: (size: number) => Case }>
> = {
  'managed routes': { size: 1_000, caseOf: (size) => routesCase(size, true, PLAN) },
  subsets: { size: 200, caseOf: subsetsCase },
  pods: { size: 5_000, caseOf: (size) => podsCase(size, PLAN) },
  'lines of manifests': { size: 10_000, caseOf: (size) => manifestsCase(1, size) },
};
