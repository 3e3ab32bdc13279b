import { GATEWAY_API, httpRoute } from '../../scenarios/support/gateway-api.ts';
import { ISTIO, Kube } from '../../scenarios/support/kube.ts';
import type { Obj } from '../../scenarios/support/kube.ts';
import { APP, NAMESPACE, service } from '../../scenarios/support/objects.ts';
import type { Ground } from './ground.ts';

interface Spec {
  readonly [field: string]: unknown;
}

/** What other people have beside a release, and in its own objects. All of it is named `theirs…`. */
export async function addBystanders({ fleet, api }: Ground): Promise<void> {
  await Promise.all(
    fleet.clusters.map(async ({ name }) => {
      const kube = new Kube(fleet, name);
      const metadata = { name: 'theirs', namespace: NAMESPACE };
      await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'b' } });
      await (api === 'HTTPRoute' ? besideHttpRoute(kube) : besideVirtualService(kube));
    }),
  );
}

const noted = (object: Obj): Obj => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, 'theirs/note': 'keep' } },
});

async function besideVirtualService(kube: Kube): Promise<void> {
  await kube.create({
    apiVersion: ISTIO,
    kind: 'VirtualService',
    metadata: { name: 'theirs', namespace: NAMESPACE },
    spec: {
      hosts: ['theirs.example.com'],
      gateways: [APP],
      http: [{ route: [{ destination: { host: 'theirs' } }] }],
    },
  });
  const vs = await kube.get(ISTIO, 'VirtualService', APP, NAMESPACE);
  const routes = vs['spec'] as Spec & { readonly http: readonly unknown[] };
  const theirs = {
    name: 'theirs',
    match: [{ uri: { prefix: '/theirs' } }],
    timeout: '7s',
    route: [{ destination: { host: 'theirs' } }],
  };
  await kube.replace({ ...noted(vs), spec: { ...routes, http: [theirs, ...routes.http] } });
  const rule = await kube.get(ISTIO, 'DestinationRule', APP, NAMESPACE);
  const { subsets, ...rest } = rule['spec'] as Spec & { readonly subsets: readonly unknown[] };
  const subset = {
    name: 'theirs',
    labels: { track: 'theirs' },
    trafficPolicy: { loadBalancer: { simple: 'RANDOM' } },
  };
  await kube.replace({ ...rule, spec: { ...rest, subsets: [subset, ...subsets] } });
}

async function besideHttpRoute(kube: Kube): Promise<void> {
  const backendRefs = [{ name: 'theirs', port: 5000 }];
  await kube.create(
    { ...service(), metadata: { name: 'theirs', namespace: NAMESPACE } },
    httpRoute([{ backendRefs }], { name: 'theirs', hostnames: ['theirs.example.com'] }),
  );
  const route = await kube.get(GATEWAY_API, 'HTTPRoute', APP, NAMESPACE);
  const { rules, ...rest } = route['spec'] as Spec & { readonly rules: readonly unknown[] };
  const theirs = {
    name: 'theirs',
    matches: [{ path: { type: 'PathPrefix', value: '/theirs' } }],
    timeouts: { request: '7s' },
    backendRefs,
  };
  await kube.replace({ ...noted(route), spec: { ...rest, rules: [theirs, ...rules] } });
  await kube.replace(noted(await kube.get('v1', 'Service', `${APP}-v2`, NAMESPACE)));
}
