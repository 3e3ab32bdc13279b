import type { OutcomeTexts } from '../catalogue/outcomes.ts';

export const outcomes: OutcomeTexts = {
  labels: {
    pass: '通过',
    done: '已完成',
    unverified: '未校验',
    ambiguous: '未选定路由',
    diverged: '权重不一致',
    fail: '不通过',
    failed: '执行失败',
    inconclusive: '无结论',
  },
  verdicts: {
    pass: '通过',
    fail: '不通过',
    inconclusive: '无结论',
    undecided: '未判定',
    'not applicable': '不适用',
  },
};
