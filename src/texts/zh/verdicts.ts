import { formatCount } from '../../core/plural.ts';
import type {
  FailedValues,
  SampledValues,
  SilentValues,
  Tally,
  VerdictMessages,
} from '../catalogue/verdicts.ts';
import { chanceOneIn } from '../chance.ts';
import type { MessageTexts } from '../message.ts';
import { failures } from './failures.ts';
import { formats } from './formats.ts';
import { inputLabel, theInput } from './inputs.ts';

export const verdicts: MessageTexts<VerdictMessages> = {
  weightlessVersions: ({ versions, samples }) => {
    const gave = [...versions].map(([version, number]) => `有 ${formatCount(number)} 个来自 ${version}`);
    return `${formatCount(samples)} 个响应中${gave.join('、')}，而它的权重为 0`;
  },
  sharesDiffer: ({ logEvidence, ...seen }) => {
    const chance = chanceOneIn(logEvidence);
    const luck = chance === undefined ? '' : `；假如比例正确，出现这种结果的概率低于 1/${chance}`;
    return `流量占比与权重不符（${sampled(seen)}${luck}）`;
  },
  nearTheEdge: (seen) =>
    `${after(seen)}仍未判定：流量占比与权重之差接近容差（请查找影响较小的原因，或调大${theInput('tolerance')}）`,
  maxSamplesReached: (seen) =>
    `${after(seen)}仍未判定，已达到${theInput('max-samples')} 的上限：请调大或去掉它`,
  openAtMaxSamples: ({ why, ...seen }, say) =>
    `${after(seen)}仍未判定：${say(why)}（请调大${theInput('max-samples')}）`,
  noResponses: ({ unanswered, judged, seconds, limit, ...who }) =>
    `${silence(who)}${formatCount(judged)} 个请求中有 ${formatCount(unanswered)} 个在 ${String(seconds)} 秒内没有响应，${above(limit)}${responders(who)}`,
  tooManyErrors: ({ limit, kinds, ...failed }) =>
    `${failedOf(failed)}，${above(limit)}（${failures.kinds(kinds)}）`,
  stoppedEarly: (seen) => `检查的其他部分不通过，因此${after(seen)}停止`,
  sharesMatch: ({ setAside, ...seen }) => `流量占比与权重相符（${sampled(seen)}）${outage(setAside)}`,
  noDrift: ({ seconds, failures: failed, setAside, ...seen }) =>
    `${seconds} 秒内没有偏离（${sampled(seen)}）${failed.failed === 0 ? '' : `；${failedOf(failed)}`}${outage(setAside)}`,
  outOfTime: ({ seconds, why, open, ...seen }, say) => {
    const reasons = [
      ...(why === undefined ? [] : [say(why)]),
      ...(open === undefined
        ? []
        : [`${silence(open)}还有 ${formatCount(open.unanswered)} 个请求没有响应${responders(open)}`]),
    ];
    return `历时 ${seconds} 秒，${after(seen)}仍未判定${reasons.length === 0 ? '' : `：${reasons.join('；')}`}（请调大${theInput('verify-timeout')}）`;
  },
  unknownVersion: ({ version, weights }) =>
    `响应来自版本 ${version}，而权重中没有这个版本（${formats.list([...weights.keys()])}）`,
  contradictingBodies: ({ pairs }) => `响应头与响应体中的版本不一致（${tally(pairs)}）`,
  contradictingBody: () => '有响应的响应体与响应头版本不一致',
  staleResponses: ({ own, revision, stale }) =>
    `${formatCount(own)} 个响应中有 ${formatCount(sum(stale))} 个的修订号不是 ${revision}（${revisions(stale)}）`,
  withoutRevision: ({ own, revision, withoutRevision }) =>
    `${formatCount(own)} 个响应中有 ${formatCount(withoutRevision)} 个来自其他路由：没有修订号，而受管路由会设置 ${revision}`,
  failsMoreOften: ({ version, failed, requests, otherFailed, otherRequests }) =>
    `${version} 的失败率超过其他版本的两倍：${failedOf({ failed, judged: requests })}，其他版本 ${failedOf({ failed: otherFailed, judged: otherRequests })}`,
  slower: ({ version, limit, median, otherMedian }) =>
    `${version} 比其他版本慢 ${percent(limit)} 以上：中位数为 ${median.toFixed(1)} 毫秒，其他版本为 ${otherMedian.toFixed(1)} 毫秒（${inputLabel('max-latency-increase')}）`,
  podSplitsOtherwise: ({ pod, versions, samples }) => {
    const numbers = [...versions]
      .map(([version, number]) => `${version} ${formatCount(number)} 个`)
      .join('、');
    return `Pod ${pod} 没有按权重分流：${formats.number(samples)} 个样本中 ${numbers}`;
  },
  podStaysBehind: ({ pod, own, revision, stale, withoutRevision }) => {
    const parts = [
      ...(stale.size === 0 ? [] : [revisions(stale)]),
      ...(withoutRevision === 0 ? [] : [`${formatCount(withoutRevision)} × 没有修订号`]),
    ];
    return `Pod ${pod} 没有更新：它的 ${formatCount(own)} 个响应中有 ${formatCount(sum(stale) + withoutRevision)} 个不带修订号 ${revision}（${parts.join('、')}）`;
  },
  podCrashes: ({ pod, restarts }) =>
    `Pod ${pod} 反复崩溃：检查期间它的代理重启了 ${formatCount(restarts)} 次；请用 kubectl logs --previous 查看日志`,
};

function sampled({ samples, otherHosts }: SampledValues): string {
  const others = otherHosts === 0 ? '' : `，另有 ${formatCount(otherHosts)} 个来自其他 host 的响应`;
  return `${formats.number(samples)} 个样本${others}`;
}

/** Within a sentence. */
function after({ samples, otherHosts }: SampledValues): string {
  const others = otherHosts === 0 ? '' : `（另有 ${formatCount(otherHosts)} 个来自其他 host 的响应）`;
  return `采集 ${formats.number(samples)} 个样本${others}后`;
}

function failedOf({ failed, judged }: FailedValues): string {
  return `${formatCount(judged)} 个请求中有 ${formatCount(failed)} 个失败`;
}

function above(limit: number): string {
  return `超过 ${percent(limit)}`;
}

function percent(fraction: number): string {
  return `${String(Number((fraction * 100).toFixed(3)))}%`;
}

function outage(setAside: number): string {
  return setAside === 0 ? '' : `；入口短暂离线时有 ${formatCount(setAside)} 个请求没有建立连接，不计入`;
}

function silence({ silent }: SilentValues): string {
  return silent.length === 0 ? '' : `${formats.all(silent)} 没有响应：`;
}

function responders({ responders: names, samples }: SilentValues): string {
  return names.length === 0 ? '' : `，而 ${formatCount(samples)} 个响应全部来自 ${formats.all(names)}`;
}

function tally(counts: Tally): string {
  return [...counts].map(([what, number]) => `${formatCount(number)} × ${what}`).join('、');
}

function revisions(stale: Tally): string {
  return [...stale].map(([older, number]) => `${formatCount(number)} × 修订号 ${older}`).join('、');
}

function sum(counts: Tally): number {
  return [...counts.values()].reduce((a, b) => a + b, 0);
}
