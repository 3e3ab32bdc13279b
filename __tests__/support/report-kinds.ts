import type { MetricEvidence } from '../../src/metrics/metric-evidence.ts';
import type { IngressEvidence, IngressVerdict, Verdict } from '../../src/verify/evidence.ts';
import type { Weights } from '../../src/core/weights.ts';
import type { PlannedChange } from '../../src/report/run-events.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { evidence } from './evidence.ts';
import { metricEvidence } from './metrics.ts';
import { change, held } from './record.ts';
import { weights } from './release.ts';

const SPLIT = weights({ v1: 80, v2: 20 });
const HALF = weights({ v1: 50, v2: 50 });
const LIMITS = { tolerance: 0.05, confidence: 0.99, maxErrorRate: 0.01 } as const;
/** As `aws eks update-kubeconfig` names a cluster. */
const ARN = 'arn:aws:eks:sa-east-1:123456789012:cluster/production-south-america-checkout-blue';

const names = (number: number): readonly string[] =>
  Array.from({ length: number }, (_, i) => (i === number - 1 && number > 2 ? ARN : `cluster-${String(i)}`));

/** An ingress with as many samples of each version as its weight. */
function ingress(cluster: string, asked: Weights, rest: Partial<IngressEvidence> = {}): IngressEvidence {
  const counts = new Map([...asked].map(([version, weight]) => [version, 10 * weight]));
  const latency = { p50: 5, p90: 8, p99: 12, max: 20 };
  return evidence({
    cluster,
    url: `http://${cluster.replaceAll(/\W/g, '-')}.example.com`,
    weights: asked,
    counts,
    versions: new Map([...asked.keys()].map((version) => [version, { errors: 0, latency }])),
    convergence: [100, 1000].map((samples) => ({
      samples,
      counts: [...asked.values()].map((weight) => (samples * weight) / 100),
    })),
    ...rest,
  });
}

const stopped = (cluster: string, verdict: IngressVerdict = 'undecided'): IngressEvidence =>
  ingress(cluster, SPLIT, {
    verdict,
    reason: { kind: 'stoppedEarly', samples: 244, otherHosts: 0 },
  });

/** A run that changed weights everywhere and checked them. */
function checked(
  verdict: Verdict,
  ingresses: readonly IngressEvidence[],
  rest: Partial<RunRecord> = {},
): RunRecord {
  const asked = ingresses[0]?.weights ?? SPLIT;
  const metrics = rest.metrics ?? [];
  return {
    ...emptyRecord('promote', 'a-service-with-a-rather-long-name-for-a-phone', 'a-namespace-of-some-length'),
    limits: LIMITS,
    seconds: 70,
    verdict,
    ...(verdict === 'pass' ? {} : { failure: 'x' }),
    held: held(Object.fromEntries(ingresses.map(({ cluster }) => [cluster, asked]))),
    evidence: ingresses,
    checks: [
      {
        kind: 'verify',
        weights: asked,
        verdict: 'pass',
        evidence: ingresses.slice(0, 2),
        metrics: [],
        from: 5,
        to: 9,
      },
      { kind: 'bake', weights: asked, verdict, evidence: ingresses, metrics, from: 10, to: 69 },
    ],
    steps: [{ at: 4, weights: asked, before: undefined, direction: 'forward' }],
    phases: [{ name: 'Ready', start: 0, seconds: 4, completed: false }],
    changes: ingresses.map(({ cluster }) =>
      change({
        cluster,
        reason: { kind: 'weightsSet', before: undefined, after: asked },
        before: `a: ${'y'.repeat(300)}\n`,
      }),
    ),
    ...rest,
  };
}

function planned(clusters: readonly string[]): RunRecord {
  const diff = '--- a\n+++ a\n@@ -1 +1 @@\n-weight: 80\n+weight: 50';
  const update = (cluster: string, object: string): PlannedChange => ({
    cluster,
    verb: 'update',
    object,
    reason: { kind: 'weightsSet', before: SPLIT, after: HALF },
    diff,
    tried: object.startsWith('V'),
  });
  const maps = Array.from({ length: 6 }, (_, i) => `ConfigMap gray-demo/settings-${String(i)}`);
  return {
    ...emptyRecord('plan', 'helloworld', 'gray-demo'),
    held: held(Object.fromEntries(clusters.map((name) => [name, SPLIT]))),
    plan: {
      weights: HALF,
      clusters,
      changes: clusters.flatMap((cluster) =>
        [...maps, 'VirtualService gray-demo/helloworld'].map((object) => update(cluster, object)),
      ),
    },
  };
}

