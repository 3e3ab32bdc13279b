import { say, textsIn } from '../../texts/texts.ts';
import { errorMessageOf, headingOf, headlineOf } from '../headline.ts';
import { OUTCOME_STYLES, headingOfFindings } from '../outcome.ts';
import type { Texts } from '../../texts/catalogue.ts';
import type { RunRecord } from '../run-record.ts';
import { symptomsOf } from '../symptoms.ts';
import { inputProblemOf } from '../input-problems.ts';
import type { Message } from '../../texts/message.ts';
import type { HeadingName } from '../../texts/catalogue/labels.ts';
import { LONGEST_TEXT, escape, strong, text } from './markdown.ts';
import { RANK, cut, fixed } from './shorten.ts';
import type { Piece } from './shorten.ts';

/** The outcome with its error, the current state and the next step. */
export function headingSection(record: RunRecord): readonly Piece[] {
  const { outcome, line, sentence, currentState, nextStep } = headlineOf(record);
  const { formats } = textsIn(record.language);
  const state = currentState === undefined ? [] : [currentState];
  const message = errorMessageOf(record);
  // What went wrong says more than how far the run got.
  const body =
    outcome === 'failed' && message !== undefined
      ? [...errorParagraphs(message), text(formats.sentences([sentence, ...state]))]
      : [
          `**${text(sentence)}**`,
          ...(message === undefined ? [] : quote(message)),
          ...state.map((one) => text(one)),
        ];
  return [
    `## ${OUTCOME_STYLES[outcome].emoji} ${text(headingOf(record, line))}`,
    ...body,
    ...(nextStep === undefined ? [] : [labelled(record, 'next', nextStep)]),
  ].map((paragraph) => fixed(`${paragraph}\n\n`));
}

/** An error message: its first line, which begins with what failed, and a quote of the others. */
function errorParagraphs(message: string): readonly string[] {
  const [first = '', ...others] = message.trim().split('\n');
  const [what = '', ...why] = text(first).split(': ');
  const line = why.length === 0 ? strong(what) : `${strong(`${what}:`)} ${why.join(': ')}`;
  return [line, ...quote(others.join('\n'))];
}

/** @returns a paragraph, or none */
function quote(message: string): readonly string[] {
  if (message === '') return [];
  const short = cut(message, LONGEST_TEXT);
  const lines = short.trimEnd().split('\n').map(escape);
  const shown = short === message ? lines : [...lines, '[…]'];
  return [shown.map((line) => `> ${line}`).join('\n>\n')];
}

/** What is wrong with the inputs: of each the value, and the remedy. */
export function problemsSection({ problems, language }: RunRecord): readonly Piece[] {
  if (problems.length === 0) return [];
  const lines = problems.map((problem): Piece => {
    const { place, rest } = inputProblemOf(problem);
    const line = `${place === '' ? '' : `**${text(place)}**`}${text(rest)}`;
    return { text: `- ${line}\n`, rank: RANK.cause, name: 'problem' };
  });
  return [fixed(`### ${textsIn(language).problems.title}\n\n`), ...lines, fixed('\n')];
}

/** What the headline does not cover. */
export function notCoveredSection(record: RunRecord): readonly Piece[] {
  return sentencesSection(record, 'notCovered', record.unseen);
}

/** How clusters and ingresses were reached, where that is unusual. */
export function connectionsSection(record: RunRecord): readonly Piece[] {
  return sentencesSection(record, 'connections', record.connections);
}

function sentencesSection(
  record: RunRecord,
  heading: HeadingName,
  messages: readonly Message[],
): readonly Piece[] {
  if (messages.length === 0) return [];
  const texts = textsIn(record.language);
  const sentences = texts.formats.sentences(messages.map((message) => say(message, texts)));
  return [fixed(`${labelled(record, heading, sentences)}\n\n`)];
}

function labelled({ language }: RunRecord, heading: HeadingName, raw: string): string {
  const { labels, formats } = textsIn(language);
  return [strong(formats.label(labels.headings[heading]).trimEnd()), text(raw)].join(formats.gap);
}

export function causesSection(record: RunRecord): readonly Piece[] {
  const { findings } = record;
  const texts = textsIn(record.language);
  return [
    ...findingsList(
      headingOfFindings(record),
      findings.filter(({ symptom }) => symptom !== true),
      texts,
    ),
    ...findingsList(texts.labels.headings.failedRequests, symptomsOf(record), texts),
  ];
}

function findingsList(heading: string, findings: RunRecord['findings'], texts: Texts): readonly Piece[] {
  if (findings.length === 0) return [];
  return [
    fixed(`### ${heading}\n\n`),
    ...findings.map(({ title, detail }): Piece => ({
      text: `1. ${strong(text(texts.headline.finding(say(title, texts))))}${texts.formats.gap}${text(say(detail, texts))}\n`,
      rank: RANK.cause,
      name: 'likely cause',
    })),
    fixed('\n'),
  ];
}
