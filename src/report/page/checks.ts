import type { IngressEvidence, IngressVerdict } from '../../verify/evidence.ts';
import { total } from '../../verify/evidence.ts';
import { inEnglish } from '../../texts/texts.ts';
import { inWords } from '../sentences.ts';
import type { Check, Limits, RunRecord } from '../run-record.ts';
import { matrixOf } from '../matrix.ts';
import { podLine } from '../shares.ts';
import type { Share } from '../shares.ts';
import { duration, milliseconds, percent, range } from '../format.ts';
import { count } from '../../core/plural.ts';
import { convergenceChart } from './convergence.ts';
import { figure } from './figure.ts';
import { textsIn } from '../../texts/texts.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { latencyChart } from './latency.ts';
import { matrixBlock } from './matrix.ts';

const VERDICTS: Readonly<Record<IngressVerdict, string>> = {
  pass: '✓ pass',
  fail: '✗ fail',
  inconclusive: '? inconclusive',
  undecided: '? undecided',
};

/** Up to this many ingresses that passed are unfolded, if all did. */
const UNFOLDED = 2;

/** The observations at each ingress in the last check, and folded, those of earlier checks. */
export async function checksSection(
  { checks, limits, language }: RunRecord,
  pause: () => Promise<void>,
): Promise<Html | undefined> {
  const last = checks.at(-1);
  if (last === undefined) return undefined;
  const shown = await ingresses(last, limits, 'check', language, pause);
  const earlier: Html[] = [];
  for (const [i, check] of checks.slice(0, -1).entries()) {
    const body = await ingresses(check, limits, `earlier-${String(i)}`, language, pause);
    earlier.push(
      html`<details>
        <summary>${nameOf(check)}</summary>
        ${body}
      </details>`,
    );
  }
  return html`<section>
      <h2>Observed traffic split: ${nameOf(last)}</h2>
      ${shown}
    </section>
    ${
      earlier.length === 0
        ? undefined
        : html`<section>
            <h2>Earlier checks</h2>
            ${earlier}
          </section>`
    }`;
}

/** `v1 80%, v2 20%, pass` */
function nameOf({ kind, weights, verdict }: Check): string {
  return `${inWords(weights)}, ${kind === 'bake' ? 'bake, ' : ''}${verdict}`;
}

async function ingresses(
  { evidence, from, to }: Check,
  limits: Limits | undefined,
  id: string,
  language: RunRecord['language'],
  pause: () => Promise<void>,
): Promise<Html> {
  const samples = evidence.reduce((sum, one) => sum + one.samples, 0);
  const matrix = matrixOf(evidence, limits?.tolerance);
  const { notable, undecided, passed } = matrix;
  const arePassedOpen = passed.length <= UNFOLDED && passed.length === evidence.length;
  const open = arePassedOpen ? passed : notable;
  const articles: { readonly isOpen: boolean; readonly article: Html }[] = [];
  for (const [i, row] of [...notable, ...undecided, ...passed].entries()) {
    const article = ingressArticle(row.evidence, row.shares, `${id}-${String(i)}`);
    articles.push({ isOpen: open.includes(row), article });
    await pause();
  }
  const others = articles.filter(({ isOpen }) => !isOpen).map(({ article }) => article);
  return html`<p class="quiet">
      ${count(samples, 'sample')} through ${count(evidence, 'ingress', 'ingresses')}, ${duration(from)} to
      ${duration(to)} after the start.
    </p>
    ${matrixBlock(matrix, { language })}
    ${articles.filter(({ isOpen }) => isOpen).map(({ article }) => article)}
    ${
      others.length === 0
        ? undefined
        : html`<details>
            <summary>${textsIn(language).matrix.charts(others.length)}</summary>
            ${others}
          </details>`
    }`;
}

function ingressArticle(evidence: IngressEvidence, shares: readonly Share[], id: string): Html {
  const { cluster, verdict } = evidence;
  return html`<article class="ingress">
    <h3>${cluster}: ${VERDICTS[verdict]}</h3>
    <p>${sentence(evidence)}</p>
    ${podList(evidence)}
    <div class="charts">
      <div>
        ${sharesTable(shares)}
        ${figure(convergenceChart(evidence, shares, `${id}-shares`), 'Shares by number of samples. Line: observed share; dotted: weight; shaded: tolerance.')}
      </div>
      <div>
        ${responsesTable(shares)}
        ${figure(latencyChart(evidence, shares, `${id}-times`), 'Response times of successful requests.')}
      </div>
    </div>
  </article>`;
}

/** How each pod answered that was asked by port-forward. */
function podList({ pods = [] }: IngressEvidence): Html | undefined {
  if (pods.length === 0) return undefined;
  return html`<ul>
    ${pods.map((pod) => html`<li>${podLine(pod)}</li>`)}
  </ul>`;
}

function sentence({ url, reason, requests, errors, stale, seconds }: IngressEvidence): string {
  const kinds = [...errors]
    .toSorted((a, b) => b[1] - a[1])
    .map(([kind, number]) => `${String(number)} × ${kind}`);
  const parts = [
    `${count(requests, 'request')} in ${duration(seconds)}`,
    ...(kinds.length === 0 ? [] : [`failed: ${kinds.join(', ')}`]),
    ...(stale.size === 0 ? [] : [`${count(total(stale), 'response')} under another revision`]),
  ];
  return `${url}: ${inEnglish(reason)}; ${parts.join('; ')}.`;
}

function sharesTable(shares: readonly Share[]): Html {
  return html`<table>
    <caption>
      Traffic split
    </caption>
    <thead>
      <tr>
        <th scope="col">Version</th>
        <th scope="col" class="number">Weight</th>
        <th scope="col" class="number">Observed</th>
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

function responsesTable(shares: readonly Share[]): Html {
  return html`<table>
    <caption>
      Errors and response times
    </caption>
    <thead>
      <tr>
        <th scope="col">Version</th>
        <th scope="col" class="number">Errors</th>
        <th scope="col" class="number">Median</th>
        <th scope="col" class="number">90%</th>
        <th scope="col" class="number">99%</th>
      </tr>
    </thead>
    <tbody>
      ${shares.map(({ version, samples, responses }) => {
        const latency = responses?.latency;
        const errors = responses?.errors ?? 0;
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
