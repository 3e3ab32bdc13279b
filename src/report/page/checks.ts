import type { IngressEvidence, IngressVerdict } from '../../verify/evidence.ts';
import { total } from '../../verify/evidence.ts';
import type { Texts } from '../../texts/catalogue.ts';
import type { VerdictName } from '../../texts/catalogue/outcomes.ts';
import { say, textsIn } from '../../texts/texts.ts';
import type { Check, Limits, RunRecord } from '../run-record.ts';
import { matrixOf } from '../matrix.ts';
import type { MatrixRow } from '../matrix.ts';
import { isSetOff, podLine } from '../shares.ts';
import type { Share } from '../shares.ts';
import { tellsFailures } from '../symptoms.ts';
import { percent, range } from '../format.ts';
import { convergenceChart } from './convergence.ts';
import { figure } from './figure.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { markedVerdict } from './marks.ts';
import { latencyChart } from './latency.ts';
import { matrixBlock } from './matrix.ts';

/** A verdict at one ingress outweighs the later ones. */
const BY_WEIGHT: readonly IngressVerdict[] = ['fail', 'inconclusive', 'undecided', 'pass'];

/** Up to this many ingresses that passed are unfolded, if all did. */
const UNFOLDED = 2;

/** The observations at each ingress in the last check. */
export async function checkSection(
  { checks, limits, language }: RunRecord,
  pause: () => Promise<void>,
): Promise<Html | undefined> {
  const last = checks.at(-1);
  if (last === undefined) return undefined;
  const texts = textsIn(language);
  return html`<section>
    <h2>
      ${texts.formats.label(texts.matrix.title)}${texts.page.checks.name({ ...last, verdict: splitVerdictOf(last) })}
    </h2>
    ${await ingresses(last, limits, 'check', texts, pause)}
  </section>`;
}

/** The verdict on the shares alone, without that of metrics. */
function splitVerdictOf({ evidence, verdict }: Check): VerdictName {
  const found = new Set(evidence.map((one) => one.verdict));
  return BY_WEIGHT.find((one) => found.has(one)) ?? verdict;
}

/** The same of the checks before, folded. */
export async function earlierChecksSection(
  { checks, limits, language }: RunRecord,
  pause: () => Promise<void>,
): Promise<Html | undefined> {
  if (checks.length < 2) return undefined;
  const texts = textsIn(language);
  const { name, earlier: heading } = texts.page.checks;
  const earlier: Html[] = [];
  for (const [i, check] of checks.slice(0, -1).entries()) {
    const body = await ingresses(check, limits, `earlier-${String(i)}`, texts, pause);
    earlier.push(
      html`<details>
        <summary>${name(check)}</summary>
        ${body}
      </details>`,
    );
  }
  return html`<section>
    <h2>${heading}</h2>
    ${earlier}
  </section>`;
}

async function ingresses(
  { evidence, from, to }: Check,
  limits: Limits | undefined,
  id: string,
  texts: Texts,
  pause: () => Promise<void>,
): Promise<Html> {
  const samples = evidence.reduce((sum, one) => sum + one.samples, 0);
  const matrix = matrixOf(evidence, limits?.tolerance);
  const { notable, undecided, passed } = matrix;
  const arePassedOpen = passed.length <= UNFOLDED && passed.length === evidence.length;
  const open = arePassedOpen ? passed : notable;
  const shown: Html[] = [];
  const others: Html[] = [];
  for (const [i, row] of [...notable, ...undecided, ...passed].entries()) {
    (open.includes(row) ? shown : others).push(ingressArticle(row, `${id}-${String(i)}`, texts));
    await pause();
  }
  return html`<p class="quiet">
      ${texts.page.checks.sampled({ samples, ingresses: evidence.length, from, to })}
    </p>
    ${matrixBlock(matrix, texts)} ${shown}
    ${
      others.length === 0
        ? undefined
        : html`<details>
            <summary>${texts.matrix.charts({ ingresses: others.length, shown: shown.length })}</summary>
            ${others}
          </details>`
    }`;
}

