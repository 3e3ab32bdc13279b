import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import { assertTargetPortNamed } from '../../src/release/guards/target-port-named.ts';
import { withNames } from '../../src/release/container-ports.ts';
import type { ContainerPort, Pod, ServicePort } from '../../src/kubernetes/objects.ts';
import type { ClusterState } from '../../src/release/state.ts';
import { APP, clusterState, deployment, fleetOf, pod, service } from '../support/objects.ts';
import { EAST, WEST, release } from '../support/release.ts';

const LABELS = { app: APP, version: 'v1' };
const to = (targetPort: string | number, port = 5000): ServicePort => ({
  port,
  name: `http-${String(port)}`,
  targetPort,
});
const named = (name: string, containerPort: number): ContainerPort => ({
  name,
  containerPort,
  protocol: 'TCP',
});

const podWith = (...ports: readonly ContainerPort[]): Pod =>
  pod('one', LABELS, { spec: { containers: [{ name: APP, ports }] } });

interface Given {
  readonly east?: Partial<ClusterState>;
  readonly west?: Partial<ClusterState>;
  readonly ports?: readonly ContainerPort[];
  readonly targetPort?: number;
}

/** The ports of a container that is generated for west. */
function generated({ east, west, ports = [], targetPort }: Given): readonly ContainerPort[] {
  const service5000 = service({ ports: [to('http')] });
  const state = clusterState(WEST, { service: service5000, ...west });
  const fleet = fleetOf(clusterState(EAST, east), state);
  return withNames(ports, release({ workload: { targetPort } }), state, fleet);
}

describe('a generated container has the port that the Service finds by its name', () => {
  test.each<[string, Given, readonly ContainerPort[]]>([
    [
      'of pods of the same cluster first',
      { east: { pods: [podWith(named('http', 1))] }, west: { pods: [podWith(named('http', 2))] } },
      [named('http', 2)],
    ],
    ['of pods of another cluster', { east: { pods: [podWith(named('http', 1))] } }, [named('http', 1)]],
    [
      'of a workload without pods',
      {
        east: {
          deployments: [
            deployment('one', LABELS, { containers: [{ name: 'a', ports: [named('http', 3)] }] }),
          ],
        },
      },
      [named('http', 3)],
    ],
    [
      'by the input target-port',
      { targetPort: 8080, ports: [{ containerPort: 8080, protocol: 'TCP' }] },
      [named('http', 8080)],
    ],
    [
      'beside those it had',
      { east: { pods: [podWith(named('http', 1))] }, ports: [named('admin', 2)] },
      [named('admin', 2), named('http', 1)],
    ],
    ['once', { ports: [named('http', 7)] }, [named('http', 7)]],
    ['none, where the Service leads to a number', { west: { service: service({ ports: [to(5000)] }) } }, []],
    [
      'none for a port that users are not led to, where nothing tells its number',
      { west: { service: service({ ports: [to(5000), to('admin', 1)] }) } },
      [],
    ],
  ])('%s', (_what, given, expected) => {
    expect(generated(given)).toEqual(expected);
  });

  test('or the number is asked for', () => {
    expect(() => generated({})).toThrow(
      'Service gray-demo/helloworld in west maps its port 5000 to the container port named http, but no pod of helloworld has a port with that name, so its number is unknown. Set the input target-port to the port that the containers listen on.',
    );
  });
});

describe('a workload of the manifests that the Service picks', () => {
  const fleet = fleetOf(clusterState(WEST, { service: service({ ports: [to('http')] }) }));
  const judge = (labels: Readonly<Record<string, string>>, spec: object): void => {
    const object = deployment('hello', labels, { containers: [{ name: 'web', ...spec }] });
    assertTargetPortNamed(release(), fleet, [
      { cluster: WEST, verb: 'apply', object, before: undefined, reason: quoted('') },
    ]);
  };

  test('is refused without the port that it is found by', () => {
    expect(() => {
      judge(LABELS, { ports: [{ containerPort: 5000 }] });
    }).toThrow(
      'Deployment hello in west has no container port named http, which is the target of port 5000 of Service gray-demo/helloworld: its pods would get no requests. Give the port that name in the input manifests.',
    );
  });

  test.each([
    ['that has it', LABELS, { ports: [named('http', 5000)] }],
    ['that another Service picks', { app: 'worker' }, {}],
  ])('is taken: one %s', (_what, labels, spec) => {
    expect(() => {
      judge(labels, spec);
    }).not.toThrow();
  });
});
