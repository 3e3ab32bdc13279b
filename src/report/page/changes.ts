import { formatClusterWeights } from '../../release/cluster-weights.ts';
import { comparedChanges } from '../net-changes.ts';
import type { ComparedChange } from '../net-changes.ts';
import type { PlannedChange } from '../run-events.ts';
import type { RunRecord } from '../run-record.ts';
import { duration } from '../format.ts';
import { count } from '../../core/plural.ts';
import { textsIn } from '../../texts/texts.ts';
import { whyUnchecked } from '../planned-change.ts';
import { inWords } from '../sentences.ts';
import { shortenLines } from '../shorten-text.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';

/** The objects of each cluster before and after the run. */
export async function changesSection(
  { changes, plan }: RunRecord,
  pause: () => Promise<void>,
): Promise<Html | undefined> {
  if (changes.length === 0)
    return plan === undefined
      ? html`<section>
          <h2>Changes</h2>
          <p>Nothing was written.</p>
        </section>`
      : undefined;
  const byCluster = Map.groupBy(comparedChanges(changes), ({ cluster }) => cluster);
  const clusters: Html[] = [];
  for (const [cluster, own] of byCluster)
    clusters.push(
      html`<details>
        <summary>${cluster}: ${count(own, 'object')}</summary>
        ${await eachOf(own, changedObject, pause)}
      </details>`,
    );
  return html`<section>
    <h2>Objects before and after</h2>
    ${clusters}
  </section>`;
}

async function eachOf<T>(
  items: readonly T[],
  show: (item: T) => Html,
  pause: () => Promise<void>,
): Promise<readonly Html[]> {
  const shown: Html[] = [];
  for (const item of items) {
    shown.push(show(item));
    await pause();
  }
  return shown;
}

function changedObject({ object, writes, before, after, whole }: ComparedChange): Html {
  const what = before === undefined ? 'created' : after === undefined ? 'deleted' : 'changed';
  return html`<details>
    <summary>${object}: ${what}</summary>
    <ul>
      ${writes.map(({ at, verb, reason }) => html`<li>${duration(at)}: ${verb}, ${reason}</li>`)}
    </ul>
    ${whole === '' ? html`<p>It is unchanged at the end of the run.</p>` : differenceBlock(whole)}
  </details>`;
}

/** What a rollout would change. */
export async function planSection(
  { plan, held }: RunRecord,
  pause: () => Promise<void>,
): Promise<Html | undefined> {
  if (plan === undefined) return undefined;
  const clusters: Html[] = [];
  for (const cluster of plan.clusters) {
    const own = plan.changes.filter((change) => change.cluster === cluster);
    if (own.length === 0) continue;
    clusters.push(
      html`<details open>
        <summary>${cluster}: ${count(own, 'change')}</summary>
        ${await eachOf(own, plannedObject, pause)}
      </details>`,
    );
  }
  return html`<section>
    <h2>Plan: ${formatClusterWeights(held)} → ${inWords(plan.weights)}</h2>
    ${plan.changes.length === 0 ? html`<p>${textsIn('en').headline.nothingWouldChange}</p>` : undefined}
    ${clusters}
  </section>`;
}

function plannedObject(change: PlannedChange): Html {
  const { verb, object, reason, diff } = change;
  const unchecked = whyUnchecked(change);
  return html`<details>
    <summary>${verb} ${object}: ${reason}</summary>
    ${unchecked === undefined ? undefined : html`<p>${unchecked}</p>`} ${differenceBlock(diff)}
  </details>`;
}

/** More than a browser shows at ease; report.json has every line. */
const MOST_LINES = 5_000;

/** A unified diff, in which signs and elements distinguish the lines as well as colors. */
function differenceBlock(diff: string): Html {
  const [, , ...hunks] = shortenLines(diff, MOST_LINES).split('\n');
  const lines = hunks.filter((line) => !/^(?:@@ |\\ )/.test(line));
  return html`<pre>
${lines.map((line) => {
      if (line.startsWith('+')) return html`<ins>${line}</ins>`;
      return line.startsWith('-') ? html`<del>${line}</del>` : `${line}\n`;
    })}</pre>`;
}
