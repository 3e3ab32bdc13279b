import type { Texts } from '../../texts/catalogue.ts';
import type { ChangeTexts } from '../../texts/catalogue/sections.ts';
import { say, textsIn } from '../../texts/texts.ts';
import { kindsOfChanges, plannedGroups, writtenGroups } from '../change-groups.ts';
import type { ChangeGroup } from '../change-groups.ts';
import { weightsInForce } from '../holdings.ts';
import { effectOf } from '../net-changes.ts';
import type { ComparedChange } from '../net-changes.ts';
import { plannedEffect, whyUnchecked } from '../planned-change.ts';
import type { PlannedChange } from '../run-events.ts';
import type { RunRecord } from '../run-record.ts';
import { shortenLines } from '../shorten-text.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';

/** The objects of each cluster before and after the run. */
export async function changesSection(
  { changes, held, language }: RunRecord,
  pause: () => Promise<void>,
): Promise<Html | undefined> {
  if (changes.length === 0) return undefined;
  const texts = textsIn(language);
  const groups = writtenGroups(changes, 'whole');
  const clusters = new Set([...held, ...changes].map(({ cluster }) => cluster)).size;
  const show = (group: ChangeGroup<ComparedChange>): Html => changedObject(group, clusters, texts);
  return html`<section>
    <h2>${texts.changes.title}</h2>
    ${await kinds(groups, show, texts.changes, pause)}
  </section>`;
}

/** Many objects of a kind are folded together. */
async function kinds<T>(
  groups: readonly ChangeGroup<T>[],
  show: (group: ChangeGroup<T>) => Html,
  texts: ChangeTexts,
  pause: () => Promise<void>,
): Promise<readonly Html[]> {
  const shown: Html[] = [];
  for (const { kind, groups: own, isFolded } of kindsOfChanges(groups)) {
    const each = await eachOf(own, show, pause);
    shown.push(
      ...(isFolded
        ? [
            html`<details>
              <summary>${texts.folded({ kind, objects: own.length })}</summary>
              ${each}
            </details>`,
          ]
        : each),
    );
  }
  return shown;
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

function changedObject(
  { object, changes, clusters }: ChangeGroup<ComparedChange>,
  all: number,
  texts: Texts,
): Html {
  const { effects, verbs, where, done, unchanged } = texts.changes;
  const [first] = changes;
  const writes = changes.flatMap((change) => change.writes);
  return html`<details>
    <summary>
      <b>${object}</b
      >${done({ done: effects[effectOf(first)], where: where({ clusters, of: all }), reasons: [] })}
    </summary>
    <ul>
      ${writes.map(({ cluster, at, verb, reason }) => html`<li>${texts.page.changes.write({ cluster, at, verb: verbs[verb], reason: say(reason, texts) })}</li>`)}
    </ul>
    ${first.whole === '' ? html`<p>${unchanged}</p>` : differenceBlock(first.whole, texts)}
  </details>`;
}

/** What a rollout would change. */
export async function planSection(
  { plan, held, language }: RunRecord,
  pause: () => Promise<void>,
): Promise<Html | undefined> {
  if (plan === undefined) return undefined;
  const texts = textsIn(language);
  const groups = plannedGroups(plan);
  const show = (group: ChangeGroup<PlannedChange>): Html => plannedObject(group, plan.clusters.length, texts);
  return html`<section>
    <h2>${texts.changes.plan({ from: weightsInForce(held, texts), to: plan.weights })}</h2>
    ${plan.changes.length === 0 ? html`<p>${texts.headline.nothingWouldChange}</p>` : undefined}
    ${await kinds(groups, show, texts.changes, pause)}
  </section>`;
}

function plannedObject(
  { object, changes, clusters, reasons }: ChangeGroup<PlannedChange>,
  all: number,
  texts: Texts,
): Html {
  const { verbs, where: whereOf, clusters: named, done } = texts.changes;
  const [first] = changes;
  const unchecked = whyUnchecked(first, texts);
  const where = whereOf({ clusters, of: all });
  const line = done({
    done: verbs[plannedEffect(first)],
    where,
    reasons: reasons.map((one) => say(one, texts)),
  });
  return html`<details>
    <summary><b>${object}</b>${line}</summary>
    ${clusters.every((cluster) => where.includes(cluster)) ? undefined : html`<p>${named(clusters)}</p>`}
    ${unchecked === undefined ? undefined : html`<p>${unchecked}</p>`} ${differenceBlock(first.diff, texts)}
  </details>`;
}

/** More than a browser shows at ease; report.json has every line. */
const MOST_LINES = 5_000;

/** A unified diff, in which signs and elements distinguish the lines as well as colors. */
function differenceBlock(diff: string, { formats }: Texts): Html {
  const [, , ...hunks] = shortenLines(diff, MOST_LINES, formats).split('\n');
  const lines = hunks.filter((line) => !/^(?:@@ |\\ )/.test(line));
  return html`<pre>
${lines.map((line) => {
      if (line.startsWith('+')) return html`<ins>${line}</ins>`;
      return line.startsWith('-') ? html`<del>${line}</del>` : `${line}\n`;
    })}</pre>`;
}
