import { formatWeights } from '../../core/weights.ts';
import type { CommitStatusTexts } from '../catalogue/commit-status.ts';
import { formats } from './formats.ts';
import { outcomes } from './outcomes.ts';

export const commitStatus: CommitStatusTexts = {
  pending: (operation) => `${operation} 正在执行`,
  failed: ({ operation, sentences }) => `${operation}：${formats.sentences(sentences)}`,
  titled: ({ operation, title, weights }) => `${operation}：${title}：${weights}`,
  done: ({ operation, weights }) =>
    `${operation}：已完成${weights === undefined ? '' : `；权重：${weights}`}`,
  ended: ({ operation, harms, outcome, weights }) =>
    `${operation}：${formats.sentences([...harms, outcomes.verdicts[outcome]])}；权重：${weights}`,
  unverified: ({ operation, title, weights }) => `${operation}：${title}；权重：${weights}`,
  fail: ({ operation, harms, title, weights }) =>
    `${operation}：${formats.sentences([...harms, `不通过，${title}`])}；权重：${weights}`,
  planEmpty: (weights) => `plan：无变更；权重：${weights}`,
  plan: ({ changes, clusters, unchecked, from, to }) =>
    `plan：${formats.number(clusters)} 个集群共 ${formats.number(changes)} 项变更${unchecked ? '（没有任何 API Server 检查过）' : ''}，${from} → ${formatWeights(to)}`,
};
