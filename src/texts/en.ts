import type { Texts } from './catalogue.ts';
import { commitStatus } from './en/commit-status.ts';
import { formats } from './en/formats.ts';
import { headline } from './en/headline.ts';
import { outcomes } from './en/outcomes.ts';
import { changes, matrix } from './en/sections.ts';
import { nextStep, state } from './en/state.ts';

export const en: Texts = { formats, outcomes, headline, state, nextStep, commitStatus, matrix, changes };
