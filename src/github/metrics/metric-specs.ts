import type { ServiceKey } from '../../core/names.ts';
import { ISTIO_BUCKETS, ISTIO_VERSION_LABEL, istioCounters } from '../../metrics/istio-metrics.ts';
import type { Reporter } from '../../metrics/istio-metrics.ts';
import type {
  Condition,
  CountMetric,
  LimitMetric,
  MetricSpec,
  ShareMetric,
} from '../../release/metric-specs.ts';
import type {
  CounterEntry,
  IstioEntry,
  MetricEntry,
  QueryEntry,
  WebEntry,
} from '../parsers/metric-entries.ts';
import { prometheusSource } from './metric-source.ts';
import type { SourceInputs } from './metric-source.ts';
import { WrongMetric } from './wrong-metric.ts';

/** The other inputs that a metric needs. */
export interface SpecInputs extends SourceInputs {
  readonly service: ServiceKey;
}

/** The metrics that an entry describes. @throws WrongMetric */
export function metricSpecs(
  { form, entry }: Exclude<MetricEntry, { readonly form: 'from' }>,
  origin: string,
  inputs: SpecInputs,
): readonly MetricSpec[] {
  switch (form) {
    case 'istio':
      return istioSpecs(entry, origin, inputs);
    case 'url':
      return [webSpec(entry, origin)];
    case 'requests':
      return [counterSpec(entry, origin, inputs)];
    case 'query':
      return [querySpec(entry, origin, inputs)];
  }
}

type Common = Pick<QueryEntry, 'address' | 'headers' | 'per' | 'on-no-data'>;

/** What every metric of Prometheus has. @param usual what `per` is for a server of each cluster */
export function metricBase(
  entry: Common,
  origin: string,
  usual: 'cluster' | 'fleet',
  inputs: SourceInputs,
): Pick<MetricSpec, 'origin' | 'source' | 'per' | 'onNoData'> {
  const source = prometheusSource(entry, inputs);
  const isOne = source.address.kind === 'url';
  if (isOne && entry.per === 'cluster')
    throw new WrongMetric(
      'has one address for all clusters; give one for each (east=https://…), or a Service in each (service:NAMESPACE/NAME:PORT)',
      'per',
    );
  return { origin, source, per: isOne ? 'fleet' : (entry.per ?? usual), onNoData: entry['on-no-data'] };
}

function querySpec(entry: QueryEntry, origin: string, inputs: SpecInputs): LimitMetric {
  return {
    ...metricBase(entry, origin, 'cluster', inputs),
    kind: 'limit',
    name: entry.name,
    query: entry.query,
    success: withinLimits(entry),
    failure: undefined,
    failureLimit: 0,
    intervalMs: 0,
    initialDelayMs: 0,
  };
}

function webSpec({ name, url, pointer, headers = {}, ...entry }: WebEntry, origin: string): LimitMetric {
  return {
    kind: 'limit',
    name,
    origin,
    source: { provider: 'web', url, headers, pointer, matches: undefined },
    per: 'fleet',
    onNoData: entry['on-no-data'],
    query: undefined,
    success: withinLimits(entry),
    failure: undefined,
    failureLimit: 0,
    intervalMs: 0,
    initialDelayMs: 0,
  };
}

/** True of a value that is neither above `max` nor below `min`; undefined without either. */
export function withinLimits({
  max,
  min,
}: {
  readonly max?: number | undefined;
  readonly min?: number | undefined;
}): Condition | undefined {
  const of: Condition[] = [
    ...(max === undefined ? [] : [{ kind: 'compare', operator: '<=', limit: max } as const]),
    ...(min === undefined ? [] : [{ kind: 'compare', operator: '>=', limit: min } as const]),
  ];
  return of.length > 1 ? { kind: 'all', of } : of[0];
}

function counterSpec(entry: CounterEntry, origin: string, inputs: SpecInputs): CountMetric | ShareMetric {
  const { name, requests, errors, slow, ratio } = entry;
  const label = entry['version-label'];
  const version = label === undefined ? undefined : { label, pattern: entry['version-pattern'] };
  const hits = errors ?? slow;
  return hits === undefined
    ? { ...metricBase(entry, origin, 'cluster', inputs), kind: 'shares', name, requests, version }
    : {
        ...metricBase(entry, origin, 'fleet', inputs),
        kind: 'counts',
        name,
        requests,
        hits,
        of: errors === undefined ? 'slow' : 'errors',
        version,
        ratio,
      };
}

const REPORTERS: Readonly<Record<IstioEntry['reporter'], readonly Reporter[]>> = {
  source: ['source'],
  destination: ['destination'],
  both: ['source', 'destination'],
};

/** Shares, errors and slow responses of Istio's standard metrics, once for each reporter: a request that both count is one request. */
function istioSpecs(entry: IstioEntry, origin: string, inputs: SpecInputs): readonly MetricSpec[] {
  const slowAboveMs = entry['slow-above'];
  if (!ISTIO_BUCKETS.includes(slowAboveMs))
    throw new WrongMetric(
      `${String(slowAboveMs)} ms is not the bound of a bucket of istio_request_duration_milliseconds; expected one of ${ISTIO_BUCKETS.filter((ms) => ms >= 1 && ms <= 60_000).join(', ')} ms`,
      'istio',
      'slow-above',
    );
  const service = { app: inputs.service.app, namespace: entry.namespace ?? inputs.service.namespace };
  const version = { label: ISTIO_VERSION_LABEL, pattern: undefined };
  return REPORTERS[entry.reporter].flatMap((reporter): readonly MetricSpec[] => {
    const counters = istioCounters(service, {
      reporter,
      sourceWorkload: entry['source-workload'],
      slowAboveMs,
    });
    const named = (name: string): string => (reporter === 'source' ? name : `${name} (sidecars)`);
    const counted = {
      ...metricBase(entry, origin, 'fleet', inputs),
      kind: 'counts',
      version,
      service,
    } as const;
    const { ratio } = entry;
    const { requests, errors, timed, slow } = counters;
    return [
      // Requests from within the mesh may be under no weights.
      ...(reporter === 'source' || entry.reporter === 'destination'
        ? [
            {
              ...metricBase(entry, origin, 'cluster', inputs),
              kind: 'shares',
              name: named('shares'),
              requests,
              version,
              service,
            } as const,
          ]
        : []),
      { ...counted, name: named('errors'), requests, hits: errors, of: 'errors', ratio },
      { ...counted, name: named('slow'), requests: timed, hits: slow, of: 'slow', ratio },
    ];
  });
}
