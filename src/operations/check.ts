import { MONOTONIC_CLOCK } from '../core/clock.ts';
import { METRICS } from '../core/deadlines.ts';
import type { Weights } from '../core/weights.ts';
import type { Finding } from '../diagnosis/finding.ts';
import type { MetricEvidence } from '../metrics/metric-evidence.ts';
import { metricLine, metricSoFar } from '../metrics/metric-line.ts';
import { withOwnSamples } from '../metrics/own-samples.ts';
import { watchMetrics } from '../metrics/watch-metrics.ts';
import { samplingMs } from './sampling-time.ts';
import { clustersDisagree } from '../release/cluster-weights.ts';
import type { Observation } from '../release/observation.ts';
import { isSharedWithOtherHosts, routeStateFor } from '../release/route-state.ts';
import { lookalikes } from '../release/lookalikes.ts';
import { evidenceLine } from '../report/evidence-line.ts';
import { podLine } from '../report/shares.ts';
import type { IngressEvidence, Verdict } from '../verify/evidence.ts';
import type { IngressClient } from '../verify/ingress-client.ts';
import { sampleAll } from '../verify/sampler.ts';
import { stopwatch } from './context.ts';
import { inEnglish, oncePerTitle, textsIn } from '../texts/texts.ts';
import type { Context } from './context.ts';
import { causesOf } from './explain.ts';
import { judgingOf, withMetrics } from './metrics.ts';
import { decideVerdict } from './verdict.ts';
import type { Evidence } from './verdict.ts';

/** Requests per second and ingress while a step is watched. */
const WATCH_RPS = 5;

/** A check to make. */
export interface CheckRequest {
  readonly clients: readonly IngressClient[];
  readonly weights: Weights;
  /** What the clusters hold now. */
  readonly observed: Observation;
  /**
   * How long the shares are watched, in ms, unless they are shown to be wrong before; undefined: they are sampled until they are
   * shown to be right or wrong.
   */
  readonly watchMs?: number;
  /** `recovery`: the step of an earlier run is checked, and the verdict is not this run's. */
  readonly on?: 'this run' | 'recovery';
  /** What makes the samples doubtful, beside what the check finds by itself. */
  readonly doubts?: readonly Finding[];
  /** What to report whatever the verdict. */
  readonly remarks?: readonly Finding[];
  /** Reports that the release was changed meanwhile; asked for unless the check passes. */
  readonly interruption?: () => Promise<Finding | undefined>;
}

/** What a check came to. */
export interface CheckResult {
  /** undefined where there was nothing to judge */
  readonly verdict: Verdict | undefined;
  readonly evidence: readonly IngressEvidence[];
}

/** Samples the ingresses against the weights, judges the metrics, decides, and explains what did not pass. */
export async function checkShares(context: Context, request: CheckRequest): Promise<CheckResult> {
  const { recorder, log } = context;
  const { clients, weights, observed, watchMs, on = 'this run' } = request;
  const kind = watchMs === undefined ? 'verify' : 'bake';
  const elapsed = stopwatch();
  const { ingresses, metrics } = await look(context, request);
  const edited = observed.edits.length > 0 || clustersDisagree(observed.held);
  const alike = edited ? [] : mistakable(observed, clients);
  const { remarks = [], doubts: given = [] } = request;
  const doubts = [...given, ...alike];
  const found: Evidence = { ingresses, metrics, edited, doubts, interrupted: undefined };
  const first = decideVerdict(found);
  for (const one of ingresses) {
    log.info(`${evidenceLine(one)}: ${one.verdict}, ${inEnglish(one.reason)}`);
    for (const pod of one.pods ?? []) log.info(`${one.cluster}: ${podLine(pod, textsIn('en'))}`);
  }
  for (const one of metrics) logMetric(context, one);
  if (first === undefined) {
    recorder.record({ kind: 'metrics read', metrics, verdict: undefined });
    return { verdict: undefined, evidence: ingresses };
  }
  recorder.record({
    kind: 'sampled',
    check: kind,
    weights,
    evidence: ingresses,
    metrics,
    seconds: elapsed(),
  });
  // The clients stay open during the bake, so these addresses have been logged by then.
  if (kind === 'verify') logLeftOut(context, clients);
  const interrupted = first === 'pass' ? undefined : await request.interruption?.();
  const verdict = decideVerdict({ ...found, interrupted }) ?? first;
  recorder.record({ kind: 'judged', verdict, on });
  if (on === 'this run') {
    const known = [...(interrupted === undefined ? [] : [interrupted]), ...remarks, ...doubts];
    const causes = verdict === 'pass' ? [] : await causesOf(context, observed.routes, ingresses);
    // A cause knows what the ingresses showed, so of two with one title it says more.
    const findings = oncePerTitle([...known, ...causes]);
    if (findings.length > 0) recorder.record({ kind: 'explained', findings });
  }
  return { verdict, evidence: ingresses };
}

