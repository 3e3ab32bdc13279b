import type { Texts } from './catalogue.ts';
import { commitStatus } from './zh/commit-status.ts';
import { evidence } from './zh/evidence.ts';
import { formats } from './zh/formats.ts';
import { glance } from './zh/glance.ts';
import { headline } from './zh/headline.ts';
import { failures } from './zh/failures.ts';
import { messages } from './zh/messages.ts';
import { labels } from './zh/labels.ts';
import { outcomes } from './zh/outcomes.ts';
import { changes, matrix, problems } from './zh/sections.ts';
import { page } from './zh/page.ts';
import { routes } from './zh/routes.ts';
import { nextStep, state } from './zh/state.ts';
import { summary } from './zh/summary.ts';
import { timeline } from './zh/timeline.ts';

export const zh: Texts = {
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
