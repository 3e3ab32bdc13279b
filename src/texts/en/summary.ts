import { count } from '../../core/plural.ts';
import { theInput, worded } from '../../core/wording.ts';
import type { SummaryTexts } from '../catalogue/summary.ts';
import { formats } from './formats.ts';

export const summary: SummaryTexts = {
  currentWeights: (weights) => `current weights: ${weights}`,
  previousWeights: (weights) => `previous weights: ${weights}`,
  writes: (writes) => count(writes, 'write'),
  report: (folder) => `report: ${folder}`,
  commit: (sha) => `Commit ${sha}`,
  fullSummary: 'full summary in the run',
  shortened: ({ omitted, report }) => {
    const parts = [...omitted].map(([name, number]) => `${formats.number(number)} × ${name}`);
    const where =
      report === undefined
        ? `See the ${worded({ step: 'job log', command: 'log' })} for details, or set ${theInput('report')} to get a complete report.`
        : `The complete report is ${report}/report.html.`;
    return `Shortened to ${worded({ step: 'GitHub’s limit', command: 'the size that GitHub accepts' })}. Omitted: ${parts.length === 0 ? 'the end' : formats.list(parts)}. ${where}`;
  },
};
