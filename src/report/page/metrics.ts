import type { MetricEvidence } from '../../metrics/metric-evidence.ts';
import type { Texts } from '../../texts/catalogue.ts';
import { metricsView } from '../metric-order.ts';
import { shareInPercent, placeOf } from '../metric-sentences.ts';
import type { RunRecord } from '../run-record.ts';
import { evidenceChart } from './evidence-chart.ts';
import { say, textsIn } from '../../texts/texts.ts';
import { marked, markedVerdict } from './marks.ts';
import { figure } from './figure.ts';
import { html } from './html.ts';
import type { Content, Html } from './html.ts';

/** What each metric of the last check showed: those to act on, and folded, all others. */
export function metricsSection({ metrics, language }: RunRecord): Html | undefined {
  if (metrics.length === 0) return undefined;
  const texts = textsIn(language);
  const { shown, folded } = metricsView(metrics, texts);
  const articles = (own: readonly MetricEvidence[]): readonly Html[] =>
    own.map((metric) => metricArticle(metric, `metric-${String(metrics.indexOf(metric))}`, texts));
  return html`<section>
    <h2>${texts.labels.headings.metrics}</h2>
    ${articles(shown)}
    ${folded.map(
      ({ verdict, metrics: own, line }) =>
        html`<details>
          <summary>${marked(verdict, line)}</summary>
          ${articles(own)}
        </details>`,
    )}
  </section>`;
}

/** Reason, counts by version, and the evidence over time. */
function metricArticle(metric: MetricEvidence, id: string, texts: Texts): Html {
  const { verdict, reason, addresses, notes, kind } = metric;
  const { page, formats } = texts;
  const parts = [say(reason, texts), page.readings({ ...metric, addresses: [...new Set(addresses)] })];
  return html`<article class="ingress">
    <h3>${formats.label(placeOf(metric, texts))}${markedVerdict(verdict, texts)}</h3>
    <p>${formats.parts(parts)}${page.stop}</p>
    ${
      notes.length === 0
        ? undefined
        : html`<ul>
            ${notes.map((note) => html`<li>${say(note, texts)}</li>`)}
          </ul>`
    }
    <div class="charts">
      <div>${countsTable(metric, texts)}</div>
      <div>
        ${figure(evidenceChart(metric, id, texts), page.charts.metric.captions[kind === 'limit' ? 'value' : 'evidence'])}
      </div>
    </div>
  </article>`;
}

function countsTable({ versions, kind, of }: MetricEvidence, { page, labels, formats }: Texts): Content {
  if (versions.length === 0) return undefined;
  const { columns } = labels;
  const counted = kind === 'shares' ? 'share' : of === 'slow' ? 'slow' : 'failed';
  const sum = versions.reduce((all, { requests }) => all + requests, 0);
  return html`<table>
    <caption>
      ${page.tables.metric}
    </caption>
    <thead>
      <tr>
        <th scope="col">${columns.version}</th>
        <th scope="col" class="number">${columns.weight}</th>
        <th scope="col" class="number">${columns.requests}</th>
        <th scope="col" class="number">${page.tables.requests[counted]}</th>
      </tr>
    </thead>
    <tbody>
      ${versions.map(
        ({ version, weight, requests, hits }) =>
          html`<tr>
            <th scope="row">${version}</th>
            <td class="number">${weight === undefined ? '–' : `${String(weight)}%`}</td>
            <td class="number">${formats.number(requests)}</td>
            <td class="number">
              ${hits === undefined ? shareInPercent(requests, sum) : `${formats.number(hits)} (${shareInPercent(hits, requests)})`}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
