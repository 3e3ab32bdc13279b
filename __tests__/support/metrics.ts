import type { MetricEvidence } from '../../src/metrics/metric-evidence.ts';
import type { Judging } from '../../src/metrics/judge.ts';
import type { MetricReader, Reading, Series } from '../../src/metrics/readings.ts';
import type { CountMetric, LimitMetric, MetricSource, ShareMetric } from '../../src/release/metric-specs.ts';
import { weights } from './release.ts';

const SOURCE: MetricSource = {
  provider: 'prometheus',
  address: { kind: 'url', url: 'http://prometheus.example' },
  headers: {},
};
const BASE = {
  origin: '.github/canary.yml:12: metrics',
  source: SOURCE,
  per: 'fleet',
  onNoData: 'inconclusive',
} as const;

export function countMetric(given: Partial<CountMetric> = {}): CountMetric {
  return {
    ...BASE,
    name: 'errors',
    kind: 'counts',
    requests: 'requests',
    hits: 'errors',
    of: 'errors',
    version: undefined,
    ratio: 2,
    ...given,
  };
}

export function shareMetric(given: Partial<ShareMetric> = {}): ShareMetric {
  return { ...BASE, name: 'shares', kind: 'shares', requests: 'requests', version: undefined, ...given };
}

/** Good below 0.01. */
export function limitMetric(given: Partial<LimitMetric> = {}): LimitMetric {
  return {
    ...BASE,
    name: 'error rate',
    kind: 'limit',
    query: 'rate',
    success: { kind: 'compare', operator: '<', limit: 0.01 },
    failure: undefined,
    failureLimit: 0,
    intervalMs: 0,
    initialDelayMs: 0,
    ...given,
  };
}

export function judging(given: Partial<Judging> = {}): Judging {
  return {
    version: 'v2',
    weights: weights({ v1: 80, v2: 20 }),
    tolerance: 0.05,
    confidence: 0.99,
    maxErrorRate: 0.01,
    sampled: true,
    ...given,
  };
}

/** A counter as one gateway pod shows it. */
export function series(
  value: number,
  labels: Readonly<Record<string, string>> = {},
  scrapedAt?: number,
): Series {
  return { labels: new Map(Object.entries({ instance: 'gateway-1', ...labels })), value, scrapedAt };
}

/** Requests and hits of v1 and v2, as counted since the gateway started. */
export function counters(
  requests: Readonly<Record<string, number>>,
  hits: Readonly<Record<string, number>> = {},
  scrapedAt?: number,
): Reading {
  const of = (counts: Readonly<Record<string, number>>): Series[] =>
    Object.entries(counts).map(([version, value]) =>
      series(value, { destination_version: version }, scrapedAt),
    );
  return { kind: 'counters', requests: of(requests), hits: of(hits), notes: [] };
}

export const UNREACHABLE: Reading = {
  kind: 'failure',
  reason: 'unreachable',
  message: 'http://prometheus.example does not answer.',
};

/** Gives one reading after the other; the last one for good. */
export function readerOf(readings: readonly Reading[], cluster?: string): MetricReader {
  let next = 0;
  return {
    cluster,
    address: 'http://prometheus.example',
    read: () => {
      const reading = readings[Math.min(next, readings.length - 1)];
      next += 1;
      if (reading === undefined) throw new Error('There is no reading');
      return Promise.resolve(reading);
    },
  };
}

export function metricEvidence(given: Partial<MetricEvidence> = {}): MetricEvidence {
  return {
    name: 'errors',
    kind: 'counts',
    of: 'errors',
    cluster: undefined,
    addresses: ['http://prometheus.example'],
    verdict: 'pass',
    reason: {
      kind: 'counted',
      of: 'errors',
      version: 'v2',
      hits: 3,
      requests: 1204,
      others: ['v1'],
      otherHits: 12,
      otherRequests: 4800,
    },
    versions: [
      { version: 'v1', requests: 4800, hits: 12, weight: 80 },
      { version: 'v2', requests: 1204, hits: 3, weight: 20 },
    ],
    logEvidence: -1,
    threshold: Math.log(1e5),
    points: [
      { at: 0, value: 0 },
      { at: 15, value: -1 },
    ],
    polls: 2,
    missed: 0,
    notes: [],
    seconds: 15,
    ...given,
  };
}
