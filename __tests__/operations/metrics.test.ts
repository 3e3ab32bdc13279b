import { afterEach, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { MONOTONIC_CLOCK } from '../../src/core/clock.ts';
import type { Clock } from '../../src/core/clock.ts';
import { Fleet } from '../../src/fleet/fleet.ts';
import type { MetricEvidence } from '../../src/metrics/metric-evidence.ts';
import type { Context } from '../../src/operations/context.ts';
import { checkShares } from '../../src/operations/check.ts';
import { foreseeMetrics, tryMetrics } from '../../src/operations/metrics.ts';
import type { Judged } from '../../src/operations/metrics.ts';
import { runPipeline } from '../../src/operations/pipeline.ts';
import type { Stages } from '../../src/operations/pipeline.ts';
import type { Applied } from '../../src/operations/stages.ts';
import { verify, verifyWeights } from '../../src/operations/verify.ts';
import { observe } from '../../src/release/observation.ts';
import type { MetricSpec } from '../../src/release/metric-specs.ts';
import type { Release } from '../../src/release/release.ts';
import { commitStatusOf } from '../../src/report/commit-status.ts';
import { foldRun } from '../../src/report/fold-run.ts';
import { RunLog } from '../../src/report/run-log.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { IngressClient } from '../../src/verify/ingress-client.ts';
import { skippingClock } from '../support/clock.ts';
import { countMetric, limitMetric } from '../support/metrics.ts';
import '../support/one-realm.ts';
import { release, weights } from '../support/release.ts';
import { Opened, answer, deadUrl, serve } from '../support/server.ts';
import type { Handler, LocalServer } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const TARGET = weights({ v1: 80, v2: 20 });
const BAKE_MS = 60_000;

const sourceOf = (url: string): Pick<MetricSpec, 'source'> => ({
  source: { provider: 'prometheus', address: { kind: 'url', url }, headers: {} },
});

/** Prometheus, with one value after the other for every query; the last one for good. `undefined`: it never answers. */
async function prometheus(...values: readonly (number | 'bad query' | undefined)[]): Promise<LocalServer> {
  let polls = 0;
  return opened.add(
    await serve((_, response) => {
      const value = values[Math.min(polls, values.length - 1)];
      polls += 1;
      if (value === undefined) return;
      if (value === 'bad query') {
        response.writeHead(400, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'parse error: unexpected <eof>' }),
        );
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          status: 'success',
          data: { resultType: 'vector', result: [{ metric: {}, value: [0, String(value)] }] },
        }),
      );
    }),
  );
}

interface Setup {
  readonly context: Context;
  readonly lines: string[];
  readonly recordNow: () => RunRecord;
  readonly cancel: (reason: Error) => void;
}

/** A run with metrics and no cluster. */
function setup(
  metrics: readonly MetricSpec[],
  given: Parameters<typeof release>[0] = {},
  clock: Clock = skippingClock(),
): Setup {
  const cancelling = new AbortController();
  const { signal } = cancelling;
  const recorder = new RunLog();
  const lines: string[] = [];
  const log = (text: string): void => void lines.push(text);
  const asked: Release = release({
    clusters: [],
    configClusters: [],
    placement: new Map(),
    metrics,
    ...given,
  });
  return {
    context: {
      release: asked,
      fleet: Fleet.open(new KubeConfig(), [], signal),
      recorder,
      identity: { holder: 'test', run: 'a test' },
      log: { info: log, warn: log, warnOnce: log, progress: () => undefined, group: (_, work) => work() },
      signal,
      clock,
    },
    lines,
    recordNow: () => foldRun(emptyRecord('rollout', 'helloworld', 'default'), recorder.events),
    cancel: (reason) => {
      cancelling.abort(reason);
    },
  };
}

const judged = ({ release: asked }: Context): Judged => ({
  observed: observe(asked, new Map()),
  weights: TARGET,
});

