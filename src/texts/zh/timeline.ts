import type { TimelineTexts } from '../catalogue/timeline.ts';
import { formats } from './formats.ts';
import { headline } from './headline.ts';
import { outcomes } from './outcomes.ts';

const CHECKS = { verify: '校验', bake: '观察' } as const;

export const timeline: TimelineTexts = {
  title: '时间线',
  phases: {
    Bake: '观察',
    Deploy: '部署',
    Lock: '加锁',
    Namespace: '创建命名空间',
    Plan: '规划',
    Preflight: '预检',
    Preview: '预览请求',
    'Preview routes': '写入预览路由',
    Read: '读取集群',
    Ready: '等待就绪',
    Recover: '恢复',
    'Restore workloads': '还原工作负载',
    'Roll back': '回滚',
    Routes: '写入路由',
    Seen: '等待生效',
    Services: '写入 Service',
    Status: '查询状态',
    Subset: '移除子集',
    Subsets: '写入子集',
    Verify: '校验',
    Watch: '观察',
    Weights: '写入权重',
    Workload: '移除工作负载',
  },
  notCompleted: (phase) => `${phase}：未完成`,
  weightsSet: (weights) => `已设置权重：${headline.weights(weights)}`,
  weightsRestored: (weights) => `已恢复权重：${headline.weights(weights)}`,
  check: ({ kind, weights, verdict, samples }) =>
    `${CHECKS[kind]} ${headline.weights(weights)}：${outcomes.verdicts[verdict]}（${formats.number(samples)} 个样本）`,
};
