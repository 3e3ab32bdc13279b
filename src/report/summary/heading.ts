import { inEnglish, textsIn } from '../../texts/texts.ts';
import { errorMessageOf, headingOf, headlineOf } from '../headline.ts';
import { OUTCOME_STYLES, headingOfFindings } from '../outcome.ts';
import type { RunRecord } from '../run-record.ts';
import { inputProblemOf } from '../input-problems.ts';
import { LONGEST_TEXT, escape, text } from './markdown.ts';
import { RANK, cut, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** The outcome, the current state and the next step. */
export function headingSection(record: RunRecord): readonly Piece[] {
  const { outcome, line, sentence, currentState, nextStep } = headlineOf(record);
  return [
    `## ${OUTCOME_STYLES[outcome].emoji} ${text(headingOf(record, line))}`,
    `**${text(sentence)}**`,
    ...(currentState === undefined ? [] : [text(currentState)]),
    ...(nextStep === undefined ? [] : [`**Next:** ${text(nextStep)}`]),
  ].map((paragraph) => fixed(`${paragraph}\n\n`));
}

/** The error message, if neither the verdict nor the evidence explains the failure. */
export function errorSection(record: RunRecord): readonly Piece[] {
  const message = errorMessageOf(record);
  if (message === undefined) return [];
  const short = cut(message, LONGEST_TEXT);
  const lines = short.trimEnd().split('\n').map(escape);
  const shown = short === message ? lines : [...lines, '[…]'];
  return [fixed(`${shown.map((line) => `> ${line}`).join('\n>\n')}\n\n`)];
}

/** What is wrong with the inputs: of each the value, and the remedy. */
export function problemsSection({ problems, language }: RunRecord): readonly Piece[] {
  if (problems.length === 0) return [];
  const lines = problems.map((problem) => {
    const { place, rest } = inputProblemOf(problem);
    const line = `${place === '' ? '' : `**${text(place)}**`}${text(rest)}`;
    return { text: `- ${line}\n`, rank: RANK.cause, name: 'problem' };
  });
  return [fixed(`### ${textsIn(language).problems.title}\n\n`), ...lines, fixed('\n')];
}

/** What the headline does not cover. */
export function notCoveredSection({ unseen }: RunRecord): readonly Piece[] {
  if (unseen.length === 0) return [];
  return [fixed(`**Not covered:** ${unseen.map(inEnglish).map(text).join(' ')}\n\n`)];
}

/** How clusters and ingresses were reached, where that is unusual. */
export function connectionsSection({ connections }: RunRecord): readonly Piece[] {
  if (connections.length === 0) return [];
  return [fixed(`**Connections:** ${connections.map(inEnglish).map(text).join(' ')}\n\n`)];
}

export function causesSection(record: RunRecord): readonly Piece[] {
  const { findings } = record;
  return [
    ...findingsList(
      headingOfFindings(record),
      findings.filter(({ symptom }) => symptom !== true),
    ),
    ...findingsList(
      'Failed requests',
      findings.filter(({ symptom }) => symptom === true),
    ),
  ];
}

function findingsList(heading: string, findings: RunRecord['findings']): readonly Piece[] {
  if (findings.length === 0) return [];
  return [
    fixed(`### ${heading}\n\n`),
    ...findings.map(({ title, detail }) => ({
      text: `1. **${text(inEnglish(title))}.** ${text(inEnglish(detail))}\n`,
      rank: RANK.cause,
      name: 'likely cause',
    })),
    fixed('\n'),
  ];
}
