import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CanaryError } from '../../src/core/errors.ts';
import { atOnce } from '../../src/core/pieces.ts';
import { diagnose } from '../../src/diagnosis/diagnosis.ts';
import { isListOf, isObjectOf } from '../../src/kubernetes/client/checks.ts';
import type {
  DestinationRule,
  Gateway,
  KubeObject,
  Service,
  VirtualService,
} from '../../src/kubernetes/objects.ts';
import { podProblems, workloadProblem } from '../../src/kubernetes/pod-problems.ts';
import { hasSidecar, isReady } from '../../src/kubernetes/pods.ts';
import { blindSpotsIn } from '../../src/release/blind-spots.ts';
import { readClusterWeights } from '../../src/release/cluster-weights.ts';
import { observe } from '../../src/release/observation.ts';
import { planRollback, planRollout } from '../../src/release/plan.ts';
import { servingObstacles } from '../../src/release/servable-weights.ts';
import type { FleetState } from '../../src/release/state.ts';
import { evidence } from '../support/evidence.ts';
import {
  APP,
  clusterState,
  deployment,
  destinationRule,
  fleetOf,
  gateway,
  server,
  service,
  to,
  versionPod,
  virtualService,
} from '../support/objects.ts';
import { expectHolds, readBack } from '../support/properties.ts';
import { EAST, WEST, release, weights } from '../support/release.ts';

const RELEASE = release();
const NEXT = weights({ v1: 60, v2: 40 });
const container = {
  name: APP,
  image: 'example.com/hello:1',
  args: ['--a'],
  ports: [{ name: 'http', containerPort: 5000, protocol: 'TCP' }],
  env: [{ name: 'A', value: 'b' }],
  resources: { limits: { cpu: '1' } },
};

/** One object of each kind that planning, reports and a diagnosis read, with most of the fields that they look at. */
const OBJECTS: readonly KubeObject[] = [
  virtualService(
    [
      {
        name: 'canary-preview-v2',
        match: [{ headers: { 'x-canary-version': { exact: 'v2' } } }],
        route: [to('v2')],
      },
      {
        name: 'theirs',
        match: [{ uri: { prefix: '/a' }, authority: { exact: 'a' }, gateways: [APP], port: 80 }],
        mirror: { host: 'other', subset: 'a' },
        mirrors: [{ destination: { host: 'other' } }],
        route: [{ destination: { host: 'other', subset: 'a' }, weight: 100 }],
      },
      {
        name: APP,
        timeout: '7s',
        route: [to('v1', 80, { headers: { response: { set: { 'x-canary-revision': '3' } } } }), to('v2', 20)],
      },
    ],
    {
      annotations: { 'multicluster-canary/release': '{}' },
      managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:spec': {} } }],
    },
    {
      exportTo: ['*'],
      tcp: [{ match: [{ port: 9 }], route: [to('v1', 100)] }],
      tls: [{ match: [{ sniHosts: ['a'] }], route: [{ destination: { host: 'other' } }] }],
    },
  ),
  destinationRule(
    [
      'v1',
      {
        name: 'v2',
        labels: { version: 'v2' },
        trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' }, outlierDetection: { consecutive5xxErrors: 5 } },
      },
    ],
    {},
    {
      exportTo: ['*'],
      trafficPolicy: {
        tls: { mode: 'ISTIO_MUTUAL' },
        loadBalancer: { consistentHash: { useSourceIp: true } },
        portLevelSettings: [{ port: { number: 5000 }, tls: { mode: 'DISABLE' } }],
      },
      workloadSelector: { matchLabels: { a: 'b' } },
    },
  ),
  gateway([
    server('HTTP', 80, { tls: { httpsRedirect: false } }),
    server('HTTPS', 443, { tls: { mode: 'SIMPLE' } }),
  ]),
  {
    ...service({
      type: 'ClusterIP',
      externalTrafficPolicy: 'Cluster',
      ports: [{ name: 'http-5000', port: 5000, targetPort: 'http', nodePort: 30_000 }],
    }),
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
  },
  {
    ...deployment(
      `${APP}-v1`,
      { app: APP, version: 'v1' },
      { containers: [container], initContainers: [container] },
    ),
    status: {
      replicas: 1,
      readyReplicas: 1,
      observedGeneration: 1,
      conditions: [{ type: 'Progressing', status: 'True', reason: 'a', message: 'b' }],
    },
  },
  deployment(`${APP}-v2`, { app: APP, version: 'v2' }),
  ...['v1', 'v2'].map((version) => {
    const pod = versionPod(version);
    return {
      ...pod,
      status: {
        ...pod.status,
        phase: 'Running',
        podIP: '192.0.2.2',
        containerStatuses: [
          {
            name: APP,
            ready: false,
            restartCount: 2,
            state: { waiting: { reason: 'CrashLoopBackOff', message: 'a' } },
            lastState: { terminated: { reason: 'Error', exitCode: 1, message: 'b' } },
          },
        ],
      },
    };
  }),
];