/** A step that has nothing to write, and no ingress. */
function step(context: Context, { bakeMs = BAKE_MS, judgesMetrics = true, target = TARGET } = {}) {
  const ran: string[] = [];
  const stages: Stages<{ readonly weights: typeof TARGET }, Applied> = {
    prepare: () => {
      ran.push('prepare');
      return Promise.resolve({
        observed: observe(context.release, new Map()),
        leases: new Map(),
        plan: { weights: target },
        changes: [],
        target: { target, previous: undefined, direction: 'forward', history: [], objects: [] },
        targets: [],
      });
    },
    apply: () => {
      ran.push('apply');
      return Promise.resolve({ written: [], failure: undefined });
    },
    bakeMs,
    judgesMetrics,
    conclude: (_, { checked }) => {
      ran.push(checked.kind);
      return Promise.resolve();
    },
    whenOvertaken: 'leave',
    recovery: { repairs: false, bakeMs },
  };
  return { ran, run: () => runPipeline(context, stages) };
}

describe('a step with metrics and without any ingress', () => {
  test.each<[string, number, string, string]>([
    ['passes by them alone', 0.001, 'pass', 'success'],
    ['fails by them alone', 0.5, 'fail', 'failure'],
    ['is inconclusive if a query finds no number', Number.NaN, 'inconclusive', 'failure'],
  ])('%s', async (_, value, verdict, state) => {
    const { url } = await prometheus(0, value);
    const { context, recordNow, lines } = setup([limitMetric(sourceOf(url))]);
    const { run, ran } = step(context);
    await expect(run()).resolves.toEqual({ kind: 'done', verdict });
    expect(lines[0]).toMatch(/^Metric error rate so far: .*good if < 0\.01$/);
    expect(lines.join('\n')).not.toContain('undecided');
    expect(ran).toEqual(['prepare', 'apply', 'checked']);
    expect([recordNow().verdict, commitStatusOf(recordNow()).state]).toEqual([verdict, state]);
  });

  test('is not verified where no metric applies, even if it cannot be read', async () => {
    const { context, recordNow, lines } = setup([countMetric(sourceOf(await deadUrl()))]);
    const { run, ran } = step(context, { target: weights({ v1: 0, v2: 100 }) });
    await expect(run()).resolves.toEqual({ kind: 'done', verdict: undefined });
    expect(ran).toEqual(['prepare', 'apply', 'unverified']);
    expect(commitStatusOf(recordNow()).description).toContain('not verified');
    expect(lines.join('\n')).toContain('v2 has all the traffic');
  });

  test('is refused if there is no time to watch them, before anything is read', async () => {
    const { context } = setup([limitMetric()]);
    const { run, ran } = step(context, { bakeMs: 0 });
    await expect(run()).rejects.toThrow(/canary\.yml:12: metrics: .* the input bake is 0s/);
    expect(ran).toEqual([]);
  });

  test('is refused if the time to watch is shorter than the window of a query', async () => {
    const { context } = setup([
      limitMetric(),
      limitMetric({ name: 'success', query: 'sum(rate(good[5m])) / sum(rate(all[5m]))' }),
      limitMetric({ name: 'latency', query: 'rate(times[1m])' }),
    ]);
    const { run, ran } = step(context);
    await expect(run()).rejects.toThrow(
      /^\.github\/canary\.yml:12: metrics: metric success looks back, .* only after 330s .*, and the input bake is 60s\. Set it to at least 330s, or shorten the window\.\n.*metric latency .* at least 90s/,
    );
    expect(ran).toEqual([]);
  });

  test('is not judged by metrics if it goes back, nor needs a time to watch', async () => {
    const { context } = setup([limitMetric(sourceOf(await deadUrl()))]);
    const { run, ran } = step(context, { bakeMs: 0, judgesMetrics: false });
    await expect(run()).resolves.toEqual({ kind: 'done', verdict: undefined });
    expect(ran).toEqual(['prepare', 'apply', 'unverified']);
  });
});

