import { expect, test } from '@jest/globals';
import { istioCounters, withVersionServices } from '../../src/metrics/istio-metrics.ts';
import type { CountMetric, ShareMetric } from '../../src/release/metric-specs.ts';

const service = { app: 'hello', namespace: 'shop' };
const { requests, errors, timed, slow } = istioCounters(service, {
  reporter: 'source',
  sourceWorkload: '.*gateway.*',
  slowAboveMs: 1000,
});
const base = {
  origin: 'input metrics',
  source: { provider: 'prometheus', address: { kind: 'url', url: 'http://metrics' }, headers: {} },
  per: 'fleet',
  onNoData: 'inconclusive',
  version: { label: 'destination_version', pattern: undefined },
  service,
} as const;
const shares: ShareMetric = { ...base, kind: 'shares', name: 'shares', requests };
const counts: readonly CountMetric[] = [
  { ...base, kind: 'counts', name: 'errors', requests, hits: errors, of: 'errors', ratio: 2 },
  { ...base, kind: 'counts', name: 'slow', requests: timed, hits: slow, of: 'slow', ratio: 2 },
];
const ALL = 'destination_service_name=~"hello|hello-v1|hello-v2"';

test("Istio's metrics behind an HTTPRoute are those of the Services of all versions", () => {
  const own = /destination_service_name="hello"/g;
  for (const spec of [shares, ...counts]) {
    const widened = withVersionServices(spec, ['v1', 'v2']);
    expect(spec.requests).toContain(`destination_service_name="hello"`);
    expect(JSON.stringify(widened)).not.toMatch(/service_name=\\"/);
    expect(widened).toHaveProperty('requests', spec.requests.replaceAll(own, ALL));
  }
});

test("queries of the user's own stay as they are", () => {
  const own: ShareMetric = { ...shares, service: undefined };
  expect(withVersionServices(own, ['v1', 'v2'])).toBe(own);
});
