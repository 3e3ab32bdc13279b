import { formatClusterWeights } from '../../release/cluster-weights.ts';
import { textDifference } from '../difference.ts';
import { netChanges } from '../net-changes.ts';
import type { NetChange } from '../net-changes.ts';
import type { PlannedChange } from '../run-events.ts';
import type { RunRecord } from '../run-record.ts';
import { count, duration } from '../format.ts';
import { NOTHING_WOULD_CHANGE } from '../headline.ts';
import { whyUnchecked } from '../planned-change.ts';
import { inWords } from '../sentences.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';

/** The objects of each cluster before and after the run. */
export function changesSection({ changes, plan }: RunRecord): Html | undefined {
  if (changes.length === 0)
    return plan === undefined
      ? html`<section>
          <h2>Changes</h2>
          <p>Nothing was written.</p>
        </section>`
      : undefined;
  const byCluster = Map.groupBy(netChanges(changes), ({ cluster }) => cluster);
  return html`<section>
    <h2>Objects before and after</h2>
    ${[...byCluster].map(
      ([cluster, own]) =>
        html`<details>
          <summary>${cluster}: ${count(own, 'object')}</summary>
          ${own.map(changedObject)}
        </details>`,
    )}
  </section>`;
}

function changedObject({ object, writes, before, after }: NetChange): Html {
  const what = before === undefined ? 'created' : after === undefined ? 'deleted' : 'changed';
  // Show the whole object, not only the lines around a change.
  const diff = textDifference(object, before, after, Infinity);
  return html`<details>
    <summary>${object}: ${what}</summary>
    <ul>
      ${writes.map(({ at, verb, reason }) => html`<li>${duration(at)}: ${verb}, ${reason}</li>`)}
    </ul>
    ${diff === '' ? html`<p>It is unchanged at the end of the run.</p>` : differenceBlock(diff)}
  </details>`;
}

/** What a rollout would change. */
export function planSection({ plan, held }: RunRecord): Html | undefined {
  if (plan === undefined) return undefined;
  return html`<section>
    <h2>Plan: ${formatClusterWeights(held)} → ${inWords(plan.weights)}</h2>
    ${plan.changes.length === 0 ? html`<p>${NOTHING_WOULD_CHANGE}</p>` : undefined}
    ${plan.clusters.map((cluster) => {
      const own = plan.changes.filter((change) => change.cluster === cluster);
      return own.length === 0
        ? undefined
        : html`<details open>
            <summary>${cluster}: ${count(own, 'change')}</summary>
            ${own.map(plannedObject)}
          </details>`;
    })}
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

/** A unified diff, in which signs and elements distinguish the lines as well as colors. */
function differenceBlock(diff: string): Html {
  const [, , ...hunks] = diff.split('\n');
  const lines = hunks.filter((line) => !/^(?:@@ |\\ )/.test(line));
  return html`<pre>
${lines.map((line) => {
      if (line.startsWith('+')) return html`<ins>${line}</ins>`;
      return line.startsWith('-') ? html`<del>${line}</del>` : `${line}\n`;
    })}</pre>`;
}