const ODD: readonly unknown[] = [
  null,
  5,
  -1,
  true,
  'x',
  '',
  [],
  [null],
  [5],
  ['x'],
  [[]],
  {},
  { x: 5 },
  { x: null },
  [{}],
];

type Path = readonly (string | number)[];

/** The paths of all fields and items in a value. */
function pathsIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inside = Object.entries(value).flatMap(([key, part]) =>
    pathsIn(part, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length === 0 ? inside : [path, ...inside];
}

function withValue(value: unknown, [key, ...rest]: Path, odd: unknown): unknown {
  if (key === undefined) return odd;
  if (Array.isArray(value))
    return value.map((item: unknown, i) => (i === key ? withValue(item, rest, odd) : item));
  // An earlier change has taken the path away.
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  return { ...fields, [key]: withValue(fields[key], rest, odd) };
}

const change = fc
  .nat(OBJECTS.length - 1)
  .chain((at) =>
    fc.tuple(fc.constant(at), fc.constantFrom(...pathsIn(OBJECTS[at])), fc.constantFrom(...ODD)),
  );

const isAcceptable = (object: KubeObject): boolean =>
  isObjectOf(object.kind)(object) === undefined && isListOf(object.kind)({ items: [object] }) === undefined;

function stateOf(objects: readonly KubeObject[]): FleetState {
  const of = (kind: string): readonly KubeObject[] => objects.filter((one) => one.kind === kind);
  const virtualServices = of('VirtualService') as readonly VirtualService[];
  const destinationRules = of('DestinationRule') as readonly DestinationRule[];
  const [own] = of('Service') as readonly Service[];
  return fleetOf(
    ...[EAST, WEST].map((name) =>
      clusterState(name, {
        service: own,
        deployments: of('Deployment'),
        pods: of('Pod'),
        traffic: { virtualServices, destinationRules, gateways: of('Gateway') as readonly Gateway[] },
      }),
    ),
  );
}

/** Everything that is computed from what the clusters hold. */
const USES: readonly ((state: FleetState) => unknown)[] = [
  (state) => readClusterWeights(RELEASE, state),
  (state) => planRollout(observe(RELEASE, state), NEXT),
  (state) => planRollback(observe(RELEASE, state), NEXT),
  (state) => blindSpotsIn(observe(RELEASE, state)),
  (state) => servingObstacles(observe(RELEASE, state), NEXT),
  (state) => {
    const { routes } = observe(RELEASE, state);
    const seen = [evidence({ cluster: EAST, verdict: 'fail' })];
    return atOnce(diagnose({ release: RELEASE, routes, state, evidence: seen }));
  },
  (state) =>
    [...state.values()].flatMap(({ pods, deployments }) => [
      podProblems(pods),
      ...pods.map((pod) => [isReady(pod), hasSidecar(pod)]),
      ...deployments.map(workloadProblem),
    ]),
];

test('an object with a field of another type is refused when it is read, or does no harm', () => {
  expect(OBJECTS.filter((one) => !isAcceptable(one))).toEqual([]);
  return expectHolds(
    3000,
    fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
      const objects = changes.reduce<readonly KubeObject[]>(
        (all, [at, path, odd]) =>
          all.map((one, i) => (i === at ? (readBack(withValue(one, path, odd)) as KubeObject) : one)),
        OBJECTS,
      );
      fc.pre(objects.every(isAcceptable));
      const state = stateOf(objects);
      for (const use of USES) {
        try {
          use(state);
        } catch (error) {
          if (!(error instanceof CanaryError)) throw error;
        }
      }
    }),
  );
});
