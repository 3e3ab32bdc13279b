import { stringifyChunked } from '@discoveryjs/json-ext';
import type { MetricEvidence } from '../metrics/metric-evidence.ts';
import type { IngressEvidence, PodEvidence } from '../verify/evidence.ts';
import { agreedWeights, clustersAgree } from '../release/cluster-weights.ts';
import type { Weights } from '../core/weights.ts';
import { inEnglish, textsIn } from '../texts/texts.ts';
import { headlineOf } from './headline.ts';
import { inputOfProblem } from './input-problems.ts';
import type { Check, RunRecord } from './run-record.ts';
import { SCHEMA_VERSION } from './schema.ts';
import type { Report, ReportedIngress, ReportedMetric } from './schema.ts';
import { sharesAt } from './shares.ts';
import { VERSION } from './version.ts';

/** Characters of the report that are made in one go. */
const PIECE = 64 * 1024;

type ReportedPod = NonNullable<ReportedIngress['pods']>[number];

/**
 * The text of `report.json`.
 *
 * @param pause between pieces of the work: a hundred clusters make tens of megabytes
 */
export async function reportTextOf(record: RunRecord, pause: () => Promise<void>): Promise<string> {
  const pieces: string[] = [];
  for (const piece of stringifyChunked(reportOf(record), { space: 2, highWaterMark: PIECE })) {
    // Flat: the engine would keep it as thousands of parts, and join all of them at the end in one go.
    pieces.push(Buffer.from(piece).toString());
    await pause();
  }
  return `${pieces.join('')}\n`;
}

/** The content of `report.json`; fields without a value are left out of its text. */
export function reportOf(record: RunRecord): Report {
  const { outcome, sentence, currentState, nextStep } = headlineOf(record, textsIn('en'));
  const { operation, app, namespace, begin, complete, limits, findings, phases, clusters, plan } = record;
  return {
    schemaVersion: SCHEMA_VERSION,
    action: { name: 'multicluster-canary', version: VERSION },
    operation,
    app,
    namespace,
    run: record.run,
    startedAt: begin,
    seconds: record.seconds,
    outcome,
    headline: sentence,
    currentState,
    nextStep,
    verdict: record.verdict,
    failure: record.failure,
    problems: record.problems.map((message) => ({ input: inputOfProblem(message), message })),
    weights: optionalWeights(agreedWeights(record.held)),
    agree: clustersAgree(record.held),
    weightsByCluster: record.held.map(({ cluster, place, weights, text }) => ({
      cluster,
      place,
      weights: optionalWeights(weights),
      text: inEnglish(text),
    })),
    notCovered: record.unseen.map(inEnglish),
    connections: record.connections.map(inEnglish),
    previousWeights: optionalWeights(record.previous),
    nextWeights: optionalWeights(record.next),
    complete,
    limits,
    ingresses: Object.fromEntries(record.ingresses),
    url: record.url,
    metrics: record.metrics.map(metricOf),
    findings: findings.map((finding) => ({
      ...finding,
      title: inEnglish(finding.title),
      detail: inEnglish(finding.detail),
    })),
    phases: [...phases],
    steps: record.steps.map(({ at, weights, direction }) => ({
      at,
      weights: Object.fromEntries(weights),
      direction,
    })),
    checks: record.checks.map((check) => checkOf(check, limits?.tolerance)),
    changes: record.changes.map((change) => ({ ...change, reason: inEnglish(change.reason) })),
    plan: plan && {
      weights: Object.fromEntries(plan.weights),
      clusters: [...plan.clusters],
      changes: plan.changes.map(({ tried, ...change }) => ({
        ...change,
        reason: inEnglish(change.reason),
        checked: tried,
      })),
    },
    status: clusters.map(({ cluster, text }) => ({ cluster, text: inEnglish(text) })),
  };
}

function checkOf(
  { kind, weights, verdict, from, to, evidence, metrics }: Check,
  tolerance?: number,
): Report['checks'][number] {
  return {
    kind,
    weights: Object.fromEntries(weights),
    verdict,
    from,
    to,
    ingresses: evidence.map((one) => ingressOf(one, tolerance)),
    metrics: metrics.map(metricOf),
  };
}

function ingressOf(evidence: IngressEvidence, tolerance?: number): ReportedIngress {
  const { cluster, url, verdict, reason, seconds, requests, samples } = evidence;
  return {
    cluster,
    url,
    verdict,
    reason: inEnglish(reason),
    seconds,
    requests,
    samples,
    versions: sharesAt(evidence, tolerance).map((share) => ({
      version: share.version,
      weight: share.weight,
      lower: share.lower,
      upper: share.upper,
      share: share.observed,
      samples: share.samples,
      errors: share.responses?.errors ?? 0,
      latency: share.responses?.latency,
    })),
    convergence: evidence.convergence.map((point) => ({ samples: point.samples, counts: [...point.counts] })),
    errors: Object.fromEntries(evidence.errors),
    stale: Object.fromEntries(evidence.stale),
    withoutRevision: evidence.withoutRevision,
    otherHosts: evidence.otherHosts,
    unanswered: evidence.unanswered,
    logEvidence: Number.isFinite(evidence.logEvidence) ? evidence.logEvidence : undefined,
    contradictions: Object.fromEntries(evidence.contradictions),
    ...(evidence.pods === undefined || evidence.pods.length === 0 ? {} : { pods: evidence.pods.map(podOf) }),
  };
}

function podOf({
  pod,
  replaced = false,
  requests,
  samples,
  counts,
  errors,
  stale,
  withoutRevision,
  restarts,
}: PodEvidence): ReportedPod {
  return {
    pod: replaced ? `${pod} (replaced)` : pod,
    requests,
    samples,
    versions: Object.fromEntries(counts),
    errors: Object.fromEntries(errors),
    stale: Object.fromEntries(stale),
    withoutRevision,
    restarts,
  };
}

function metricOf(metric: MetricEvidence): ReportedMetric {
  const { logEvidence, addresses, versions, points, notes, reason } = metric;
  return {
    ...metric,
    addresses: [...addresses],
    versions: versions.map((version) => ({ ...version })),
    points: points.filter(({ value }) => Number.isFinite(value)).map((point) => ({ ...point })),
    reason: inEnglish(reason),
    notes: notes.map(inEnglish),
    logEvidence: logEvidence !== undefined && Number.isFinite(logEvidence) ? logEvidence : undefined,
  };
}

function optionalWeights(given: Weights | undefined): Record<string, number> | undefined {
  return given && Object.fromEntries(given);
}
