import { count, formatCount } from '../../core/plural.ts';
import type { EvidenceTexts } from '../catalogue/evidence.ts';
import { failures } from './failures.ts';
import { formats } from './formats.ts';
import { outcomes } from './outcomes.ts';

export const evidence: EvidenceTexts = {
  requests: ({ requests, seconds }) => `${count(requests, 'request')} in ${formats.duration(seconds)}`,
  failed: (requests) => `${count(requests, 'request')} failed`,
  stale: (responses) => `${count(responses, 'response')} under another revision`,
  pod: ({ pod, replaced, requests, shares, errors, stale, withoutRevision, restarts }) => {
    const seen = shares.map(({ version, share }) => `${version} ${(100 * share).toFixed(1)}%`);
    const others = [
      ...(errors.size === 0 ? [] : [failures.kinds(errors)]),
      ...[...stale].map(([revision, number]) => `${formatCount(number)} × revision ${revision}`),
      ...(withoutRevision === 0 ? [] : [`${formatCount(withoutRevision)} × no revision`]),
      ...(restarts === 0 ? [] : [count(restarts, 'restart')]),
    ];
    const main = formats.list([count(requests, 'request'), ...seen]);
    return `Pod ${pod}${replaced ? ' (replaced)' : ''}: ${formats.parts([main, ...others])}`;
  },
  ingress: ({ cluster, url }) => `${cluster}, ${url}`,
  metric,
  metricAt: ({ addresses, ...one }) => `${metric(one)} (${formats.list(addresses)})`,
  foldedMetrics: ({ verdict, names }) =>
    `${count(names, 'metric')} ${verdict === 'pass' ? 'passed' : outcomes.verdicts[verdict]}: ${formats.list(names)}`,
  readingsMissed: ({ missed, polls }) => `${formatCount(missed)} of ${formatCount(polls)} readings failed`,
  rateOfWeight: ({ rate, weight }) => `${rate} (weight ${String(weight)}%)`,
  strength: (chance) => (chance === undefined ? 'none' : `chance below 1 in ${chance}`),
};

function metric({ name, cluster }: { readonly name: string; readonly cluster: string | undefined }): string {
  return cluster === undefined ? name : `${name} in ${cluster}`;
}