function disagreeing(clusters: readonly string[]): RunRecord {
  const at = (i: number): Weights => (i === 7 ? weights({ v1: 40, v2: 60 }) : SPLIT);
  return {
    ...emptyRecord('status', 'helloworld', 'gray-demo'),
    held: held(Object.fromEntries(clusters.map((name, i) => [name, at(i)]))),
    failure: 'x',
    clusters: clusters.map((cluster, i) => ({
      cluster,
      text: {
        kind: 'clusterState',
        routes: {
          kind: 'routesHold',
          held: [{ place: undefined, what: { kind: 'heldWeights', weights: at(i) }, isWeights: true }],
          revision: 1,
        },
        pods: { kind: 'podsReady', versions: [{ version: 'v1', ready: 1, all: 1 }] },
      },
    })),
  };
}

const FAILING: MetricEvidence = {
  name: 'errors',
  kind: 'counts',
  of: 'errors',
  cluster: undefined,
  addresses: ['Service monitoring/prometheus:9090 (east)'],
  verdict: 'fail',
  reason: {
    kind: 'failsForUsers',
    of: 'errors',
    version: 'v2',
    hits: 41,
    requests: 424,
    others: ['v1'],
    otherHits: 0,
    otherRequests: 418,
    logEvidence: 20,
  },
  versions: [
    { version: 'v1', requests: 418, hits: 0, weight: 50 },
    { version: 'v2', requests: 424, hits: 41, weight: 50 },
  ],
  logEvidence: 20,
  threshold: 5.3,
  points: [0, 2, 4, 8].map((at) => ({ at, value: at * 2.5 })),
  polls: 6,
  missed: 1,
  notes: [],
  seconds: 8,
};

const FIVE = weights({ 'v1-2026-09': 60, 'v2-2026-10': 20, 'v3-2026-11': 10, v4: 5, v5: 5 });

/** A metric of each verdict and kind. */
const METRICS: readonly MetricEvidence[] = [
  FAILING,
  metricEvidence({ name: 'slow', of: 'slow', cluster: 'east', verdict: 'pass' }),
  metricEvidence({
    name: 'shares',
    kind: 'shares',
    of: undefined,
    verdict: 'undecided',
    reason: {
      kind: 'countedShares',
      sampled: true,
      weights: SPLIT,
      requests: weights({ v1: 4800, v2: 1204 }),
      all: 6004,
    },
    versions: [
      { version: 'v1', requests: 4800, hits: undefined, weight: 80 },
      { version: 'v2', requests: 1204, hits: undefined, weight: undefined },
    ],
    notes: [{ kind: 'requestsWithoutVersion', requests: 1234 }],
  }),
  metricEvidence({
    name: 'rate',
    kind: 'limit',
    of: undefined,
    verdict: 'inconclusive',
    reason: { kind: 'noSeries' },
    versions: [],
    logEvidence: undefined,
    threshold: 0.01,
    points: [0, 90].map((at) => ({ at, value: at / 6000 })),
    seconds: 3900,
  }),
  metricEvidence({
    name: 'later',
    verdict: 'not applicable',
    reason: { kind: 'noTrafficYet', version: 'v2' },
    versions: [],
    points: [],
  }),
];

