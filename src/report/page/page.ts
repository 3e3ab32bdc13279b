import { createHash } from 'node:crypto';
import { withPauses } from '../../core/pieces.ts';
import { agreedWeights, clustersDisagree } from '../../release/cluster-weights.ts';
import type { Texts } from '../../texts/catalogue.ts';
import { say, textsIn } from '../../texts/texts.ts';
import type { Message } from '../../texts/message.ts';
import { stateGroups } from '../cluster-states.ts';
import { weightsInForce } from '../holdings.ts';
import { errorMessageOf, headingOf, headlineOf } from '../headline.ts';
import { OUTCOME_STYLES, headingOfFindings, outcomeOf } from '../outcome.ts';
import type { RunRecord } from '../run-record.ts';
import { isNotable, timelineOf } from '../timeline.ts';
import type { TimelineEvent } from '../timeline.ts';
import { VERSION } from '../version.ts';
import { symptomsOf } from '../symptoms.ts';
import { inputProblemOf } from '../input-problems.ts';
import { checkSection, earlierChecksSection } from './checks.ts';
import { html, rendering } from './html.ts';
import { metricsSection } from './metrics.ts';
import type { Content, Html, Verbatim } from './html.ts';
import { changesSection, planSection } from './changes.ts';
import { styleIn } from './style.ts';

