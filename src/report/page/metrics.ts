import { count } from '../../core/plural.ts';
import type { MetricEvidence, MetricVerdict } from '../../metrics/metric-evidence.ts';
import { duration } from '../format.ts';
import { metricsByUrgency } from '../metric-order.ts';
import { shareInPercent, placeOf } from '../metric-sentences.ts';
import type { RunRecord } from '../run-record.ts';
import { evidenceChart } from './evidence-chart.ts';
import { inEnglish } from '../../texts/texts.ts';
import { figure } from './figure.ts';
import { html } from './html.ts';
import type { Content, Html } from './html.ts';

const VERDICTS: Readonly<Record<MetricVerdict, string>> = {
  pass: '✓ pass',
  fail: '✗ fail',
  inconclusive: '? inconclusive',
  undecided: '? undecided',
  'not applicable': '– not applicable',
};

/** What each metric of the last check showed: reason, counts by version, and the evidence over time. */
export function metricsSection({ metrics }: RunRecord): Html | undefined {
  if (metrics.length === 0) return undefined;
  return html`<section>
    <h2>Metrics of users’ requests</h2>
    ${metricsByUrgency(metrics).map((metric, i) => metricArticle(metric, `metric-${String(i)}`))}
  </section>`;
}

function metricArticle(metric: MetricEvidence, id: string): Html {
  const { verdict, reason, addresses, polls, missed, seconds, notes, kind } = metric;
  const missedReadings = missed === 0 ? '' : `, ${String(missed)} of them failed`;
  return html`<article class="ingress">
    <h3>${placeOf(metric)}: ${VERDICTS[verdict]}</h3>
    <p>
      ${inEnglish(reason)}; ${count(polls, 'reading')} of ${[...new Set(addresses)].join(', ')} in
      ${duration(seconds)}${missedReadings}.
    </p>
    ${
      notes.length === 0
        ? undefined
        : html`<ul>
            ${notes.map((note) => html`<li>${inEnglish(note)}</li>`)}
          </ul>`
    }
    <div class="charts">
      <div>${countsTable(metric)}</div>
      <div>
        ${figure(evidenceChart(metric, id), kind === 'limit' ? 'The value at each poll; dotted: the limit.' : 'Evidence against the release, as powers of ten; dotted: where it fails.')}
      </div>
    </div>
  </article>`;
}

function countsTable({ versions, kind, of }: MetricEvidence): Content {
  if (versions.length === 0) return undefined;
  const sum = versions.reduce((all, { requests }) => all + requests, 0);
  return html`<table>
    <caption>
      Users’ requests by version
    </caption>
    <thead>
      <tr>
        <th scope="col">Version</th>
        <th scope="col" class="number">Weight</th>
        <th scope="col" class="number">Requests</th>
        <th scope="col" class="number">${kind === 'shares' ? 'Share' : of === 'slow' ? 'Slow' : 'Failed'}</th>
      </tr>
    </thead>
    <tbody>
      ${versions.map(
        ({ version, weight, requests, hits }) =>
          html`<tr>
            <th scope="row">${version}</th>
            <td class="number">${weight === undefined ? '–' : `${String(weight)}%`}</td>
            <td class="number">${requests.toLocaleString('en')}</td>
            <td class="number">
              ${hits === undefined ? shareInPercent(requests, sum) : `${hits.toLocaleString('en')} (${shareInPercent(hits, requests)})`}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
