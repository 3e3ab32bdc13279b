import type { IngressEvidence, IngressVerdict } from '../../check/evidence.ts';
import { total } from '../../check/evidence.ts';
import { inWords } from '../headline.ts';
import type { Check, RunRecord } from '../record.ts';
import { sharesAt } from '../shares.ts';
import type { Share } from '../shares.ts';
import { count, duration, milliseconds, percent, range } from '../text.ts';
import { convergenceChart } from './convergence.ts';
import { html } from './html.ts';
import type { Content, Html } from './html.ts';
import { latencyChart } from './latency.ts';

const WORDS: Readonly<Record<IngressVerdict, string>> = {
  pass: '✓ pass',
  fail: '✗ fail',
  inconclusive: '? inconclusive',
  undecided: '? undecided',
};

/** So many ingresses of the last check are shown unfolded; of more, only those that did not pass. */
const UNFOLDED = 6;

/** One check: each ingress with its shares, errors and response times. All but the last check are folded. */
export function checkSection({ checks, limits }: RunRecord, check: Check, index: number): Html {
  const { kind, weights, verdict, evidence, from, to } = check;
  const isLast = index === checks.length - 1;
  const name = `${kind === 'bake' ? 'Bake at' : 'Check of'} ${inWords(weights)}: ${verdict}`;
  const samples = evidence.reduce((sum, one) => sum + one.samples, 0);
  const line = html`<p class="quiet">
    ${count(samples, 'sample')} through ${count(evidence, 'ingress', 'ingresses')}, from ${duration(from)} to
    ${duration(to)} after the begin.
  </p>`;
  const ingresses = evidence.map((one, i) => {
    const id = `check-${String(index)}-${String(i)}`;
    const open = evidence.length <= UNFOLDED || one.verdict !== 'pass';
    return ingressArticle(one, sharesAt(one, limits?.tolerance), id, open);
  });
  return isLast
    ? html`<section>
        <h2>${name}</h2>
        ${line}${ingresses}
      </section>`
    : html`<section>
        <h2>${name}</h2>
        <details>
          <summary>Show the ${count(evidence, 'ingress', 'ingresses')}</summary>
          ${line}${ingresses}
        </details>
      </section>`;
}

function ingressArticle(
  evidence: IngressEvidence,
  shares: readonly Share[],
  id: string,
  open: boolean,
): Html {
  const { cluster, verdict } = evidence;
  const title = `${cluster}: ${WORDS[verdict]}`;
  const body = html`<p>${sentence(evidence)}</p>
    ${sharesTable(shares)} ${answersTable(shares)}
    <div class="charts">
      ${figure(convergenceChart(evidence, shares, `${id}-shares`), 'Shares at a growing number of samples: the line is what users got, dotted the weight, shaded its tolerance.')}${figure(latencyChart(evidence, shares, `${id}-times`), 'Response times of the answers without an error.')}
    </div>`;
  return open
    ? html`<article class="ingress">
        <h3>${title}</h3>
        ${body}
      </article>`
    : html`<details class="ingress">
        <summary>${title}</summary>
        ${body}
      </details>`;
}

function sentence({ url, reason, requests, errors, stale, seconds }: IngressEvidence): string {
  const kinds = [...errors]
    .toSorted((a, b) => b[1] - a[1])
    .map(([kind, number]) => `${String(number)} × ${kind}`);
  const parts = [
    `${count(requests, 'request')} in ${duration(seconds)}`,
    ...(kinds.length === 0 ? [] : [`failed: ${kinds.join(', ')}`]),
    ...(stale.size === 0 ? [] : [`${count(total(stale), 'answer')} under another revision`]),
  ];
  return `${url}: ${reason}; ${parts.join('; ')}.`;
}

function sharesTable(shares: readonly Share[]): Html {
  return html`<table>
    <caption>
      What users got
    </caption>
    <thead>
      <tr>
        <th scope="col">Version</th>
        <th scope="col" class="number">Asked</th>
        <th scope="col" class="number">Users got</th>
        <th scope="col" class="number">Tolerance</th>
        <th scope="col" class="number">Samples</th>
      </tr>
    </thead>
    <tbody>
      ${shares.map(
        ({ version, weight, observed, lower, upper, samples, within }) =>
          html`<tr>
            <th scope="row">${version}</th>
            <td class="number">${percent(weight, 0)}</td>
            <td class="number">
              ${within ? percent(observed) : html`<span class="bad-text">${percent(observed)} ✗</span>`}
            </td>
            <td class="number">${range(lower, upper)}</td>
            <td class="number">${samples.toLocaleString('en')}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function answersTable(shares: readonly Share[]): Html {
  return html`<table>
    <caption>
      Errors and response times
    </caption>
    <thead>
      <tr>
        <th scope="col">Version</th>
        <th scope="col" class="number">Errors</th>
        <th scope="col" class="number">Median</th>
        <th scope="col" class="number">90 %</th>
        <th scope="col" class="number">99 %</th>
      </tr>
    </thead>
    <tbody>
      ${shares.map(({ version, samples, answers }) => {
        const latency = answers?.latency;
        const errors = answers?.errors ?? 0;
        const times =
          latency === undefined ? ['–', '–', '–'] : [latency.p50, latency.p90, latency.p99].map(milliseconds);
        return html`<tr>
          <th scope="row">${version}</th>
          <td class="number">
            ${errors === 0 ? '0' : html`<span class="bad-text">${errors.toLocaleString('en')} (${percent(errors / samples)})</span>`}
          </td>
          ${times.map((time) => html`<td class="number">${time}</td>`)}
        </tr>`;
      })}
    </tbody>
  </table>`;
}

function figure(chart: Html | undefined, caption: string): Content {
  return chart === undefined
    ? undefined
    : html`<figure>
        ${chart}
        <figcaption>${caption}</figcaption>
      </figure>`;
}
