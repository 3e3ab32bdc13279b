import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { MetricsEvent } from '../../testbed/fleet.ts';
import type { Run } from '../../testbed/run-action.ts';
import { ROUTE_INPUTS } from './support/gateway-api.ts';
import { APP, AT_DEFAULTS, NO_WORKLOADS, SEED, destination, image } from './support/objects.ts';
import { putAhead } from './support/route-edits.ts';
import { useStage } from './support/stage.ts';

const stage = useStage({ prometheus: true });
/** Users ask for what nobody samples. */
const USERS = { path: '/orders', faulty: true, rps: 100 } as const;
const IN_CLUSTER = 'service:monitoring/prometheus:9090';
/** The URLs of the Prometheus of each cluster. */
const byUrl = (): string =>
  stage.fleet.clusters.map(({ name, prometheus = '' }) => `${name}=${prometheus}`).join('\n');

const STEP = {
  ...AT_DEFAULTS,
  ...NO_WORKLOADS,
  weights: 'v1=50,v2=50',
  metrics: 'istio',
  'metrics-address': IN_CLUSTER,
  bake: '16s',
} as const;

/** As teams have them for Argo Rollouts, apart from the short windows. */
const ANALYSIS_TEMPLATE = `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: orders
spec:
  args:
    - name: service-name
    - name: namespace
    - name: version
    - name: least
      value: "0.97"
    - name: slowest
      value: "900"
    - name: prometheus
      value: http://prometheus.monitoring.svc.cluster.local:9090
  metrics:
    - name: success of orders
      interval: 5s
      count: 20
      successCondition: result[0] >= {{args.least}}
      provider:
        prometheus:
          address: "{{args.prometheus}}"
          query: |
            sum(irate(istio_requests_total{
              reporter="source", destination_service=~"{{args.service-name}}",
              destination_version="{{args.version}}", response_code!~"5.*"
            }[10s])) /
            sum(irate(istio_requests_total{
              reporter="source", destination_service=~"{{args.service-name}}", destination_version="{{args.version}}"
            }[10s]))
    - name: latency of orders
      interval: 5s
      failureLimit: 1
      successCondition: len(result) == 0 || isNaN(result[0]) || asFloat(result[0]) < {{args.slowest}}
      failureCondition: result[0] >= {{args.slowest}}
      provider:
        prometheus:
          address: "{{args.prometheus}}"
          query: |
            histogram_quantile(0.95, sum(rate(istio_request_duration_milliseconds_bucket{
              reporter="source", destination_service_name="helloworld",
              destination_service_namespace="{{args.namespace}}", destination_version="{{args.version}}"
            }[10s])) by (le))
`;
/** What it asks for: the name in the form that its label has. */
const FROM_ARGO = `- from: FILE
  args: {service-name: helloworld.gray-demo.svc.cluster.local}`;

/** As teams have them for Flagger. */
const METRIC_TEMPLATE = `
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata:
  name: request-success-rate
  namespace: monitoring
spec:
  provider:
    type: prometheus
    address: http://prometheus.monitoring:9090
  query: |
    sum(rate(istio_requests_total{
      reporter="destination", destination_workload_namespace=~"{{ namespace }}",
      destination_workload=~"{{ target }}", response_code!~"5.*"
    }[{{ interval }}])) /
    sum(rate(istio_requests_total{
      reporter="destination", destination_workload_namespace=~"{{ namespace }}", destination_workload=~"{{ target }}"
    }[{{ interval }}])) * 100
`;
/** The \`thresholdRange\` and the \`interval\` of the Canary. */
const FROM_FLAGGER = `- from: FILE
  min: 97
  interval: 10s`;

/** Envoy has no bucket of 300 ms. */
const NO_SUCH_BUCKET = `
- name: times
  requests: istio_request_duration_milliseconds_count{destination_service_name="${APP}"}
  slow: istio_request_duration_milliseconds_count - ignoring(le) istio_request_duration_milliseconds_bucket{le="300"}
`;

/** Deploys v1 with all traffic, and v2 without any, each with the image of a fault. */
async function prepare(v1: string | undefined, v2: string | undefined): Promise<void> {
  await stage.pass({ image: `v1=${image('v1', v1)}\nv2=${image('v2', v2)}`, weights: 'v1=100,v2=0' });
}

