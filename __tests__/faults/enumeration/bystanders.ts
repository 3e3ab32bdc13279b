import { ISTIO, Kube } from '../../scenarios/support/kube.ts';
import { APP, NAMESPACE } from '../../scenarios/support/objects.ts';
import type { Ground } from './ground.ts';

interface Spec {
  readonly [field: string]: unknown;
}

/** What other people have beside a release, and in its own objects. All of it is named `theirs…`. */
export async function addBystanders({ fleet }: Ground): Promise<void> {
  await Promise.all(
    fleet.clusters.map(async ({ name }) => {
      const kube = new Kube(fleet, name);
      await kube.create(
        {
          apiVersion: ISTIO,
          kind: 'VirtualService',
          metadata: { name: 'theirs', namespace: NAMESPACE },
          spec: {
            hosts: ['theirs.example.com'],
            gateways: [APP],
            http: [{ route: [{ destination: { host: 'theirs' } }] }],
          },
        },
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'theirs', namespace: NAMESPACE },
          data: { a: 'b' },
        },
      );
      const vs = await kube.get(ISTIO, 'VirtualService', APP, NAMESPACE);
      const routes = vs['spec'] as Spec & { readonly http: readonly unknown[] };
      const theirs = {
        name: 'theirs',
        match: [{ uri: { prefix: '/theirs' } }],
        timeout: '7s',
        route: [{ destination: { host: 'theirs' } }],
      };
      const metadata = { ...vs.metadata, annotations: { ...vs.metadata.annotations, 'theirs/note': 'keep' } };
      await kube.replace({ ...vs, metadata, spec: { ...routes, http: [theirs, ...routes.http] } });
      const rule = await kube.get(ISTIO, 'DestinationRule', APP, NAMESPACE);
      const { subsets, ...rest } = rule['spec'] as Spec & { readonly subsets: readonly unknown[] };
      const subset = {
        name: 'theirs',
        labels: { track: 'theirs' },
        trafficPolicy: { loadBalancer: { simple: 'RANDOM' } },
      };
      await kube.replace({ ...rule, spec: { ...rest, subsets: [subset, ...subsets] } });
    }),
  );
}
