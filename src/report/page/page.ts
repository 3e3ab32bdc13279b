import { createHash } from 'node:crypto';
import { agreedWeights, describeClusterWeights } from '../../release/cluster-weights.ts';
import { inEnglish, textsIn } from '../../texts/texts.ts';
import { stateGroups } from '../cluster-states.ts';
import { errorMessageOf, headingOf, headlineOf } from '../headline.ts';
import { OUTCOME_STYLES, headingOfFindings, outcomeOf } from '../outcome.ts';
import type { RunRecord } from '../run-record.ts';
import { inWords } from '../sentences.ts';
import { duration, moment } from '../format.ts';
import { count } from '../../core/plural.ts';
import { isNotable, timelineOf } from '../timeline.ts';
import type { TimelineEvent } from '../timeline.ts';
import { VERSION } from '../version.ts';
import { inputProblemOf } from '../input-problems.ts';
import { checksSection } from './checks.ts';
import { html } from './html.ts';
import { metricsSection } from './metrics.ts';
import type { Content, Html } from './html.ts';
import { changesSection, planSection } from './changes.ts';
import { STYLE } from './style.ts';

/** The page loads, runs and sends nothing; only its own style sheet is allowed. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/**
 * The report of a run as one self-contained HTML page without scripts.
 *
 * @param pause between two ingresses or objects, since many or large ones take long
 */