/** Samples the ingresses, and watches the metrics for as long where there is a time to watch; either ends the other by a failure. */
async function look(
  context: Context,
  request: CheckRequest,
): Promise<{
  readonly ingresses: readonly IngressEvidence[];
  readonly metrics: readonly MetricEvidence[];
}> {
  const { release, signal, clock = MONOTONIC_CLOCK } = context;
  const { clients, weights, watchMs } = request;
  if (watchMs === undefined || release.metrics.length === 0)
    return { ingresses: await sample(context, request), metrics: [] };
  const stop = new AbortController();
  const { signal: stopped } = stop;
  const endOthersOn = async <T extends { readonly verdict: string }>(
    work: Promise<readonly T[]>,
  ): Promise<readonly T[]> => {
    try {
      const found = await work;
      if (found.some(({ verdict }) => verdict === 'fail')) stop.abort();
      return found;
    } catch (error) {
      stop.abort();
      throw error;
    }
  };
  return withMetrics(context, request, async (open) => {
    const forMs = samplingMs(release.metrics, watchMs);
    if (forMs < watchMs && clients.length > 0)
      context.log.info(
        `Ingresses are sampled ${forMs === 0 ? 'no more from here on' : `for the first ${String(Math.floor(forMs / 1000))} s only`}: samples would be among the requests in the last windows of the metrics.`,
      );
    const begin = clock.now();
    let sampledUntil = begin;
    const sampling = async (): Promise<readonly IngressEvidence[]> => {
      if (forMs === 0 || clients.length === 0) return [];
      sampledUntil = Infinity;
      try {
        return await sample(context, { ...request, watchMs: forMs }, stopped);
      } finally {
        sampledUntil = clock.now();
      }
    };
    const [ingresses, metrics] = await bothOf(
      endOthersOn(sampling()),
      endOthersOn(
        watchMetrics(open, {
          forMs: watchMs,
          judging: judgingOf(release, weights, clients.length > 0),
          signal,
          stopped,
          onPoll: progressOf(context),
          undisturbedMs: () => Math.max(0, clock.now() - sampledUntil),
          clock,
        }),
      ),
    );
    const samples = ingresses.reduce((sum, one) => sum + one.samples, 0);
    return { ingresses, metrics: withOwnSamples(metrics, samples) };
  });
}

/** Waits for both, even if one throws. */
async function bothOf<A, B>(a: Promise<A>, b: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}

/** Logs what the metrics show, now and then. */
function progressOf(context: Context): (metrics: readonly MetricEvidence[]) => void {
  const elapsed = stopwatch();
  let next = 0;
  return (metrics) => {
    if (elapsed() < next) return;
    next = elapsed() + METRICS.progressMs / 1000;
    for (const one of metrics) if (one.verdict === 'undecided') context.log.info(metricSoFar(one));
  };
}

function logMetric({ log }: Context, metric: MetricEvidence): void {
  log.info(metricLine(metric));
  for (const note of metric.notes) log.info(`Metric ${metric.name}: ${inEnglish(note)}`);
}

function sample(
  context: Context,
  { clients, weights, observed: { routes }, watchMs }: CheckRequest,
  stopped?: AbortSignal,
): Promise<readonly IngressEvidence[]> {
  const { release, log, signal } = context;
  const { progressMs } = log;
  const sampled = sampleAll(
    clients,
    ({ target }) => ({
      weights,
      revision: routeStateFor(routes, target.cluster)?.revision,
      sharedWithOtherHosts: isSharedWithOtherHosts(routes, target.cluster),
      version: release.version,
    }),
    {
      check: release.check,
      // At a low rate, for the whole time.
      watch:
        watchMs === undefined
          ? undefined
          : { forMs: watchMs, maxRps: Math.min(release.check.maxRps, WATCH_RPS) },
      signal,
      ...(stopped === undefined ? {} : { stopped }),
      onProgress: (one) => {
        log.progress(one.cluster, evidenceLine(one));
      },
      ...(progressMs === undefined ? {} : { progressMs }),
    },
  );
  return sampled.finally(() => {
    for (const { target } of clients) log.progress(target.cluster, undefined);
  });
}

/** Why the responses that were counted may not be the release's: another route may have given them, under the same mark. */
function mistakable(
  { release, fleet, routes }: Observation,
  clients: readonly IngressClient[],
): readonly Finding[] {
  const serving = new Set(clients.flatMap(({ target }) => routeStateFor(routes, target.cluster) ?? []));
  return [...serving].flatMap((one) =>
    lookalikes({ release, fleet }, one)
      .slice(0, 1)
      .map(({ route, object, revision }) => ({
        title: { kind: 'lookalikeTitle', cluster: one.cluster },
        detail: {
          kind: 'lookalike',
          route,
          object,
          path: release.check.path,
          app: release.app,
          revision,
        },
      })),
  );
}

function logLeftOut({ log }: Context, clients: readonly IngressClient[]): void {
  for (const { target, leftOut } of clients) {
    for (const [address, why] of leftOut) log.info(`${target.cluster}: ${address} is skipped: ${why}`);
  }
}