function ingressArticle({ evidence, shares }: MatrixRow, id: string, texts: Texts): Html {
  const { cluster, verdict } = evidence;
  const { charts } = texts.page;
  return html`<article class="ingress">
    <h3>${texts.formats.label(cluster)}${markedVerdict(verdict, texts)}</h3>
    <p>${sentence(evidence, texts)}</p>
    ${podList(evidence, texts)}
    <div class="charts">
      <div>
        ${sharesTable(shares, verdict, texts)}
        ${figure(convergenceChart(evidence, shares, `${id}-shares`, texts), charts.shares.caption)}
      </div>
      <div>
        ${responsesTable(shares, texts)}
        ${figure(latencyChart(evidence, shares, `${id}-times`, texts), charts.times.caption)}
      </div>
    </div>
  </article>`;
}

/** How each pod answered that was asked by port-forward. */
function podList({ pods = [] }: IngressEvidence, texts: Texts): Html | undefined {
  if (pods.length === 0) return undefined;
  return html`<ul>
    ${pods.map((pod) => html`<li>${podLine(pod, texts)}</li>`)}
  </ul>`;
}

function sentence({ url, reason, requests, errors, stale, seconds }: IngressEvidence, texts: Texts): string {
  const { page, formats, failures, evidence } = texts;
  const kinds = new Map([...errors].toSorted((a, b) => b[1] - a[1]));
  const parts = [
    say(reason, texts),
    evidence.requests({ requests, seconds }),
    ...(kinds.size === 0 || tellsFailures(reason) ? [] : [page.checks.failed(failures.kinds(kinds))]),
    ...(stale.size === 0 ? [] : [evidence.stale(total(stale))]),
  ];
  return `${formats.label(url)}${formats.parts(parts)}${page.stop}`;
}

function sharesTable(
  shares: readonly Share[],
  verdict: IngressVerdict,
  { page, labels, formats }: Texts,
): Html {
  const { columns } = labels;
  return html`<table>
    <caption>
      ${page.tables.shares}
    </caption>
    <thead>
      <tr>
        <th scope="col">${columns.version}</th>
        <th scope="col" class="number">${columns.weight}</th>
        <th scope="col" class="number">${columns.observed}</th>
        <th scope="col" class="number">${columns.tolerance}</th>
        <th scope="col" class="number">${columns.samples}</th>
      </tr>
    </thead>
    <tbody>
      ${shares.map(
        ({ version, weight, observed, lower, upper, samples, within }) =>
          html`<tr>
            <th scope="row">${version}</th>
            <td class="number">${percent(weight, 0)}</td>
            <td class="number">
              ${isSetOff({ within }, verdict) ? html`<span class="bad-text">${percent(observed)} ✗</span>` : percent(observed)}
            </td>
            <td class="number">${range(lower, upper)}</td>
            <td class="number">${formats.number(samples)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function responsesTable(shares: readonly Share[], { page, labels, formats }: Texts): Html {
  const { columns } = labels;
  const { p90, p99 } = page.tables.percentiles;
  return html`<table>
    <caption>
      ${page.tables.responses}
    </caption>
    <thead>
      <tr>
        <th scope="col">${columns.version}</th>
        <th scope="col" class="number">${columns.errors}</th>
        <th scope="col" class="number">${columns.median}</th>
        <th scope="col" class="number">${p90}</th>
        <th scope="col" class="number">${p99}</th>
      </tr>
    </thead>
    <tbody>
      ${shares.map(({ version, samples, responses }) => {
        const latency = responses?.latency;
        const errors = responses?.errors ?? 0;
        const times =
          latency === undefined
            ? ['–', '–', '–']
            : [latency.p50, latency.p90, latency.p99].map(formats.milliseconds);
        return html`<tr>
          <th scope="row">${version}</th>
          <td class="number">
            ${errors === 0 ? '0' : html`<span class="bad-text">${formats.number(errors)} (${percent(errors / samples)})</span>`}
          </td>
          ${times.map((time) => html`<td class="number">${time}</td>`)}
        </tr>`;
      })}
    </tbody>
  </table>`;
}
