import { describe, expect, test } from '@jest/globals';
import type { RouteDestination, Service } from '../../../src/kubernetes/objects.ts';
import { observe } from '../../../src/release/observation.ts';
import { planRollback, planRollout } from '../../../src/release/plan.ts';
import type { Release, WorkloadSpec } from '../../../src/release/release.ts';
import type { FleetState } from '../../../src/release/state.ts';
import {
  HOST,
  appliedService,
  clusterState,
  fleetOf,
  service,
  to,
  toOther,
  versionPod,
  virtualService,
} from '../../support/objects.ts';
import { EAST, WEST, release, weights } from '../../support/release.ts';

const PORT = { name: 'http-web', port: 80, targetPort: 5000, protocol: 'TCP' };
const at = (number: number, subset = 'v1'): readonly RouteDestination[] => [
  to(subset, 100, { destination: { host: HOST, port: { number }, subset } }),
];

/** Both clusters with this Service; a VirtualService of the route in east. */
function fleetWith(standing: Service, route: readonly RouteDestination[] = at(80)): FleetState {
  return fleetOf(
    clusterState(EAST, {
      service: standing,
      pods: [versionPod('v1')],
      traffic: { virtualServices: [virtualService([{ name: 'users', route }])] },
    }),
    clusterState(WEST, { service: standing, traffic: undefined }),
  );
}

const asking = (workload: Partial<WorkloadSpec>, rest: Partial<Release> = {}): Release =>
  release({ configClusters: [EAST], workload, traffic: { weights: weights({ v1: 100, v2: 0 }) }, ...rest });

describe('a port of the Service that a route leads to', () => {
  test('is not taken away: the message names both ports, the route and the way', () => {
    expect(() => planRollout(observe(asking({ port: 8080 }), fleetWith(appliedService(PORT))))).toThrow(
      'Service gray-demo/helloworld in east would lose its port 80 for 8080 (input port), but VirtualService gray-demo/helloworld in east leads users there. Leave the port at 80; or add the port 8080 to the Service by hand, change the routes to it, and then set the input.',
    );
  });

  test('is left as it is by a rollback, whatever the input port', () => {
    const observed = observe(asking({ port: 8080 }), fleetWith(appliedService(PORT)));
    expect(planRollback(observed, weights({ v1: 100, v2: 0 })).workloads).toEqual([]);
  });

  test('is not taken away by a Service among the manifests', () => {
    const own = service({ ports: [{ name: 'http', port: 8080 }] });
    const given = asking({ manifests: [{ object: own, source: 'a.yaml' }, workload] });
    expect(() => planRollout(observe(given, fleetWith(appliedService(PORT))))).toThrow(
      'would lose its port 80',
    );
  });

  test('is not led to another port of the pods', () => {
    const given = asking({ port: 80, targetPort: 8080 });
    expect(() => planRollout(observe(given, fleetWith(appliedService(PORT))))).toThrow(
      'Port 80 of Service gray-demo/helloworld in east would lead to port 8080 of the pods instead of 5000 (input target-port), but VirtualService gray-demo/helloworld in east leads users there, and the running pods listen on 5000.',
    );
  });

  test.each<[string, Service, readonly RouteDestination[]]>([
    ['no route names', appliedService(PORT), at(8080)],
    [
      'only routes to other services name',
      appliedService(PORT),
      [...at(8080), { destination: { host: 'other', port: { number: 80 } }, weight: 0 }],
    ],
    ['someone else has given to it as well', alsoOfAnother(appliedService(PORT)), at(80)],
  ])('may go where %s it', (_what, standing, route) => {
    const given = asking({ port: 8080 }, { placement: new Map([['v1', [EAST]]]) });
    expect(() => planRollout(observe(given, fleetWith(standing, route)))).not.toThrow();
  });

  test('counts where a route names no port at all', () => {
    const bare = [to('v1', 100, { destination: { host: HOST, subset: 'v1' } })];
    expect(() => planRollout(observe(asking({ port: 8080 }), fleetWith(appliedService(PORT), bare)))).toThrow(
      'would lose its port 80',
    );
  });

  test('counts where a mirror alone leads there', () => {
    const fleet = fleetWith(appliedService(PORT), at(8080));
    const mirrored = virtualService([
      { name: 'a', route: [toOther(100)], mirror: { host: HOST, port: { number: 80 } } },
    ]);
    const east = fleet.get(EAST);
    const more = clusterState(EAST, {
      ...east,
      traffic: {
        virtualServices: [
          ...(east?.traffic?.virtualServices ?? []),
          { ...mirrored, metadata: { name: 'mirror', namespace: 'gray-demo' } },
        ],
      },
    });
    expect(() => planRollout(observe(asking({ port: 8080 }), new Map([...fleet, [EAST, more]])))).toThrow(
      'VirtualService gray-demo/mirror in east leads users there',
    );
  });
});

const workload = {
  source: 'b.yaml',
  object: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'hello' },
    spec: {
      selector: { matchLabels: { app: 'helloworld' } },
      template: {
        metadata: { labels: { app: 'helloworld' } },
        spec: { containers: [{ name: 'helloworld' }] },
      },
    },
  },
};

/** The same Service, whose ports another manager declares too. */
function alsoOfAnother(standing: Service): Service {
  const fields = standing.metadata.managedFields ?? [];
  const managedFields = [...fields, ...fields.map((entry) => ({ ...entry, manager: 'kubectl' }))];
  return { ...standing, metadata: { ...standing.metadata, managedFields } };
}
