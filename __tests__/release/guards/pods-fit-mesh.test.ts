import { describe, expect, test } from '@jest/globals';
import type { PeerAuthentication } from '../../../src/istio/peer-authentications.ts';
import type { PodMode } from '../../../src/kubernetes/mesh-membership.ts';
import type { DestinationRule, Subset } from '../../../src/kubernetes/objects.ts';
import { assertPodsFitMesh } from '../../../src/release/guards/pods-fit-mesh.ts';
import { observe } from '../../../src/release/observation.ts';
import { planRollout } from '../../../src/release/plan.ts';
import type { Plan } from '../../../src/release/plan.ts';
import type { ClusterState } from '../../../src/release/state.ts';
import { gatewayApiState } from '../../support/gateways.ts';
import {
  NAMESPACE,
  clusterState,
  destinationRule,
  fleetOf,
  service,
  to,
  versionPod,
  virtualService,
} from '../../support/objects.ts';
import { EAST, WEST, release, weights } from '../../support/release.ts';

type Given = Partial<Omit<ClusterState, 'traffic'>> & {
  readonly traffic?: Partial<NonNullable<ClusterState['traffic']>>;
};

const subset = (name: string): Subset => ({ name, labels: { version: name } });

/** What a release to 80/20 plans with these pods, or why not. */
function planned(pods: PodMode, state: Given = {}, west: Given = state): Plan | string {
  const { traffic, ...rest } = state;
  const holding = {
    pods: [versionPod('v1'), versionPod('v2')],
    service: service(),
  };
  const vs = virtualService([{ route: [to('v1', 100), to('v2', 0)] }]);
  const fleet = fleetOf(
    clusterState(EAST, { ...holding, ...rest, traffic: { virtualServices: [vs], ...traffic } }),
    clusterState(WEST, { ...holding, ...west, traffic: { virtualServices: [vs], ...west.traffic } }),
  );
  const given = release({
    workload: { pods, images: new Map() },
    traffic: { weights: weights({ v1: 80, v2: 20 }) },
  });
  try {
    return planRollout(observe(given, fleet));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const MUTUAL = { tls: { mode: 'ISTIO_MUTUAL' } };
const rules = (...args: Parameters<typeof destinationRule>) => ({
  traffic: { destinationRules: [destinationRule(...args)] },
});
const strict: PeerAuthentication = {
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default', namespace: NAMESPACE },
  spec: { mtls: { mode: 'STRICT' } },
};

describe('a new DestinationRule', () => {
  test.each<[PodMode, boolean]>([
    ['sidecar', true],
    ['ambient', false],
    ['none', false],
  ])('with pods: %s asks for mutual TLS: %j', (pods, mutual) => {
    const plan = planned(pods);
    const written = JSON.stringify(
      typeof plan === 'string' ? plan : plan.subsets.map(({ object }) => object),
    );
    expect(written).toContain('"name":"v2","labels":{"version":"v2"}');
    expect(written.includes('ISTIO_MUTUAL')).toBe(mutual);
  });
});

describe('pods outside the mesh are refused', () => {
  test('where a rule requires mutual TLS of every version', () => {
    expect(planned('none', rules([subset('v1'), subset('v2')], {}, { trafficPolicy: MUTUAL }))).toBe(
      'DestinationRule gray-demo/helloworld in east requires mutual TLS (trafficPolicy.tls.mode: ISTIO_MUTUAL), which pods outside the mesh cannot terminate (input pods: none). Remove trafficPolicy.tls there, or set pods to what the pods have.',
    );
  });

  test('where a subset demands it', () => {
    const held = rules([subset('v1'), { ...subset('v2'), trafficPolicy: MUTUAL }]);
    expect(planned('none', held)).toMatch(
      /^The subset v2 of DestinationRule gray-demo\/helloworld in east requires mutual TLS /,
    );
  });

  test('where a rule demands it of the Service that an HTTPRoute leads to', () => {
    const one = (host: string, mode: string) =>
      destinationRule([], { name: host.replace('*.', '') }, { host, trafficPolicy: { tls: { mode } } });
    const wide = one('*.gray-demo.svc.cluster.local', 'ISTIO_MUTUAL');
    const through = (...destinationRules: readonly DestinationRule[]): void => {
      const traffic = { destinationRules };
      const fleet = fleetOf(clusterState(EAST, { traffic, gatewayApi: gatewayApiState([]) }));
      const given = release({
        configClusters: [EAST],
        workload: { pods: 'none' },
        traffic: { httpRoute: 'helloworld' },
      });
      assertPodsFitMesh(observe(given, fleet), ['v1'], []);
    };
    expect(() => {
      through(wide);
    }).toThrow(
      /^DestinationRule gray-demo\/gray-demo\.svc\.cluster\.local in east requires mutual TLS of Service gray-demo\/helloworld-v1 /,
    );
    expect(() => {
      through(wide, one('helloworld-v1', 'DISABLE'));
    }).not.toThrow();
  });

  test('where a policy allows nothing else', () => {
    expect(planned('none', { peerAuthentications: [strict] })).toBe(
      'PeerAuthentication gray-demo/default in east allows only mutual TLS to the pods of helloworld (mtls.mode: STRICT), but pods outside the mesh accept plain requests from everywhere (input pods: none). Exempt these pods from the policy (mode: PERMISSIVE or DISABLE), or give them a sidecar.',
    );
  });

  test('where a policy of the root namespace allows nothing else, whatever its name', () => {
    const policy = { ...strict, metadata: { name: 'default', namespace: 'mesh-root' } };
    const held = { peerAuthentications: [policy] };
    expect(planned('none', { ...held, rootNamespace: 'mesh-root' })).toContain(
      'PeerAuthentication mesh-root/default in east allows only mutual TLS',
    );
    expect(planned('none', { ...held, rootNamespace: 'assumed' })).toHaveProperty('revision');
  });

  test('but not where a subset is exempt, or the policies could not be read', () => {
    const exempt = (name: string) => ({ ...subset(name), trafficPolicy: { tls: { mode: 'DISABLE' } } });
    const held = rules([exempt('v1'), exempt('v2')], {}, { trafficPolicy: MUTUAL });
    expect(planned('none', { ...held, peerAuthentications: 'unread' })).toHaveProperty('revision');
  });
});

describe('ambient pods', () => {
  const on = (label: string | undefined): Given => ({ network: { label } });

  test('on different networks are refused behind subsets', () => {
    expect(planned('ambient', on('n1'), on('n2'))).toBe(
      'The clusters are on different networks (label topology.istio.io/network of namespace istio-system: east: n1; west: n2), and subsets select no ambient pod of another network (input pods: ambient). Release by an HTTPRoute (input http-route), with AMBIENT_ENABLE_MULTI_NETWORK and AMBIENT_ENABLE_MULTI_NETWORK_INGRESS set to true on istiod: both are off by default.',
    );
  });

  test.each<[string, Given, Given]>([
    ['on one network', on('n1'), on('n1')],
    ['where none is named', on(undefined), on(undefined)],
    ['where one is not known', on('n1'), { network: 'unread' }],
    [
      'behind a rule that requires mutual TLS, since ztunnel takes it',
      rules([subset('v1'), subset('v2')], {}, { trafficPolicy: MUTUAL }),
      {},
    ],
  ])('are released %s', (_, east, west) => {
    expect(planned('ambient', east, west)).toHaveProperty('revision');
  });
});
