import { formatWeights } from '../../core/weights.ts';
import { nameOfInput, worded } from '../../core/wording.ts';
import type { NextStepTexts, StateTexts } from '../catalogue/state.ts';
import { formats } from './formats.ts';
import { headline } from './headline.ts';
import { inputLabel, rerun, theInput } from './inputs.ts';

export const state: StateTexts = {
  get willRecover() {
    return `${worded({ step: '本作业的 post 步骤会', command: '此命令会在结束之前' })}让它们恢复一致；如果没有执行，则由下一次运行处理。`;
  },
  alignYourself: (operation) =>
    `需要您处理：让所有集群的权重一致（操作 ${operation}，并将${theInput('weights')} 设为所有集群应有的权重）。`,
  nothingWritten: (weights) => `未写入任何内容；路由的权重为 ${headline.weights(weights)}。`,
  weightsUnchanged: (weights) => `权重没有变化（${headline.weights(weights)}）；其他写入见下文。`,
  restored: ({ weights, safe }) =>
    `已恢复之前的权重（${headline.weights(weights)}）${safe ? '，无需紧急处理' : ''}。`,
  routesHold: (weights) => `路由的权重为 ${headline.weights(weights)}。`,
  routesStillHold: (weights) => `路由的权重仍为 ${headline.weights(weights)}。`,
  wayBack: (weights) => `操作 rollback 可恢复 ${formatWeights(weights)}。`,
};

export const nextStep: NextStepTexts = {
  reviewPlan: '审阅这些变更，然后用同样的输入执行操作 rollout。',
  get correctInputs() {
    return `请改正以下输入，然后${rerun()}。`;
  },
  get fixCause() {
    return `排除原因，然后${rerun()}。`;
  },
  get chooseRoutes() {
    return `在${theInput('routes')} 中指定由本次发布分流的路由。`;
  },
  align: (operation) =>
    `让所有集群的权重一致：执行操作 ${operation}，并将${theInput('weights')} 设为所有集群应有的权重。`,
  get readableMetric() {
    return `让指标可以读取，或者给它更多时间和流量（${inputLabel('bake')}），然后${rerun()}。`;
  },
  get moreSamples() {
    return `用更长的时间或更多的样本（${inputLabel('verify-timeout')}、${nameOfInput('max-samples')}），或者更宽的容差（${inputLabel('tolerance')}）重新运行。`;
  },
  get fixLikelyCause() {
    return `排除下面列出的可能原因，然后${rerun()}。`;
  },
  lookAtUsers: (metric) => `查看新版本的用户遇到了什么（指标 ${metric}）：检查期间该版本的日志和调用链。`,
  compareClusters: '没有找到已知的原因：比较各个集群（操作 status），并检查各版本本身。',
  lookAtLogs: ({ versions, replaced }) =>
    `请查看 ${formats.all(versions)} 的日志：路由和规则都不能解释这些失败的请求。${replaced ? '此后被替换的 Pod 只剩已存储的日志。' : ''}`,
  promote: (weights) => `继续下一级：${formatWeights(weights)}（操作 promote）。`,
  none: '发布已全部完成，没有其他事项。',
  retire: (versions) =>
    `发布已完成。不再需要 ${formats.list(versions)} 时，将其下线（操作 retire，version 设为 ${versions[0] ?? ''}）。`,
};
