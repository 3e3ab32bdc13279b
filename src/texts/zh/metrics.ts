import { nameOfInput } from '../../core/wording.ts';
import { formatCount } from '../../core/plural.ts';
import type { Condition, CountedValues, LimitValues, MetricMessages } from '../catalogue/metrics.ts';
import { chanceOneIn } from '../chance.ts';
import type { MessageTexts, Say } from '../message.ts';
import { formats } from './formats.ts';
import { theInput } from './inputs.ts';
import { spaced } from './spaced.ts';

const { number, all, list } = formats;

export const metrics: MessageTexts<MetricMessages> = {
  counted,
  failsForUsers: ({ logEvidence, ...values }) => {
    const chance = chanceOneIn(logEvidence);
    const luck = chance === undefined ? '' : `（假如两者相同，出现这种结果的概率低于 1/${chance}）`;
    return `从真实用户的请求看，${values.version} 比 ${all(values.others)} 更常${was(values.of)}：${counted(values)}${luck}`;
  },
  failedUnattributed: ({ hits, requests }) =>
    `${number(requests)} 个请求中有 ${number(hits)} 个在到达任何版本之前就已失败`,
  nothingCounted: ({ versions, noSeries, passes }) =>
    `没有统计到${versions.length === 0 ? '任何请求' : `发往 ${all(versions)} 的请求`}${noSeries ? '：查询没有找到序列' : ''}${passes ? '，按通过处理（on-no-data: pass）' : ''}`,
  tooFewToShow: ({ seen, of }, say) =>
    `${say(seen)}；请求太少，即使某个版本每次都${was(of)}也看不出来，而且没有做其他检查：请延长观察时间`,
  countedDoubtful: ({ seen, ratio }, say) =>
    `${say(seen)}；${ratio === 1 ? '比其他版本更多' : `超过其他版本的 ${String(ratio)} 倍`}，但可能出于偶然`,
  nothingReleased: () => '没有正在发布的版本，因此没有可以与其他版本比较的对象',
  noTrafficYet: ({ version }) => `${version} 还没有流量`,
  allTraffic: ({ version }) => `${version} 已有全部流量，因此没有可以与它比较的版本`,
  countedShares: ({ sampled, weights, requests, all: sum }) => {
    const parts = [...weights].map(([version, weight]) => {
      const share = sum === 0 ? 0 : (100 * (requests.get(version) ?? 0)) / sum;
      return `${version} ${share.toFixed(1)}%（权重 ${String(weight)}%）`;
    });
    return `${sampled ? '统计到的请求' : '用户自己的请求'}：共 ${number(sum)} 个，${list(parts)}`;
  },
  sharesOffForUsers: ({ seen, logEvidence }, say) => {
    const chance = chanceOneIn(logEvidence);
    return `${say(seen)}${chance === undefined ? '' : `（假如比例正确，出现这种结果的概率低于 1/${chance}）`}`;
  },
  tooFewForSplit: ({ seen }, say) =>
    `${say(seen)}：请求太少，不足以确认比例，或者比例接近容差的边缘（请调大${theInput('bake')} 或 ${nameOfInput('tolerance')}）`,
  onlyVersion: ({ version }) => `${version} 是唯一的版本，因此没有比例可以比较`,
  lastReadingFailed: ({ message }) => `最后一次读取失败：${message}`,
  cannotBeFound: ({ unknown }, say) =>
    `${say(unknown)}，因此永远不会计入：请检查拼写；如果它要到第一次出错时才出现，请加上“or 0 *”和请求的查询`,
  unknownMetric: ({ address, metric }) => `${address} 没有指标 ${metric}`,
  unknownLabel: ({ address, metric, label }) => `在 ${address}，${metric} 的序列都没有标签 ${label}`,
  readOnce: ({ addresses }) => `${all(addresses)} 只成功读取了一次，因此无从得知那里的请求`,
  noSeriesAt: ({ addresses }) =>
    `查询在 ${all(addresses)} 没有找到序列，因此无从得知那里的请求（如果那里没有请求，请设置 on-no-data: pass）`,
  countsTwice: () =>
    '序列来自每个请求的两端（reporter 为 source 和 destination），因此每个请求计了两次：请在查询中加上 reporter="source"',
  valuesFell: ({ of, readings }) =>
    `${formatCount(readings)} 次读取中有 ${formatCount(of)} 次数值下降，像是 gauge 或预先计算的速率：计数器在进程重启之前只增不减`,
  notScraped: ({ seconds }) => `计数器已有 ${seconds.toFixed(0)} 秒没有被抓取，因此无从得知此后的请求`,
  missingBucket: ({ address, versions }) =>
    `${address} 有${versions.length === 0 ? '' : `发往 ${all(versions)} 的`}请求，却没有与慢请求的查询匹配的序列。直方图的每个桶都有一个序列，因此查询中的桶（le）不在其中，或者有其他标签不同。请在 Prometheus 中不带 le 查询，看看有哪些桶`,
  differingLabels: ({ series, labels, more }) =>
    spaced`查询应得到一个值，却找到 ${number(series)} 个序列；它们的 ${list(labels)}${more ? ' 等标签' : ''} 不同：请合并为一个，例如用 sum(…)`,
  limit,
  symbols: ({ condition, matches }) => {
    const symbols = inSymbols(condition);
    return matches === undefined ? symbols : symbols.replace(/1$/, () => matches);
  },
  noReading: () => '没有读取到任何结果',
  noSeries: () => '查询没有找到序列',
  notFinite: ({ value }) => `查询得到 ${value}，例如由于除以 0`,
  passesWithout: ({ problem, why }, say) =>
    `${say(problem)}，按通过处理（${why === 'template' ? '依据模板的条件' : 'on-no-data: pass'}）`,
  metNeither: ({ seen, values }, say) =>
    `${say(seen)}；有 ${number(values)} 个值既不满足成功条件，也不满足失败条件`,
  noGoodValue: ({ seen, why }, say) => `${say(seen)}；${say(why)}`,
  looksBack: ({ seconds }) =>
    `没有值可以算作合格：查询的时间窗口会回溯到这一级之前，或者包含本次检查的请求，直到连续观察 ${String(seconds)} 秒且没有这类请求为止`,
  watchTooShort: () => '没有合格的值，观察时间太短，不足以容忍不合格的值',
  delayNotOver: ({ seconds }) =>
    `没有判定任何值：观察结束时，initialDelay 的 ${String(seconds)} 秒还没有过去`,
  firstNotJudged: () => '没有判定任何值：观察中的第一个值不判定，而此外没有其他值',

  readingsFailed: ({ missed, polls, message }) =>
    `${number(polls)} 次读取中有 ${formatCount(missed)} 次失败，最后一次的报错：${message}`,
  serverSays: ({ note }) => `服务端提示：${note}`,
  requestsWithoutVersion: ({ requests }) => `有 ${number(requests)} 个请求没有标明版本。`,
  versionOutside: ({ version, requests }) => `${version} 没有权重，却有 ${number(requests)} 个请求。`,
  mayBeSamples: ({ samples }) => `这些请求中最多有 ${number(samples)} 个可能是本次检查的样本。`,
  noMoreThanSamples: () => '统计到的请求不多于本次检查的采样数，因此可能没有用户请求。',
  versionNotNamed: ({ version }) =>
    `查询没有限定 ${version}，因此反映的是所有版本的总体情况：${version} 流量很小时，它自己的错误几乎看不出来。请按版本筛选，例如 destination_version="${version}"。`,
  fillsGaps: () => '查询在没有数据时会填入一个数（or vector(…)），因此缺失的数据可能被当作合格。',
};