/** The page loads, runs and sends nothing; only its own style sheet is allowed. */
function policyFor(style: string): string {
  const hash = createHash('sha256').update(style).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

/**
 * The report of a run as one self-contained HTML page without scripts.
 *
 * @param pause between two ingresses or objects, since many or large ones take long
 */
export async function pageOf(record: RunRecord, pause: () => Promise<void>): Promise<string> {
  const { operation, language } = record;
  const texts = textsIn(language);
  const style = styleIn(language);
  const outcome = texts.outcomes.labels[outcomeOf(record)];
  const check = await checkSection(record, pause);
  const earlier = await earlierChecksSection(record, pause);
  const plan = await planSection(record, pause);
  const changes = await changesSection(record, pause);
  const page = html`<!doctype html>
    <html lang="${texts.page.tag}">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policyFor(style)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>${headingOf(record, texts.page.title({ operation, outcome }))}</title>
        ${styleSheet(style)}
      </head>
      <body>
        <header>${head(record, texts)}</header>
        <main>
          ${problems(record, texts)} ${causes(record, texts)} ${check} ${metricsSection(record)} ${earlier}
          ${clusterStates(record, texts)} ${plan} ${changes} ${timeline(record, texts)}
        </main>
        <footer>${texts.page.made(VERSION)}${texts.formats.gap}${runOf(record, texts)}</footer>
      </body>
    </html> `;
  return withPauses(rendering(page, texts.formats), pause);
}

/** Our own style sheet, unescaped: any change would violate the policy. */
function styleSheet(style: string): Verbatim {
  return { markup: `<style>${style}</style>` };
}

function head(record: RunRecord, texts: Texts): Html {
  const { outcome, line, sentence, currentState, nextStep } = headlineOf(record);
  const { tone, mark } = OUTCOME_STYLES[outcome];
  const message = errorMessageOf(record);
  const error = message === undefined ? undefined : html`<pre>${message}</pre>`;
  return html` <h1>${headingOf(record, line)}</h1>
    <div class="verdict ${tone}">
      <strong>${mark} ${texts.outcomes.labels[outcome]}</strong>
      ${outcome === 'failed' ? [error, html`<p>${sentence}</p>`] : [html`<p>${sentence}</p>`, error]}
      ${currentState === undefined ? undefined : html`<p>${currentState}</p>`}
      ${nextStep === undefined ? undefined : html`<p><b>${texts.formats.label(texts.labels.headings.next)}</b>${nextStep}</p>`}
    </div>
    <dl class="facts">
      ${facts(record, texts).map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>`;
}

function facts(record: RunRecord, texts: Texts): readonly (readonly [string, Content])[] {
  const { page, headline, formats } = texts;
  const { operation, held, previous, begin, seconds, checks, changes } = record;
  const weights = agreedWeights(held);
  const samples = checks.flatMap(({ evidence }) => evidence).reduce((sum, one) => sum + one.samples, 0);
  return [
    [page.facts.operation, operation],
    ...(held.length === 0
      ? []
      : [
          [
            page.facts.weights,
            weights === undefined ? noCommonWeights(held, texts) : headline.weights(weights),
          ] as const,
        ]),
    ...(previous === undefined ? [] : [[page.facts.previous, headline.weights(previous)] as const]),
    [page.facts.started, formats.moment(begin)],
    [page.facts.duration, formats.duration(seconds)],
    [page.facts.samples, formats.number(samples)],
    [page.facts.writes, formats.number(changes.length)],
  ];
}

/** Who holds what is a long list, which the verdict has already. */
function noCommonWeights(held: RunRecord['held'], texts: Texts): string {
  return clustersDisagree(held) ? texts.outcomes.labels.diverged : weightsInForce(held, texts);
}

function runOf({ run }: RunRecord, { page }: Texts): Content {
  if (run === undefined) return undefined;
  return /^https?:\/\//.test(run) ? html`<a href="${run}">${page.run}</a>${page.stop}` : `${run}${page.stop}`;
}

/** What is wrong with the inputs: of each the value, and the remedy. */
function problems({ problems: all }: RunRecord, texts: Texts): Html | undefined {
  if (all.length === 0) return undefined;
  return html`<section>
    <h2>${texts.problems.title}</h2>
    <ul>
      ${all.map(inputProblemOf).map(({ place, rest }) => html`<li>${place === '' ? undefined : html`<b>${place}</b>`}${rest}</li>`)}
    </ul>
  </section>`;
}

/** First what explains the outcome, then what limits it. */
function causes(record: RunRecord, texts: Texts): Content {
  const { findings, unseen, connections } = record;
  const { notCovered, connections: ways, failedRequests } = texts.labels.headings;
  const words = (message: Message): string => say(message, texts);
  return html`${findingsList(
    headingOfFindings(record),
    findings.filter(({ symptom }) => symptom !== true),
    texts,
  )}
  ${findingsList(failedRequests, symptomsOf(record), texts)} ${sentenceList(notCovered, unseen.map(words))}
  ${sentenceList(ways, connections.map(words))}`;
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

function findingsList(heading: string, findings: RunRecord['findings'], texts: Texts): Html | undefined {
  if (findings.length === 0) return undefined;
  return html`<section>
    <h2>${heading}</h2>
    <ol>
      ${findings.map(({ title, detail }) => html`<li><b>${texts.headline.finding(say(title, texts))}</b>${texts.formats.gap}${say(detail, texts)}</li>`)}
    </ol>
  </section>`;
}

/** Steps, checks and long phases; the full timeline is folded. */
function timeline(record: RunRecord, texts: Texts): Html | undefined {
  const { notable: caption, full, all } = texts.page.timeline;
  const events = timelineOf(record);
  if (events.length === 0) return undefined;
  const whole = Math.max(record.seconds, ...events.map(({ at, seconds = 0 }) => at + seconds));
  const notable = events.filter(isNotable);
  return html`<section>
    <h2>${texts.timeline.title}</h2>
    ${notable.length === 0 ? undefined : eventTable(notable, whole, caption, texts)}
    <details>
      <summary>${full(events.length)}</summary>
      ${eventTable(events, whole, all, texts)}
    </details>
  </section>`;
}

function eventTable(
  events: readonly TimelineEvent[],
  whole: number,
  caption: string,
  { labels, page, formats }: Texts,
): Html {
  const { time, event, duration } = labels.columns;
  return html`<table>
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col" class="number">${time}</th>
        <th scope="col">${event}</th>
        <th scope="col" class="number">${duration}</th>
        <th scope="col">${page.timeline.position}</th>
      </tr>
    </thead>
    <tbody>
      ${events.map((one) => eventRow(one, whole, formats))}
    </tbody>
  </table>`;
}

function eventRow(
  { kind, at, text, verdict, seconds }: TimelineEvent,
  whole: number,
  { duration }: Texts['formats'],
): Html {
  const scale = whole === 0 ? 0 : 100 / whole;
  const [y, height] = kind === 'step' ? [0, 8] : [2, 4];
  return html`<tr>
    <td class="number">${duration(at)}</td>
    <td>${eventText({ kind, text, verdict })}</td>
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

function eventText({ kind, text, verdict }: Pick<TimelineEvent, 'kind' | 'text' | 'verdict'>): Content {
  if (kind === 'step') return html`<b>${text}</b>`;
  return verdict === 'fail' ? html`<span class="bad-text">${text} ✗</span>` : text;
}

function clusterStates({ clusters: states }: RunRecord, texts: Texts): Html | undefined {
  if (states.length === 0) return undefined;
  const { cluster, state } = texts.labels.columns;
  return html`<section>
    <h2>${texts.page.states}</h2>
    <table class="states">
      <thead>
        <tr>
          <th scope="col">${cluster}</th>
          <th scope="col">${state}</th>
        </tr>
      </thead>
      <tbody>
        ${stateGroups(states, texts).map(
          ({ clusters, text }) =>
            html`<tr>
              <th scope="row">${texts.formats.list(clusters)}</th>
              <td>${text}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}
