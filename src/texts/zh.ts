import type { Texts } from './catalogue.ts';
import { commitStatus } from './zh/commit-status.ts';
import { formats } from './zh/formats.ts';
import { headline } from './zh/headline.ts';
import { outcomes } from './zh/outcomes.ts';
import { changes, matrix } from './zh/sections.ts';
import { nextStep, state } from './zh/state.ts';

export const zh: Texts = { formats, outcomes, headline, state, nextStep, commitStatus, matrix, changes };
