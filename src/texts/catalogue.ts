import type { CommitStatusTexts } from './catalogue/commit-status.ts';
import type { RouteTexts } from './catalogue/routes.ts';
import type { EvidenceTexts } from './catalogue/evidence.ts';
import type { FormatTexts } from './catalogue/formats.ts';
import type { GlanceTexts } from './catalogue/glance.ts';
import type { HeadlineTexts } from './catalogue/headline.ts';
import type { LabelTexts } from './catalogue/labels.ts';
import type { PageTexts } from './catalogue/page.ts';
import type { OutcomeTexts } from './catalogue/outcomes.ts';
import type { ChangeTexts, MatrixTexts, ProblemTexts } from './catalogue/sections.ts';
import type { SummaryTexts } from './catalogue/summary.ts';
import type { TimelineTexts } from './catalogue/timeline.ts';
import type { FailureTexts } from './catalogue/verdicts.ts';
import type { MessageTexts } from './message.ts';
import type { NextStepTexts, StateTexts } from './catalogue/state.ts';

/** All texts that people read in their own language. Each language has every one of them, and no other: this type says so. */
export interface Texts {
  readonly messages: MessageTexts;
  readonly failures: FailureTexts;
  readonly routes: RouteTexts;
  readonly formats: FormatTexts;
  readonly outcomes: OutcomeTexts;
  readonly headline: HeadlineTexts;
  readonly state: StateTexts;
  readonly nextStep: NextStepTexts;
  readonly commitStatus: CommitStatusTexts;
  readonly glance: GlanceTexts;
  readonly matrix: MatrixTexts;
  readonly changes: ChangeTexts;
  readonly problems: ProblemTexts;
  readonly labels: LabelTexts;
  readonly evidence: EvidenceTexts;
  readonly timeline: TimelineTexts;
  readonly summary: SummaryTexts;
  readonly page: PageTexts;
}