describe('reading every metric before anything is written', () => {
  test('ends the run inconclusive if an address does not answer: no weight moves', async () => {
    const { context, recordNow, lines } = setup([limitMetric(sourceOf(await deadUrl()))]);
    const { run, ran } = step(context);
    await expect(run()).resolves.toEqual({ kind: 'done', verdict: 'inconclusive' });
    expect(ran).toEqual(['prepare']);
    const record = recordNow();
    expect([record.verdict, record.checks, commitStatusOf(record).state]).toEqual([
      'inconclusive',
      [],
      'failure',
    ]);
    expect(lines.join('\n')).toMatch(
      /Metric error rate: inconclusive, the last reading failed: .*127\.0\.0\.1/,
    );
  });

  test('ends the run inconclusive if no error would ever count, which a plan says', async () => {
    const requests = { metric: { canary_part: 'requests', version: 'v1' }, value: [0, '7'] };
    const { url } = opened.add(
      await serve((request, response) => {
        const data = request.path.endsWith('/labels') ? [] : { resultType: 'vector', result: [requests] };
        response.end(JSON.stringify({ status: 'success', data }));
      }),
    );
    const { context, lines } = setup([countMetric(sourceOf(url))], { traffic: { bakeMs: BAKE_MS } });
    const { run, ran } = step(context);
    await expect(run()).resolves.toEqual({ kind: 'done', verdict: 'inconclusive' });
    expect(ran).toEqual(['prepare']);
    expect(lines.join('\n')).toMatch(
      /Metric errors: inconclusive, http:\S+ knows no metric errors, so that none/,
    );
    lines.length = 0;
    await foreseeMetrics(context, judged(context));
    expect(lines).toEqual([
      expect.stringMatching(/^Metric errors: http:\S+ knows no metric errors, .*requests\.$/),
    ]);
  });

  test('waits for an address that answers a moment later', async () => {
    let asked = 0;
    const server = opened.add(
      await serve((_, response) => {
        asked += 1;
        if (asked < 3) response.writeHead(503);
        response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] } }));
      }),
    );
    const { context } = setup([limitMetric(sourceOf(server.url))]);
    await expect(tryMetrics(context, judged(context))).resolves.toBe(true);
    expect(asked).toBe(3);
  });

  test('refuses an invalid query with the message of the server, in a rollout and in a plan', async () => {
    const { url } = await prometheus('bad query');
    const specs = [limitMetric(sourceOf(url)), limitMetric({ ...sourceOf(url), name: 'other' })];
    const { context } = setup(specs, { traffic: { bakeMs: BAKE_MS } });
    const { run, ran } = step(context);
    const refusal =
      /canary\.yml:12: metrics: metric error rate: .* does not accept the query: .*unexpected <eof>.*\n.*metric other/;
    await expect(run()).rejects.toThrow(refusal);
    expect(ran).toEqual(['prepare']);
    await expect(foreseeMetrics(context, judged(context))).rejects.toThrow(refusal);
  });
});

describe('a plan', () => {
  test('warns of an address that it does not reach', async () => {
    const { context, lines } = setup([limitMetric(sourceOf(await deadUrl()))], {
      traffic: { bakeMs: BAKE_MS },
    });
    await foreseeMetrics(context, judged(context));
    expect(lines).toEqual([expect.stringMatching(/^Metric error rate cannot be read from here: /)]);
  });

  test('refuses metrics without a time to watch them', async () => {
    const { context } = setup([limitMetric()]);
    await expect(foreseeMetrics(context, judged(context))).rejects.toThrow(/the input bake is 0s/);
  });
});

