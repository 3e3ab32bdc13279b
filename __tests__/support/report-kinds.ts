import type { MetricEvidence } from '../../src/metrics/metric-evidence.ts';
import type { IngressEvidence, IngressVerdict, Verdict } from '../../src/verify/evidence.ts';
import type { Weights } from '../../src/core/weights.ts';
import type { PlannedChange } from '../../src/report/run-events.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { quoted } from '../../src/texts/message.ts';
import { evidence } from './evidence.ts';
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
    reason: quoted('stopped after 244 samples because another part of the check failed'),
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
    steps: [{ at: 4, weights: asked, direction: 'forward' }],
    phases: [{ name: 'Ready', start: 0, seconds: 4 }],
    changes: ingresses.map(({ cluster }) => change({ cluster, before: `a: ${'y'.repeat(300)}\n` })),
    ...rest,
  };
}

function planned(clusters: readonly string[]): RunRecord {
  const diff = '--- a\n+++ a\n@@ -1 +1 @@\n-weight: 80\n+weight: 50';
  const update = (cluster: string, object: string): PlannedChange => ({
    cluster,
    verb: 'update',
    object,
    reason: quoted('weights v1=80,v2=20 → v1=50,v2=50'),
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
      text: quoted(`weights ${i === 7 ? 'v1=40,v2=60' : 'v1=80,v2=20'}, revision 1; v1: 1 of 1 pods ready`),
    })),
  };
}

const FAILING: MetricEvidence = {
  name: 'errors',
  kind: 'counts',
  of: 'errors',
  cluster: undefined,
  addresses: ['Service monitoring/prometheus:9090 of east'],
  verdict: 'fail',
  reason: quoted('v2 fails more often than v1 for real users: 41 of 424 requests failed, against 0 of 418'),
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
          title: quoted('The route in cluster-7 was changed by someone else'),
          detail: quoted(`It holds ${'x'.repeat(200)}.`),
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
    { metrics: [FAILING], unseen: [quoted('The load balancer is not on the way.')] },
  ),
  'a plan of ten clusters': planned(names(10)),
  'a status of ten clusters that disagree': disagreeing(names(10)),
  'a refused run': {
    ...emptyRecord('rollout', 'helloworld', ''),
    failure: 'x',
    problems: [
      'Input weights: got "v1=80,v2=30" (the weights add up to 110); expected a whole percentage for each version.',
      `Input clusters: got "${'x'.repeat(200)}", which is not a context.`,
    ],
  },
  'nothing at all': emptyRecord('status', 'hello', 'demo'),
};
