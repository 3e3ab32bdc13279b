import type { Texts } from './catalogue.ts';
import { commitStatus } from './en/commit-status.ts';
import { evidence } from './en/evidence.ts';
import { formats } from './en/formats.ts';
import { glance } from './en/glance.ts';
import { headline } from './en/headline.ts';
import { failures } from './en/failures.ts';
import { messages } from './en/messages.ts';
import { labels } from './en/labels.ts';
import { outcomes } from './en/outcomes.ts';
import { changes, matrix, problems } from './en/sections.ts';
import { page } from './en/page.ts';
import { routes } from './en/routes.ts';
import { nextStep, state } from './en/state.ts';
import { summary } from './en/summary.ts';
import { timeline } from './en/timeline.ts';

export const en: Texts = {
  messages,
  failures,
  routes,
  formats,
  outcomes,
  headline,
  state,
  nextStep,
  commitStatus,
  glance,
  matrix,
  changes,
  problems,
  labels,
  evidence,
  timeline,
  summary,
  page,
};
