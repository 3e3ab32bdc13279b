import { createHash } from 'node:crypto';
import { agreedWeights, whoHolds } from '../../release/agreement.ts';
import { headlineOf } from '../headline.ts';
import type { Outcome } from '../headline.ts';
import type { RunRecord } from '../run-record.ts';
import { inWords } from '../sentences.ts';
import { count, duration, moment } from '../format.ts';
import { isNotable, timelineOf } from '../timeline.ts';
import type { Event } from '../timeline.ts';
import { VERSION } from '../version.ts';
import { checksSection } from './checks.ts';
import { html } from './html.ts';
import type { Content, Html } from './html.ts';
import { changesSection, planSection } from './changes.ts';
import { STYLE } from './style.ts';

/** Nothing is loaded, nothing is run, nothing is sent; the style sheet is the one below and no other. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

const MOODS: Readonly<
  Record<Outcome, { readonly look: string; readonly mark: string; readonly word: string }>
> = {
  pass: { look: 'good', mark: '✓', word: 'Pass' },
  done: { look: 'good', mark: '✓', word: 'Done' },
  unverified: { look: 'doubt', mark: '?', word: 'Not verified' },
  open: { look: 'doubt', mark: '?', word: 'Routes not chosen' },
  differ: { look: 'doubt', mark: '!', word: 'Different weights' },
  fail: { look: 'bad', mark: '✗', word: 'Fail' },
  failed: { look: 'bad', mark: '✗', word: 'Failed' },
  inconclusive: { look: 'doubt', mark: '?', word: 'Inconclusive' },
};

/** The report of a run as one page of HTML that needs nothing but itself, and holds no script. */
export function pageOf(record: RunRecord): string {
  const { app, namespace, operation } = record;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>
          ${app} in ${namespace}: ${operation} ${MOODS[headlineOf(record).outcome].word.toLowerCase()}
        </title>
        ${styleSheet()}
      </head>
      <body>
        <header>${head(record)}</header>
        <main>
          ${causes(record)} ${checksSection(record)} ${timeline(record)} ${holdings(record)}
          ${planSection(record)} ${changesSection(record)}
        </main>
        <footer>Made by multicluster-canary ${VERSION}. ${runOf(record)}</footer>
      </body>
    </html> `;
  return page.markup;
}

/** The style sheet is ours; not a space of it may change, or the policy would not let it in. */
function styleSheet(): Html {
  return { markup: `<style>${STYLE}</style>` };
}

function head(record: RunRecord): Html {
  const { outcome, title, sentence, standing, next } = headlineOf(record);
  const { look, mark, word } = MOODS[outcome];
  return html` <h1>${record.app} in ${record.namespace}: ${title}</h1>
    <div class="verdict ${look}">
      <strong>${mark} ${word}</strong>
      <p>${sentence}</p>
      ${failure(record, outcome)} ${standing === undefined ? undefined : html`<p>${standing}</p>`}
      ${next === undefined ? undefined : html`<p><b>Next:</b> ${next}</p>`}
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

/** In its own words, where the verdict and its evidence do not tell it already. */
function failure({ failure: text }: RunRecord, outcome: Outcome): Content {
  return (outcome === 'failed' || outcome === 'differ') && text !== undefined
    ? html`<pre>${text}</pre>`
    : undefined;
}

function facts(record: RunRecord): readonly (readonly [string, Content])[] {
  const { operation, held, previous, begin, seconds, checks, changes } = record;
  const weights = agreedWeights(held);
  const samples = checks.flatMap(({ evidence }) => evidence).reduce((sum, one) => sum + one.samples, 0);
  return [
    ['Operation', operation],
    ...(held.length === 0
      ? []
      : [['In force', weights === undefined ? whoHolds(held) : inWords(weights)] as const]),
    ...(previous === undefined ? [] : [['Before', inWords(previous)] as const]),
    ['Started', moment(begin)],
    ['Took', duration(seconds)],
    ['Samples', samples.toLocaleString('en')],
    ['Writes', changes.length.toLocaleString('en')],
  ];
}

function runOf({ run }: RunRecord): Content {
  if (run === undefined) return undefined;
  return /^https?:\/\//.test(run) ? html`<a href="${run}">The run and its log</a>.` : `${run}.`;
}

function causes({ findings, unseen }: RunRecord): Content {
  return html`${
    unseen.length === 0
      ? undefined
      : html`<section>
          <h2>Not covered</h2>
          <ul>
            ${unseen.map((sentence) => html`<li>${sentence}</li>`)}
          </ul>
        </section>`
  }
  ${listed(
    'Likely cause',
    findings.filter(({ symptom }) => symptom !== true),
  )}
  ${listed(
    'Failed requests',
    findings.filter(({ symptom }) => symptom === true),
  )}`;
}

function listed(title: string, findings: RunRecord['findings']): Html | undefined {
  if (findings.length === 0) return undefined;
  return html`<section>
    <h2>${title}</h2>
    <ol>
      ${findings.map(({ title, detail }) => html`<li><b>${title}.</b> ${detail}</li>`)}
    </ol>
  </section>`;
}

/** Steps and checks, and what else took its time; the whole is folded. */
function timeline(record: RunRecord): Html | undefined {
  const events = timelineOf(record);
  if (events.length === 0) return undefined;
  const whole = Math.max(record.seconds, ...events.map(({ at, seconds = 0 }) => at + seconds));
  const notable = events.filter(isNotable);
  return html`<section>
    <h2>Timeline</h2>
    ${notable.length === 0 ? undefined : eventTable(notable, whole, 'Steps, checks, and what took its time')}
    <details>
      <summary>All of it, ${count(events, 'line')}</summary>
      ${eventTable(events, whole, 'Every phase, step and check')}
    </details>
  </section>`;
}

function eventTable(events: readonly Event[], whole: number, caption: string): Html {
  return html`<table>
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col" class="number">At</th>
        <th scope="col">What</th>
        <th scope="col" class="number">Took</th>
        <th scope="col">When</th>
      </tr>
    </thead>
    <tbody>
      ${events.map((event) => eventRow(event, whole))}
    </tbody>
  </table>`;
}

function eventRow({ kind, at, text, seconds }: Event, whole: number): Html {
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

function holdings({ clusters }: RunRecord): Html | undefined {
  if (clusters.length === 0) return undefined;
  return html`<section>
    <h2>What the clusters hold</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Cluster</th>
          <th scope="col">Holds</th>
        </tr>
      </thead>
      <tbody>
        ${clusters.map(
          ({ cluster, text }) =>
            html`<tr>
              <th scope="row">${cluster}</th>
              <td>${text}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}
