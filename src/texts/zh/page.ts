import type { ChartTexts, PageTexts } from '../catalogue/page.ts';
import { formats } from './formats.ts';
import { headline } from './headline.ts';
import { outcomes } from './outcomes.ts';

const { number, duration, list } = formats;

const charts: ChartTexts = {
  shares: {
    caption: '流量占比随样本数的变化。线条：实测占比；点线：权重；阴影：容差范围。',
    title: (cluster) => `集群 ${cluster} 入口的流量占比随样本数的变化`,
    version: ({ version, observed, weight, within, lower, upper }) =>
      `${version}：最终为 ${observed}，权重 ${weight}，${within ? '在' : '超出'}容差范围（${lower} 至 ${upper}）${within ? '之内' : ''}。`,
    samples: (samples) => `共 ${number(samples)} 个样本。`,
    axis: '样本数',
  },
  times: {
    caption: '成功请求的响应时间。',
    title: (cluster) => `集群 ${cluster} 入口的各版本响应时间`,
    version: ({ version, p50, p90, p99 }) => `${version}：中位数 ${p50}，P90 ${p90}，P99 ${p99}。`,
    axis: '毫秒：● 中位数，○ P90，| P99',
  },
  metric: {
    captions: {
      value: '每次读取到的值；点线：限值。',
      evidence: '对本次发布不利的证据，以数量级表示；点线：达到即不通过。',
    },
    title: (metric) => `指标 ${metric} 随时间的变化`,
  },
};

export const page: PageTexts = {
  tag: 'zh-CN',
  stop: '。',
  title: ({ operation, outcome }) => `${operation} ${outcome}`,
  facts: {
    operation: '操作',
    weights: '当前权重',
    previous: '之前的权重',
    started: '开始时间',
    duration: '耗时',
    samples: '样本数',
    writes: '写入次数',
  },
  checks: {
    name: ({ weights, kind, verdict }) =>
      `预期 ${headline.weights(weights)}，${kind === 'bake' ? '观察期间' : ''}${outcomes.verdicts[verdict]}`,
    earlier: '之前的检查',
    sampled: ({ samples, ingresses, from, to }) =>
      `${number(ingresses)} 个入口，共 ${number(samples)} 个样本，采样时段为运行开始后的 ${duration(from)}至 ${duration(to)}。`,
    failed: (kinds) => `失败：${kinds}`,
  },
  tables: {
    shares: '流量占比',
    responses: '错误与响应时间',
    metric: '各版本的用户请求',
    percentiles: { p90: 'P90', p99: 'P99' },
    requests: { share: '占比', slow: '缓慢', failed: '失败' },
  },
  charts,
  readings: ({ polls, missed, addresses, seconds }) =>
    `${duration(seconds)}内从 ${list(addresses)} 读取 ${number(polls)} 次${missed === 0 ? '' : `，其中 ${number(missed)} 次失败`}`,
  changes: {
    write: ({ cluster, at, verb, reason }) => `${cluster}，运行开始后 ${duration(at)}：${verb}，${reason}`,
  },
  states: '各集群的状态',
  timeline: {
    notable: '权重变更、检查和耗时较长的阶段',
    full: (entries) => `完整时间线，共 ${number(entries)} 条`,
    all: '所有阶段、权重变更和检查',
    position: '位置',
  },
  made: (version) => `由 multicluster-canary ${version} 生成。`,
  run: '运行与日志',
};
