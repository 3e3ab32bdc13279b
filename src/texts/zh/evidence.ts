import { formatCount } from '../../core/plural.ts';
import type { EvidenceTexts } from '../catalogue/evidence.ts';
import { failures } from './failures.ts';
import { formats } from './formats.ts';
import { outcomes } from './outcomes.ts';

export const evidence: EvidenceTexts = {
  requests: ({ requests, seconds }) => `${formats.duration(seconds)}内 ${formats.number(requests)} 个请求`,
  failed: (requests) => `${formats.number(requests)} 个请求失败`,
  stale: (responses) => `${formats.number(responses)} 个响应的修订号不符`,
  pod: ({ pod, replaced, requests, shares, errors, stale, withoutRevision, restarts }) => {
    const seen = shares.map(({ version, share }) => `${version} ${(100 * share).toFixed(1)}%`);
    const others = [
      ...(errors.size === 0 ? [] : [failures.kinds(errors)]),
      ...[...stale].map(([revision, number]) => `${formatCount(number)} × 修订号 ${revision}`),
      ...(withoutRevision === 0 ? [] : [`${formatCount(withoutRevision)} × 没有修订号`]),
      ...(restarts === 0 ? [] : [`重启 ${formatCount(restarts)} 次`]),
    ];
    const main = [`${formats.number(requests)} 个请求`, ...(seen.length === 0 ? [] : [formats.list(seen)])];
    return `Pod ${pod}${replaced ? '（已被替换）' : ''}：${formats.parts([main.join('，'), ...others])}`;
  },
  ingress: ({ cluster, url }) => `${cluster}（${url}）`,
  metric: ({ name, cluster }) => (cluster === undefined ? name : `${name}（${cluster}）`),
  metricAt: ({ name, cluster, addresses }) =>
    `${name}（${[...(cluster === undefined ? [] : [cluster]), formats.list(addresses)].join('；')}）`,
  foldedMetrics: ({ verdict, names }) =>
    `${formats.number(names.length)} 个指标${outcomes.verdicts[verdict]}：${formats.list(names)}`,
  readingsMissed: ({ missed, polls }) => `${formatCount(polls)} 次读取中有 ${formatCount(missed)} 次失败`,
  rateOfWeight: ({ rate, weight }) => `${rate}（权重 ${String(weight)}%）`,
  strength: (chance) => (chance === undefined ? '无' : `概率低于 1/${chance}`),
};
