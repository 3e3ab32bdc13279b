import type { CheckSpec, Release, TrafficSpec, WorkloadSpec } from '../../src/release/release.ts';
import type { Weights } from '../../src/core/weights.ts';
import { APP, NAMESPACE } from './objects.ts';

export const EAST = 'east';
export const WEST = 'west';

type Overrides = Partial<Omit<Release, 'workload' | 'traffic' | 'check'>> & {
  readonly workload?: Partial<WorkloadSpec>;
  readonly traffic?: Partial<TrafficSpec>;
  readonly check?: Partial<CheckSpec>;
};

/** `weights({ v1: 80, v2: 20 })`; a list of pairs where the order matters and the names are numbers. */
export function weights(
  given: Readonly<Record<string, number>> | readonly (readonly [string, number])[],
): Weights {
  return new Map(Array.isArray(given) ? given : Object.entries(given));
}

/** v1 in east, v2 in west, with images for both; every field can be given. */
export function release({ workload, traffic, check, ...rest }: Overrides = {}): Release {
  return {
    app: APP,
    namespace: NAMESPACE,
    version: 'v2',
    placement: new Map([
      ['v1', [EAST]],
      ['v2', [WEST]],
    ]),
    clusters: [EAST, WEST],
    configClusters: [EAST, WEST],
    metrics: [],
    onFailure: 'rollback',
    ...rest,
    workload: {
      images: new Map([
        ['v1', 'example.com/hello:1'],
        ['v2', 'example.com/hello:2'],
      ]),
      manifests: undefined,
      port: 5000,
      targetPort: undefined,
      portName: undefined,
      replicas: undefined,
      injection: undefined,
      pods: 'sidecar',
      readyTimeoutMs: 60_000,
      ...workload,
    },
    traffic: {
      weights: undefined,
      steps: [],
      promoteTo: undefined,
      bakeMs: 0,
      virtualService: APP,
      companions: undefined,
      destinationRule: APP,
      httpRoute: undefined,
      gateway: undefined,
      gatewayApi: undefined,
      gatewaySelector: { istio: 'ingressgateway' },
      hosts: undefined,
      routes: undefined,
      ...traffic,
    },
    check: {
      path: '/',
      host: undefined,
      headers: {},
      versionFrom: { from: 'auto' },
      tolerance: 0.05,
      confidence: 0.99,
      maxSamples: undefined,
      maxRps: 100_000,
      verifyTimeoutMs: 60_000,
      maxErrorRate: 0.01,
      maxLatencyIncrease: undefined,
      propagationMs: 0,
      watchMs: undefined,
      ingress: new Map(),
      ...check,
    },
  };
}
