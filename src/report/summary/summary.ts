import { textsIn } from '../../texts/texts.ts';
import type { RunRecord } from '../run-record.ts';
import { changesSection, planSection } from './changes.ts';
import { text } from './markdown.ts';
import { metricsSection } from './metrics-section.ts';
import { matrixSection } from './matrix-section.ts';
import { timelineSection } from './timeline-section.ts';
import { summaryFooter } from './footer.ts';
import { clustersSection } from './clusters-section.ts';
import { bytesOf, fit, fixed } from './shorten.ts';
import {
  causesSection,
  connectionsSection,
  headingSection,
  notCoveredSection,
  problemsSection,
} from './heading.ts';

/**
 * What GitHub accepts for one step, in bytes; it drops a larger summary.
 * Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
 */
export const SUMMARY_LIMIT = 1024 * 1024;

/** Room for the note on what was omitted. */
const NOTE_BYTES = 1_000;

/**
 * The job summary of a run as GitHub-flavoured Markdown: the verdict first, then the next step, what was observed, why, and what was
 * done. If it would be too long, differences are omitted first, and a note lists what was omitted.
 *
 * @param limit in bytes (UTF-8)
 */
export function summaryOf(record: RunRecord, limit = SUMMARY_LIMIT): string {
  const pieces = [
    ...headingSection(record),
    ...problemsSection(record),
    ...notCoveredSection(record),
    ...connectionsSection(record),
    ...causesSection(record),
    ...matrixSection(record),
    ...metricsSection(record),
    ...clustersSection(record),
    ...planSection(record, limit),
    ...changesSection(record, limit),
    ...timelineSection(record),
    fixed(summaryFooter(record)),
  ];
  const whole = fit(pieces, limit);
  if (whole.omitted.size === 0 && bytesOf(whole.text) <= limit) return whole.text;
  const { text: shortened, omitted } = fit(pieces, limit - NOTE_BYTES);
  const note = textsIn(record.language).summary.shortened({ omitted, report: record.report });
  return `${shortened}\n> ${text(note)}\n`;
}
