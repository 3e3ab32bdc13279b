import { worded } from '../../core/wording.ts';
import type { OmittedName, SummaryTexts } from '../catalogue/summary.ts';
import { formats } from './formats.ts';
import { theInput } from './inputs.ts';

export const summary: SummaryTexts = {
  currentWeights: (weights) => `当前权重：${weights}`,
  previousWeights: (weights) => `之前的权重：${weights}`,
  writes: (writes) => `${formats.number(writes)} 次写入`,
  report: (folder) => `报告：${folder}`,
  commit: (sha) => `提交 ${sha}`,
  fullSummary: '运行中的完整摘要',
  shortened: ({ omitted, report }) => {
    const parts = [...omitted].map(([name, number]) => `${formats.number(number)} ${OMITTED[name]}`);
    const where =
      report === undefined
        ? `详情见${worded({ step: '作业日志', command: '日志' })}；设置${theInput('report')} 可得到完整的报告。`
        : `完整的报告见 ${report}/report.html。`;
    return `已按 GitHub 的上限缩短，省略了${parts.length === 0 ? '末尾部分' : ` ${formats.list(parts)}`}。${where}`;
  },
};

const OMITTED: Readonly<Record<OmittedName, string>> = {
  difference: '处差异',
  change: '项变更',
  'detail of an ingress': '条入口详情',
  'row of an ingress that passed': '行通过的入口',
  'row of an ingress that did not pass': '行未通过的入口',
  'metric that passed': '个通过的指标',
  'metric that did not pass': '个未通过的指标',
  'line of the timeline': '行时间线',
  state: '行集群状态',
  'likely cause': '条可能的原因',
  problem: '处输入问题',
};