describe('a verification', () => {
  test('is refused if nothing says for how long the metrics are judged', () => {
    const { context } = setup([limitMetric()]);
    expect(() => verify(context)).toThrow(
      '.github/canary.yml:12: metrics: metrics are judged over time, and verify ends with its samples. Set the input watch, for example to 10m, or to 0s to verify by samples alone.',
    );
  });

  test('needs as much time as the windows of the metrics', async () => {
    const { context } = setup([limitMetric({ query: 'rate(errors[5m])' })]);
    await expect(verifyWeights(context, TARGET, undefined, 60_000)).rejects.toThrow(
      /the input watch is 60s\. Set it to at least 330s/,
    );
  });

  test('needs a time to watch if only metrics can judge', async () => {
    const { context } = setup([limitMetric()]);
    await expect(verifyWeights(context, TARGET)).rejects.toThrow(/set the input watch to the time/);
  });
});

/** An ingress that answers 80/20, or with failures alone. */
async function ingress(handler: Handler): Promise<IngressClient> {
  const { url } = opened.add(await serve(handler));
  return opened.add(
    await IngressClient.open({ cluster: 'east', url, path: '/', host: undefined, headers: {} }),
  );
}

function split(): Handler {
  let requests = 0;
  return (_, response) => {
    requests += 1;
    answer(response, { version: requests % 5 === 0 ? 'v2' : 'v1' });
  };
}

/** A clock on which the time between two polls never passes, so that only something else ends them. */
const STANDING: Clock = {
  now: MONOTONIC_CLOCK.now,
  sleep: (_, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('stopped'));
      });
    }),
};

const verdictsOf = (metrics: readonly MetricEvidence[]): readonly string[] =>
  metrics.map(({ verdict }) => verdict);

describe('while samples are taken', () => {
  test('none are where the window leaves no time for it', async () => {
    const { url } = await prometheus(0);
    const { context, recordNow } = setup([limitMetric({ ...sourceOf(url), query: 'rate(errors[1m])' })]);
    const { verdict, evidence } = await checkShares(context, {
      clients: [await ingress(split())],
      weights: TARGET,
      observed: observe(context.release, new Map()),
      watchMs: 95_000,
    });
    expect([verdict, evidence]).toEqual(['pass', []]);
    expect(verdictsOf(recordNow().metrics)).toEqual(['pass']);
  });

  test('a metric that fails ends them', async () => {
    const { url } = await prometheus(0, 0.5);
    const { context, recordNow } = setup([limitMetric(sourceOf(url))]);
    const { verdict, evidence } = await checkShares(context, {
      clients: [await ingress(split())],
      weights: TARGET,
      observed: observe(context.release, new Map()),
      watchMs: 3_600_000,
    });
    expect([verdict, evidence.map((one) => one.verdict)]).toEqual(['fail', ['undecided']]);
    expect(verdictsOf(recordNow().metrics)).toEqual(['fail']);
  });

  test('an ingress that fails ends the metrics', async () => {
    const { url } = await prometheus(0);
    const { context, recordNow } = setup([limitMetric(sourceOf(url))], {}, STANDING);
    const { verdict, evidence } = await checkShares(context, {
      clients: [
        await ingress((_, response) => {
          answer(response, { version: 'v2', status: 500 });
        }),
      ],
      weights: TARGET,
      observed: observe(context.release, new Map()),
      watchMs: 3_600_000,
    });
    expect([verdict, evidence.map((one) => one.verdict)]).toEqual(['fail', ['fail']]);
    expect(verdictsOf(recordNow().metrics)).toEqual(['undecided']);
  });

  test('a cancellation ends both, in the middle of a poll', async () => {
    const cancelled = new Error('The job was cancelled');
    const { context, recordNow, cancel } = setup([
      limitMetric(
        sourceOf(
          opened.add(
            await serve(() => {
              cancel(cancelled);
            }),
          ).url,
        ),
      ),
    ]);
    const check = checkShares(context, {
      clients: [await ingress(split())],
      weights: TARGET,
      observed: observe(context.release, new Map()),
      watchMs: 3_600_000,
    });
    await expect(check).rejects.toBe(cancelled);
    expect([recordNow().verdict, recordNow().checks]).toEqual([undefined, []]);
  });
});