export async function pageOf(record: RunRecord, pause: () => Promise<void>): Promise<string> {
  const { operation } = record;
  const checks = await checksSection(record, pause);
  const plan = await planSection(record, pause);
  const changes = await changesSection(record, pause);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>
          ${headingOf(record, `${operation} ${OUTCOME_STYLES[outcomeOf(record)].label.toLowerCase()}`)}
        </title>
        ${styleSheet()}
      </head>
      <body>
        <header>${head(record)}</header>
        <main>
          ${problems(record)} ${causes(record)} ${checks} ${metricsSection(record)} ${clusterStates(record)}
          ${plan} ${changes} ${timeline(record)}
        </main>
        <footer>Made by multicluster-canary ${VERSION}. ${runOf(record)}</footer>
      </body>
    </html> `;
  return page.markup;
}

/** Our own style sheet, unescaped: any change would violate the policy. */
function styleSheet(): Html {
  return { markup: `<style>${STYLE}</style>` };
}

function head(record: RunRecord): Html {
  const { outcome, line, sentence, currentState, nextStep } = headlineOf(record);
  const { tone, mark, label } = OUTCOME_STYLES[outcome];
  const message = errorMessageOf(record);
  return html` <h1>${headingOf(record, line)}</h1>
    <div class="verdict ${tone}">
      <strong>${mark} ${label}</strong>
      <p>${sentence}</p>
      ${message === undefined ? undefined : html`<pre>${message}</pre>`}
      ${currentState === undefined ? undefined : html`<p>${currentState}</p>`}
      ${nextStep === undefined ? undefined : html`<p><b>Next:</b> ${nextStep}</p>`}
    </div>
    <dl class="facts">
      ${facts(record).map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>`;
}

function facts(record: RunRecord): readonly (readonly [string, Content])[] {
  const { operation, held, previous, begin, seconds, checks, changes } = record;
  const weights = agreedWeights(held);
  const samples = checks.flatMap(({ evidence }) => evidence).reduce((sum, one) => sum + one.samples, 0);
  return [
    ['Operation', operation],
    ...(held.length === 0
      ? []
      : [
          [
            'Current weights',
            weights === undefined ? describeClusterWeights(held) : inWords(weights),
          ] as const,
        ]),
    ...(previous === undefined ? [] : [['Previous weights', inWords(previous)] as const]),
    ['Started', moment(begin)],
    ['Duration', duration(seconds)],
    ['Samples', samples.toLocaleString('en')],
    ['Writes', changes.length.toLocaleString('en')],
  ];
}

function runOf({ run }: RunRecord): Content {
  if (run === undefined) return undefined;
  return /^https?:\/\//.test(run) ? html`<a href="${run}">Run and log</a>.` : `${run}.`;
}

/** What is wrong with the inputs: of each the value, and the remedy. */
function problems({ problems: all, language }: RunRecord): Html | undefined {
  if (all.length === 0) return undefined;
  return html`<section>
    <h2>${textsIn(language).problems.title}</h2>
    <ul>
      ${all.map(inputProblemOf).map(({ place, rest }) => html`<li>${place === '' ? undefined : html`<b>${place}</b>`}${rest}</li>`)}
    </ul>
  </section>`;
}

function causes(record: RunRecord): Content {
  const { findings, unseen, connections } = record;
  return html`${sentenceList('Not covered', unseen.map(inEnglish))}
  ${sentenceList('Connections', connections.map(inEnglish))}
  ${findingsList(
    headingOfFindings(record),
    findings.filter(({ symptom }) => symptom !== true),
  )}
  ${findingsList(
    'Failed requests',
    findings.filter(({ symptom }) => symptom === true),
  )}`;
}

function sentenceList(title: string, sentences: readonly string[]): Html | undefined {
  if (sentences.length === 0) return undefined;
  return html`<section>
    <h2>${title}</h2>
    <ul>
      ${sentences.map((sentence) => html`<li>${sentence}</li>`)}
    </ul>
  </section>`;
}

function findingsList(title: string, findings: RunRecord['findings']): Html | undefined {
  if (findings.length === 0) return undefined;
  return html`<section>
    <h2>${title}</h2>
    <ol>
      ${findings.map(({ title, detail }) => html`<li><b>${inEnglish(title)}.</b> ${inEnglish(detail)}</li>`)}
    </ol>
  </section>`;
}

/** Steps, checks and long phases; the full timeline is folded. */
function timeline(record: RunRecord): Html | undefined {
  const events = timelineOf(record);
  if (events.length === 0) return undefined;
  const whole = Math.max(record.seconds, ...events.map(({ at, seconds = 0 }) => at + seconds));
  const notable = events.filter(isNotable);
  return html`<section>
    <h2>Timeline</h2>
    ${notable.length === 0 ? undefined : eventTable(notable, whole, 'Steps, checks and long phases')}
    <details>
      <summary>Full timeline, ${count(events, 'entry', 'entries')}</summary>
      ${eventTable(events, whole, 'Every phase, step and check')}
    </details>
  </section>`;
}

function eventTable(events: readonly TimelineEvent[], whole: number, caption: string): Html {
  return html`<table>
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col" class="number">Time</th>
        <th scope="col">Event</th>
        <th scope="col" class="number">Duration</th>
        <th scope="col">Position</th>
      </tr>
    </thead>
    <tbody>
      ${events.map((event) => eventRow(event, whole))}
    </tbody>
  </table>`;
}

function eventRow({ kind, at, text, seconds }: TimelineEvent, whole: number): Html {
  const scale = whole === 0 ? 0 : 100 / whole;
  const [y, height] = kind === 'step' ? [0, 8] : [2, 4];
  return html`<tr>
    <td class="number">${duration(at)}</td>
    <td>${kind === 'step' ? html`<b>${text}</b>` : text}</td>
    <td class="number">${seconds === undefined ? '' : duration(seconds)}</td>
    <td>
      <svg class="track" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect
          x="${(at * scale).toFixed(2)}"
          y="${y}"
          width="${Math.max((seconds ?? 0) * scale, 0.8).toFixed(2)}"
          height="${height}"
        />
      </svg>
    </td>
  </tr>`;
}

function clusterStates({ clusters: states }: RunRecord): Html | undefined {
  if (states.length === 0) return undefined;
  return html`<section>
    <h2>State of the clusters</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Cluster</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        ${stateGroups(states, textsIn('en')).map(
          ({ clusters, text }) =>
            html`<tr>
              <th scope="row">${clusters.join(', ')}</th>
              <td>${text}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}
