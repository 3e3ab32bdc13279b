import type {
  Acted,
  HeadlineTexts,
  Holding,
  Sampled,
  SeenShare,
  VersionErrors,
  Who,
} from '../catalogue/headline.ts';
import type { Weights } from '../../core/weights.ts';
import { worded } from '../../core/wording.ts';
import { formatCount } from '../../core/plural.ts';
import { formats } from './formats.ts';
import { spaced } from './spaced.ts';

const DONE: Readonly<Record<string, string>> = {
  rollout: '已发布',
  promote: '已放量',
  rollback: '已回滚',
  retire: '已下线',
};

/** 超过此数的集群只计数：一百个名称会淹没真正不同的那一个。 */
const MOST_NAMED = 3;

export const headline: HeadlineTexts = {
  titles: {
    pass: ({ acted, byMetrics }) => {
      const verified = byMetrics ? '指标通过' : '流量占比校验通过';
      return acted === undefined ? verified : `${done(acted)}，${verified}`;
    },
    versionsFail: (versions) => `${formats.list(versions)} 请求失败`,
    metricFailed: (metric) => `指标检查不通过（${metric}）`,
    splitFailed: '流量占比检查不通过',
    inconclusive: ({ byMetrics }) => (byMetrics ? '指标无结论' : '流量占比检查无结论'),
    notVerified: '未校验',
    actedNotVerified: (acted) => `${done(acted)}，未校验`,
    routesNotChosen: '未选定路由',
    differentWeights: '各集群权重不一致',
    noWeights: '没有任何集群有明确的权重',
    refused: (operation) => `${operation} 被拒绝`,
    failed: (operation) => `${operation} 执行失败`,
    done: (operation) => `${operation} 已完成`,
    planned: (changes) => `plan：${formats.number(changes)} 项变更`,
  },
  holdings,
  holdingsSentence: (held) => `${holdings(held)}。`,
  differentWeights: (held) => `各集群权重不一致：${holdings(held)}。`,
  noCommonWeights: (held) => `没有任何集群有明确的权重：${holdings(held)}。`,
  noWeights: '无权重',
  shown: ({ who, weights, sampled, samples }) =>
    `${through(sampled)}，${subject(who)}得到的是 ${inWords(weights)}（依据 ${formats.number(samples)} 个样本）。`,
  metricsPassed: (metrics) => `观察期间有 ${formats.number(metrics)} 个指标通过。`,
  byMetricsAlone: '没有对任何入口采样，仅由指标判定。',
  passedByMetrics: ({ weights, metrics }) =>
    `没有对任何入口采样，仅由指标判定：没有发现 ${inWords(weights)} 有问题（${formats.list(metrics)}）。`,
  metricOpen: ({ metric, reason }) =>
    `检查无结论，因此${worded({ step: '作业', command: '此命令' })}失败：${metric}：${reason}。`,
  nothingWritten: '由于没有依据可以判定，未写入任何内容。',
  splitOpen: ({ weights, sampled, samples }) =>
    `检查无结论，因此${worded({ step: '作业', command: '此命令' })}失败：${through(sampled)}的 ${formats.number(samples)} 个样本既不能确认、也不能排除 ${inWords(weights)}。`,
  expected: (weights) => `预期为 ${inWords(weights)}。`,
  finding: (title) => `${title}。`,
  otherHolding: '有集群的权重与此不同。',
  alsoAtOthers: ({ ingresses, clusters }) =>
    clusters.length > 0 && clusters.length <= MOST_NAMED
      ? `${formats.all(clusters)} 的检查也不通过。`
      : `另有 ${formats.number(ingresses)} 个入口的检查不通过。`,
  atIngress: ({ cluster, reason }) => `集群 ${cluster}：${reason}。`,
  failedUnattributed: (requests) => `${formats.number(requests)} 个请求在到达任何版本之前就已失败。`,
  versionsFail: ({ failing, sound }) => {
    const others =
      sound.length > 0
        ? `；发往 ${requestsOf(sound, '正常')}`
        : failing.length > 1
          ? '；没有一个版本正常'
          : '';
    return `发往 ${requestsOf(failing, '失败')}${others}。`;
  },
  sharesAsExpected: (shares) => `流量占比符合预期（${seen(shares)}），但检查因其他原因不通过。`,
  sharesOff: ({ who, weights, shares, cluster }) =>
    `预期为 ${inWords(weights)}，但经 ${cluster} 的入口，${subject(who)}得到的是 ${seen(shares)}。`,
  noneSet: '没有设置权重。',
  allHold: (weights) => `所有配置集群的路由权重都是 ${inWords(weights)}。`,
  nothingSampled: '没有对任何入口采样，因此无从得知响应的情况。',
  noMetricApplies: (reason) => `没有适用的指标：${reason}。`,
  routesOpen: (held) => `有多条路由通往该服务，而输入没有指明管理哪一条：${holdings(held)}。`,
  refused: (problems) => `输入有 ${formats.number(problems)} 处问题，运行在访问任何集群之前被拒绝。`,
  failedBeforeCheck: '运行在检查流量占比之前失败。',
  failedAfterCheck: '运行在此处所示的最后一次检查之后失败。',
  currentWeights: (weights) => `当前权重为 ${inWords(weights)}。`,
  noWeightsSet: '没有设置权重。',
  nothingWouldChange: '无需变更：所有集群都已符合要求。',
  wouldChange: ({ from, to }) =>
    `rollout 会把各集群的权重改为 ${inWords(to)}（目前：${from}）。本次没有写入任何内容。`,
  weights: inWords,
  metric: {
    place,
    sentence: ({ reason, ...metric }) => `${place(metric)}：${reason}。`,
    reasonIn: ({ reason, cluster }) => `${cluster === undefined ? '' : `集群 ${cluster}：`}${reason}。`,
    othersFail: (metrics) => `另有 ${formats.number(metrics)} 个指标不通过。`,
  },
};