function counted({ of, version, hits, requests, others, otherHits, otherRequests }: CountedValues): string {
  return `发往 ${version} 的 ${number(requests)} 个请求中有 ${number(hits)} 个${was(of)}，发往 ${all(others)} 的 ${number(otherRequests)} 个中有 ${number(otherHits)} 个`;
}

function was(of: CountedValues['of']): string {
  return of === 'slow' ? '缓慢' : '失败';
}

function limit({ value, good, bad, wrong, judged, tolerated }: LimitValues, say: Say): string {
  const conditions = [
    ...(good === undefined ? [] : [`${say(good)} 为合格`]),
    ...(bad === undefined ? [] : [`${say(bad)} 为不合格`]),
  ].join('，');
  const badOnes = `${formatCount(judged)} 个值中有 ${number(wrong)} 个不合格，最多容忍 ${formatCount(tolerated)} 个`;
  return `${valueWas(value)}，${conditions}${wrong === 0 && tolerated === 0 ? '' : `；${badOnes}`}`;
}

function valueWas(value: LimitValues['value']): string {
  if (value === undefined) return '没有值';
  return 'number' in value
    ? `值为 ${value.number.toLocaleString('en', { maximumSignificantDigits: 4 })}`
    : `应答${value.was ? '是' : '不是'} ${value.matches}`;
}

/** `< 0.01`, `>= 0.95 且 < 2` */
function inSymbols(condition: Condition): string {
  switch (condition.kind) {
    case 'compare':
      return `${condition.operator} ${String(condition.limit)}`;
    case 'not':
      return `非（${inSymbols(condition.of)}）`;
    case 'all':
    case 'any':
      return condition.of
        .map((one) => (one.kind === 'all' || one.kind === 'any' ? `（${inSymbols(one)}）` : inSymbols(one)))
        .reduce((before, one) => spaced`${before}${condition.kind === 'all' ? '且' : '或'}${one}`);
  }
}