/** The templates in files, and the lists that name them. */
async function written(): Promise<AsyncDisposable & { readonly argo: string; readonly flagger: string }> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'templates-'));
  const [argo, flagger] = [join(folder.path, 'orders.yaml'), join(folder.path, 'success.yaml')];
  await Promise.all([writeFile(argo, ANALYSIS_TEMPLATE), writeFile(flagger, METRIC_TEMPLATE)]);
  return {
    argo: FROM_ARGO.replace('FILE', argo),
    flagger: FROM_FLAGGER.replace('FILE', flagger),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

/** Runs the step while users send requests, and makes things happen once its metrics are watched. */
async function step(
  inputs: Readonly<Record<string, string>>,
  ...events: readonly (readonly [string, MetricsEvent])[]
): Promise<Run> {
  let disturbing: Promise<unknown> | undefined;
  const run = await stage.run(
    { ...STEP, ...inputs },
    {
      onLog: (text) => {
        if (disturbing !== undefined || !/^Metric errors/m.test(text)) return;
        disturbing = Promise.all(
          events.map(async ([cluster, event]) => stage.fleet.disturbMetrics(cluster, event)),
        );
      },
    },
  );
  await disturbing;
  if (events.length > 0) expect(disturbing).toBeDefined();
  return run;
}

describe('a new version that fails users on a path that nobody samples (scenario 40)', () => {
  test('is rolled back everywhere by its errors', async () => {
    await prepare(undefined, 'order-errors');
    await stage.underLoad(async () => {
      const run = await step({});
      expect([run.code, run.outputs['verdict']]).toEqual([1, 'fail']);
      expect(run.log).toMatch(
        /v2 fails more often than v1 for real users: [\d,]+ of [\d,]+ requests to v2 failed/,
      );
      await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
    }, USERS);
  });

  test('is rolled back everywhere by its response times', async () => {
    await prepare(undefined, 'slow-orders');
    await stage.underLoad(async () => {
      const run = await step({ 'metrics-address': byUrl() });
      expect([run.code, run.outputs['verdict']]).toEqual([1, 'fail']);
      expect(run.log).toMatch(
        /v2 is slow more often than v1 for real users: [\d,]+ of [\d,]+ requests to v2 were slow/,
      );
      await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
    }, USERS);
  });

  test('is rolled back everywhere by templates of Argo Rollouts and Flagger as they are', async () => {
    await prepare(undefined, 'order-errors');
    await using templates = await written();
    await stage.underLoad(async () => {
      const blind = await step({
        operation: 'plan',
        metrics: templates.argo.replace('args:', 'args: {version: .*}\n#'),
      });
      expect(blind.log).toContain('The query does not name v2, so it is about all versions together');
      const short = await step({ metrics: templates.flagger.replace('10s', '1m') });
      expect([short.code, short.outputs['changed']]).toEqual([1, '0']);
      expect(short.log).toMatch(/metric request-success-rate looks back.* Set it to at least 90s/);
      for (const [metrics, name] of [
        [templates.argo, 'success of orders'],
        [templates.flagger, 'request-success-rate'],
      ]) {
        const inputs = { metrics: metrics ?? '', 'metrics-address': '' };
        const plan = await step({ ...inputs, operation: 'plan' });
        expect(plan.code).toBe(0);
        const run = await step(inputs);
        expect([run.code, run.outputs['verdict']]).toEqual([1, 'fail']);
        expect(run.log).toMatch(
          new RegExp(`Metric ${name ?? ''} in (east|west): fail, the value was \\d+(\\.\\d+)?, good if >=`),
        );
        await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
      }
    }, USERS);
  });

  test('passes if the stable version fails them as often', async () => {
    await prepare('order-errors', 'order-errors');
    await stage.underLoad(async () => {
      const run = await step({ 'metrics-address': byUrl() });
      expect([run.code, run.outputs['verdict']]).toEqual([0, 'pass']);
      await expect(stage.weights()).resolves.toEqual(['v1=50,v2=50', 'v1=50,v2=50']);
      const wrong = await step({ operation: 'plan', 'metrics-address': byUrl(), metrics: NO_SUCH_BUCKET });
      expect(wrong.code).toBe(1);
      expect(wrong.log).toMatch(
        /metric times: \S+ has requests, and no series that matches the query for slow ones/,
      );
    }, USERS);
  });
});

describe('a sound release whose counters are disturbed (scenario 40)', () => {
  test('passes if counters restart, and pods of gateway and Prometheus are replaced', async () => {
    await prepare(undefined, undefined);
    await stage.underLoad(async () => {
      const run = await step(
        {},
        ['east', 'counters restart'],
        ['west', 'gateway replaced'],
        ['east', 'prometheus replaced'],
      );
      expect([run.code, run.outputs['verdict']]).toEqual([0, 'pass']);
    }, USERS);
  });

  test("passes by Istio's own metrics behind an HTTPRoute, which count each version under its Service", async () => {
    await stage.openIngress();
    await stage.pass({ ...ROUTE_INPUTS, image: SEED.image, weights: 'v1=100,v2=0' });
    await stage.underLoad(async () => {
      const run = await step(ROUTE_INPUTS);
      expect([run.code, run.outputs['verdict']]).toEqual([0, 'pass']);
      expect(run.log.match(/^Metric .*: pass/gm)).toHaveLength(4);
    }, USERS);
  });

  test('passes by templates of Argo Rollouts and Flagger as they are', async () => {
    await prepare(undefined, undefined);
    await using templates = await written();
    await stage.underLoad(async () => {
      const run = await step({
        metrics: `${templates.argo}\n${templates.flagger}`,
        'metrics-address': '',
      });
      expect([run.code, run.outputs['verdict']]).toEqual([0, 'pass']);
      expect(run.log.match(/^Metric .* in (east|west): pass/gm)).toHaveLength(6);
    }, USERS);
  });

  test('is inconclusive if a Prometheus scrapes no more', async () => {
    await prepare(undefined, undefined);
    await stage.underLoad(async () => {
      const run = await step({}, ['west', 'scrapes stall']);
      expect([run.code, run.outputs['verdict']]).toEqual([1, 'inconclusive']);
      await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
    }, USERS);
  });

  test('is inconclusive if a Prometheus ends, and not even begun if there is none', async () => {
    await prepare(undefined, undefined);
    await stage.underLoad(async () => {
      const ended = await step({ 'metrics-address': byUrl() }, ['east', 'prometheus ends']);
      expect([ended.code, ended.outputs['verdict']]).toEqual([1, 'inconclusive']);
      await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
      const absent = await step({});
      expect([absent.code, absent.outputs['verdict']]).toEqual([1, 'inconclusive']);
      expect(absent.outputs['changed']).toBe('0');
    }, USERS);
  });
});

describe('users whose requests a route in one cluster splits otherwise (scenario 41)', () => {
  test('fail the shares of that cluster, without one request of ours', async () => {
    await prepare(undefined, undefined);
    await stage.pass({ ...NO_WORKLOADS, weights: 'v1=80,v2=20' });
    await putAhead(stage.west, {
      name: 'orders',
      match: [{ uri: { prefix: USERS.path } }],
      route: [destination('v1', 70), destination('v2', 30)],
    });
    await stage.underLoad(async () => {
      const run = await step({
        operation: 'verify',
        weights: '',
        bake: '',
        watch: '16s',
        ingress: 'none',
        routes: APP,
      });
      expect([run.code, run.outputs['verdict']]).toEqual([1, 'fail']);
      expect(run.log).toMatch(/Metric shares in west: fail/);
      expect(run.log).not.toMatch(/Metric shares in east: fail/);
      expect(run.outputs['samples']).toBe('0');
    }, USERS);
  });
});

describe('a release that is not sampled, as for a service that only sidecars call (scenario 43)', () => {
  const judged = {
    ingress: 'none',
    // Without samples, the counted requests have to prove the split.
    tolerance: SEED.tolerance,
    metrics: '- istio: {source-workload: .*}',
    'propagation-time': '1s',
  } as const;

  test('is judged by metrics alone: a sound one passes, and one that fails users is rolled back everywhere', async () => {
    await prepare(undefined, undefined);
    await stage.underLoad(async () => {
      const sound = await step(judged);
      expect([sound.code, sound.outputs['verdict'], sound.outputs['samples']]).toEqual([0, 'pass', '0']);
      expect(sound.summary).toContain(
        'No ingress was sampled, so metrics alone decided: they show nothing against v1 50%, v2 50%',
      );
      await expect(stage.weights()).resolves.toEqual(['v1=50,v2=50', 'v1=50,v2=50']);
    }, USERS);
    await prepare(undefined, 'order-errors');
    await stage.underLoad(async () => {
      const failing = await step(judged);
      expect([failing.code, failing.outputs['verdict'], failing.outputs['samples']]).toEqual([
        1,
        'fail',
        '0',
      ]);
      expect(failing.summary).toMatch(
        /v2 fails more often than v1 for real users: .*metrics alone decided\./,
      );
      await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
    }, USERS);
  });
});
