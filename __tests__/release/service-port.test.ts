import { describe, expect, test } from '@jest/globals';
import type { ServicePort } from '../../src/kubernetes/objects.ts';
import { httpPort, routePort } from '../../src/release/service-port.ts';
import { OURS, clusterState, fleetOf, service } from '../support/objects.ts';
import { EAST, WEST, release } from '../support/release.ts';

const port = (number: number, name?: string, rest: Partial<ServicePort> = {}): ServicePort => ({
  port: number,
  ...(name === undefined ? {} : { name }),
  ...rest,
});

describe('the port of a Service that serves HTTP is', () => {
  test.each<[string, readonly ServicePort[], number | undefined, number | undefined]>([
    ['the only one', [port(1)], undefined, 1],
    ['the only one for TCP', [port(1), port(2, 'dns', { protocol: 'UDP' })], undefined, 1],
    ['the one asked for', [port(1, 'http'), port(2, 'http-admin')], 2, 2],
    ['none, where the one asked for is missing', [port(1, 'http')], 2, undefined],
    ['the one named http', [port(1, 'http'), port(2, 'metrics')], undefined, 1],
    ['the one named by its protocol', [port(1, 'tcp-db'), port(2, 'grpc-web-api')], undefined, 2],
    ['none that is only named like a protocol', [port(1, 'httpd'), port(2, 'web')], undefined, undefined],
    ['none of TLS', [port(1, 'https'), port(2, 'web')], undefined, undefined],
    ['the one that says so', [port(1, 'web', { appProtocol: 'http' }), port(2, 'metrics')], undefined, 1],
    [
      'not one whose appProtocol says otherwise',
      [port(1, 'http', { appProtocol: 'tcp' }), port(2, 'http-b')],
      undefined,
      2,
    ],
    ['none of several', [port(1, 'http'), port(2, 'http-metrics')], undefined, undefined],
  ])('%s', (_what, ports, asked, expected) => {
    expect(httpPort(ports, asked)?.port).toBe(expected);
  });
});

describe('a route made anew leads', () => {
  const unset = release({ workload: { port: undefined } });
  const at = (name: string, ...ports: readonly ServicePort[]): ReturnType<typeof clusterState> =>
    clusterState(name, { service: service({ ports }) });

  test('to the port that each cluster gives its Service', () => {
    const fleet = fleetOf(at(EAST, port(8080)), at(WEST, port(80)));
    expect([EAST, WEST].map((name) => routePort(unset, fleet, name))).toEqual([8080, 80]);
  });

  test('to the port of another cluster where its own has no Service', () => {
    expect(routePort(unset, fleetOf(clusterState(EAST), at(WEST, port(80))), EAST)).toBe(80);
  });

  test('to the port asked for where the Service is generated', () => {
    const ours = clusterState(EAST, { service: service({ ports: [port(1)] }, { managedFields: OURS }) });
    expect(
      [fleetOf(clusterState(EAST)), fleetOf(ours)].map((fleet) => routePort(release(), fleet, EAST)),
    ).toEqual([5000, 5000]);
  });

  test('nowhere before it is clear where', () => {
    const fleet = fleetOf(at(EAST, port(8080, 'http'), port(9090, 'http-metrics')));
    expect(() => routePort(unset, fleet, EAST)).toThrow(
      "Service gray-demo/helloworld in east has several ports that may serve HTTP: 8080 (http), 9090 (http-metrics). Set the input port to the one that users' requests go to.",
    );
    expect(() => routePort(release(), fleet, EAST)).toThrow(
      'Input port: got 5000, but Service gray-demo/helloworld in east has the ports 8080 (http), 9090 (http-metrics).',
    );
  });
});