/** Every section of a report, and every part of an ingress. */
function everything(): RunRecord {
  const east = ingress('east', SPLIT, {
    verdict: 'fail',
    reason: {
      kind: 'tooManyErrors',
      failed: 99,
      judged: 1000,
      limit: 0.01,
      kinds: new Map([['status 503', 99]]),
    },
    errors: new Map([
      ['connection refused', 1],
      ['status 503', 99],
    ]),
    stale: new Map([['3', 4]]),
    versions: new Map([
      ['v1', { errors: 0, latency: { p50: 5, p90: 180, p99: 1200, max: 2000 } }],
      ['v2', { errors: 99, latency: undefined }],
    ]),
    pods: [
      {
        pod: 'istio-ingressgateway-0',
        requests: 313,
        samples: 300,
        counts: weights({ v1: 240, v2: 60 }),
        errors: new Map([['no response in time', 7]]),
        stale: new Map([['3', 4]]),
        withoutRevision: 2,
        restarts: 1,
      },
    ],
  });
  const record = checked('fail', [east, ingress('west', SPLIT)], { metrics: METRICS });
  return {
    ...record,
    run: 'https://github.com/acme/shop/actions/runs/1',
    seconds: 4000,
    previous: weights({ v1: 100, v2: 0 }),
    steps: [
      ...record.steps,
      { at: 3900, weights: weights({ v1: 100, v2: 0 }), before: undefined, direction: 'back' },
    ],
    held: held({ east: weights({ v1: 100, v2: 0 }), west: undefined }),
    findings: [
      { title: { kind: 'notReadyTitle', version: 'v2' }, detail: { kind: 'changedMeanwhileTitle' } },
      { title: { kind: 'requestsFailTitle', cluster: 'east' }, detail: { kind: 'noSeries' }, symptom: true },
    ],
    unseen: [{ kind: 'sharedAddress', clusters: ['east', 'west'], url: 'http://203.0.113.7' }],
    connections: [{ kind: 'apiThroughProxy', cluster: 'east', proxy: 'http://proxy.example.com' }],
    remains: [{ kind: 'objectGone', object: 'Service gray-demo/hello', cluster: 'east' }],
    clusters: [{ cluster: 'east', text: { kind: 'noPods', app: 'helloworld' } }],
    changes: [
      ...record.changes,
      change({
        verb: 'apply',
        object: 'Service demo/new',
        reason: { kind: 'entryPoint' },
        before: undefined,
      }),
      change({ verb: 'delete', object: 'Service demo/old', reason: { kind: 'reverted' }, after: undefined }),
      change({ object: 'Service demo/same', reason: { kind: 'recoveredContent' }, after: 'weight: 0\n' }),
    ],
  };
}

/** One cluster in forty fails. */
export function fiveVersions(clusters: number): RunRecord {
  return checked(
    'fail',
    names(clusters).map((name, i) => ingress(name, FIVE, i % 40 === 7 ? { verdict: 'fail' } : {})),
  );
}

/** A run of every kind that a report is about, with few and many clusters, and names of every length. */
export const REPORT_KINDS: Readonly<Record<string, RunRecord>> = {
  'a pass of ten clusters': checked(
    'pass',
    names(10).map((name) => ingress(name, SPLIT)),
  ),
  'a drift in the eighth of ten': checked(
    'fail',
    names(10).map((name, i) =>
      i === 7
        ? ingress(name, SPLIT, { verdict: 'fail', counts: weights({ v1: 396, v2: 604 }) })
        : stopped(name),
    ),
    {
      findings: [
        {
          title: { kind: 'editedTitle', cluster: 'cluster-7' },
          detail: {
            kind: 'edited',
            edit: {
              kind: 'weightEdit',
              object: `VirtualService gray-demo/${'x'.repeat(200)}`,
              cluster: 'cluster-7',
              found: weights({ v1: 40, v2: 60 }),
              recorded: SPLIT,
              by: { manager: 'kubectl-edit', time: '2026-11-22 10:04 UTC' },
            },
          },
        },
      ],
    },
  ),
  'a failing version in one of two': checked('fail', [
    ingress('east', SPLIT, {
      verdict: 'fail',
      errors: new Map([['status 500', 99]]),
      versions: new Map([['v2', { errors: 99, latency: undefined }]]),
    }),
    ingress('west', SPLIT),
  ]),
  'an inconclusive check': checked('inconclusive', [
    ingress('east', SPLIT, { verdict: 'inconclusive', counts: weights({ v1: 740, v2: 260 }) }),
    ingress('west', SPLIT),
  ]),
  'five versions in twenty clusters': fiveVersions(20),
  'a metric that fails, and pods': checked(
    'fail',
    ['east', 'west'].map((name) => ({
      ...stopped(name),
      pods: ['istio-ingressgateway-0', 'istio-ingressgateway-1'].map((pod) => ({
        pod,
        requests: 313,
        samples: 313,
        counts: SPLIT,
        errors: new Map(),
        stale: new Map(),
        withoutRevision: 0,
        restarts: 0,
      })),
    })),
    { metrics: [FAILING], unseen: [{ kind: 'loadBalancerSkipped', cluster: 'east' }] },
  ),
  'a plan of ten clusters': planned(names(10)),
  'a first plan': { ...planned(['east', 'west']), held: held({ east: undefined, west: undefined }) },
  'a status of ten clusters that disagree': disagreeing(names(10)),
  'a refused run': {
    ...emptyRecord('rollout', 'helloworld', ''),
    failure: 'x',
    problems: [
      'Input weights: got "v1=80,v2=30" (the weights add up to 110); expected a whole percentage for each version.',
      `Input clusters: got "${'x'.repeat(200)}", which is not a context.`,
    ],
  },
  'everything at once': everything(),
  'nothing at all': emptyRecord('status', 'hello', 'demo'),
};
