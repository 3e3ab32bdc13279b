import { formatWeights } from '../../core/weights.ts';
import type { ChangeTexts, MatrixTexts, ProblemTexts } from '../catalogue/sections.ts';
import { formats } from './formats.ts';
import { outcomes } from './outcomes.ts';

export const matrix: MatrixTexts = {
  title: '实测流量占比',
  columns: { cluster: '集群', verdict: '结论', samples: '样本数', failedRequests: '失败请求' },
  notIn: (tolerance) => `应为 ${tolerance}`,
  ofWeight: (weight) => `权重 ${weight}`,
  fail: (share) => `${share} 失败`,
  folded: ({ verdict, ingresses, shares }) =>
    `${formats.number(ingresses)} 个入口${verdict === 'undecided' ? '在检查停止时尚无定论' : outcomes.verdicts[verdict]}：${shares}`,
  details: '各入口的判定理由、容差、错误与响应时间',
  charts: ({ ingresses, shown }) =>
    `${shown === 0 ? '' : '另外 '}${formats.number(ingresses)} 个入口的占比与响应时间`,
  shared: ({ clusters, url }) => `${formats.list(clusters)} 共用地址 ${url}，应答可能来自其中任何一个。`,
};

/** 超过此数、或名称过长的集群只计数。 */
const MOST_NAMED = 3;
const LONGEST_NAMES = 60;

export const changes: ChangeTexts = {
  title: '变更',
  unchanged: '运行结束时该对象没有变化。',
  effects: { created: '已创建', changed: '已修改', deleted: '已删除', unchanged: '未变化' },
  verbs: { apply: '应用', create: '创建', update: '更新', delete: '删除' },
  plan: ({ from, to }) => `计划：${from} → ${formatWeights(to)}`,
  done: ({ done, where, reasons }) => `：${formats.parts([`${done}${where}`, ...reasons])}`,
  unchecked: {
    denied: '服务端尚不能检查：缺少所需的权限。',
    'no namespace': '服务端尚不能检查：命名空间还不存在。',
  },
  where: ({ clusters, of }) => {
    const names = formats.list(clusters);
    if (clusters.length <= MOST_NAMED && names.length <= LONGEST_NAMES) return `（${names}）`;
    return `（${clusters.length === of ? '全部 ' : ''}${formats.number(clusters.length)} 个集群）`;
  },
  clusters: (clusters) => `集群：${formats.list(clusters)}`,
  folded: ({ kind, objects }) => `${formats.number(objects)} 个 ${kind} 对象`,
};

export const problems: ProblemTexts = { title: '输入的问题' };
