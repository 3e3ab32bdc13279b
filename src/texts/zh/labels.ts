import type { LabelTexts } from '../catalogue/labels.ts';

export const labels: LabelTexts = {
  columns: {
    cluster: '集群',
    version: '版本',
    weight: '权重',
    observed: '实测',
    deviation: '偏差',
    tolerance: '容差',
    samples: '样本数',
    errors: '错误',
    median: '中位数',
    slowest: '最慢',
    time: '时间',
    event: '事件',
    duration: '耗时',
    state: '状态',
    metric: '指标',
    requests: '请求数',
    failedOrSlow: '失败或缓慢',
    rate: '比例',
    evidence: '不利证据',
  },
  headings: {
    next: '下一步',
    notCovered: '未覆盖',
    connections: '连接方式',
    likelyCause: '可能的原因',
    alsoFound: '其他发现',
    failedRequests: '失败的请求',
    metrics: '用户真实请求的指标',
  },
};