function done({ operation, version }: Acted): string {
  return [DONE[operation] ?? operation, ...(version === undefined ? [] : [version])].join(' ');
}

function holdings(held: readonly Holding[]): string {
  return held
    .map(({ places, what }, i) => {
      const holds = what.startsWith('没有') ? what : spaced`为 ${what}`;
      if (places.length <= MOST_NAMED) return spaced`${formats.list(places)} ${holds}`;
      const which = i === 0 ? '其中' : i === held.length - 1 ? '其余' : '另有';
      return `${which} ${formats.number(places.length)} 个${holds}`;
    })
    .join('；');
}

function inWords(weights: Weights): string {
  return [...weights].map(([version, weight]) => `${version} ${String(weight)}%`).join('、');
}

function place({ name, cluster }: { readonly name: string; readonly cluster: string | undefined }): string {
  return `${cluster === undefined ? '' : `集群 ${cluster} 的`}指标 ${name}`;
}

function subject(who: Who): string {
  if (who === 'users') return '用户';
  return who === 'samples' ? '采样请求' : `发往 ${formats.list(who.targets)} 的请求`;
}

function through(sampled: Sampled): string {
  if (sampled.at === 'addresses') return `经 ${formats.all(sampled.urls)}`;
  const { clusters } = sampled;
  return clusters.length <= 2
    ? `经 ${formats.all(clusters)} 的入口`
    : `经全部 ${formatCount(clusters.length)} 个入口`;
}

/** `v2 的请求失败（400 个中有 99 个失败）` */
function requestsOf(versions: readonly VersionErrors[], how: string): string {
  const counts = versions.map(({ version, errors, samples }) => {
    const share = `${formats.number(samples)} 个中有 ${formats.number(errors)} 个失败`;
    return versions.length === 1 ? share : `${version}：${share}`;
  });
  return `${formats.all(versions.map(({ version }) => version))} 的请求${how}（${counts.join('；')}）`;
}

function seen(shares: readonly SeenShare[]): string {
  return shares.map(({ version, share }) => `${version} ${(100 * share).toFixed(1)}%`).join('、');
}
