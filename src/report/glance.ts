import { agreedWeights, weightsOfMembers } from '../release/cluster-weights.ts';
import type { ClusterName } from '../core/names.ts';
import { sameWeights } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import type { Texts } from '../texts/catalogue.ts';
import type { PlannedRollout } from './run-events.ts';
import type { RunRecord } from './run-record.ts';

/**
 * The whole run in one line: `plan: v1/v2 80/20 → 50/50 in east, west; 3 changes`, `v2 fails; v1/v2 back at 80/20 in east, west`.
 *
 * @param title of the outcome, for a run other than a plan
 */
export function glanceOf(record: RunRecord, title: string, texts: Texts): string {
  const { plan, failure } = record;
  if (plan !== undefined && failure === undefined) return planLine(record, plan, texts);
  const weights = weightsLine(record, texts);
  return weights === undefined ? title : texts.glance.run({ title, weights });
}

function planLine({ held }: RunRecord, plan: PlannedRollout, texts: Texts): string {
  const { changes, weights: to, clusters } = plan;
  const from = weightsOfMembers(held);
  const all = clustersOf(held.length === 0 ? clusters : held.map(({ cluster }) => cluster));
  const touched = clustersOf(changes.map(({ cluster }) => cluster));
  const whereOf = (some: readonly ClusterName[]): string =>
    texts.changes.where({ clusters: some, of: all.length });
  return texts.glance.plan({
    weights: plannedLine(from, to, whereOf(all), texts),
    changes: changes.length,
    only: changes.length === 0 || touched.length >= all.length ? undefined : whereOf(touched),
    unchecked: changes.length > 0 && changes.every(({ tried, denied = false }) => !tried && denied),
  });
}

/** undefined where no one set of weights is in force */
function weightsLine({ held, steps }: RunRecord, texts: Texts): string | undefined {
  const now = agreedWeights(held);
  if (now === undefined) return undefined;
  const clusters = clustersOf(held.map(({ cluster }) => cluster));
  const where = texts.changes.where({ clusters, of: clusters.length });
  const last = steps.at(-1);
  if (last?.direction === 'forward') {
    const first = steps.find(({ direction }) => direction === 'forward');
    return movedLine(first?.before, now, where, texts);
  }
  return texts.glance.at({ ...inFigures(now), where, back: last !== undefined });
}

/** Nothing is in force yet where there are no weights to move from. */
function plannedLine(from: Weights | undefined, to: Weights, where: string, texts: Texts): string {
  if (from !== undefined) return movedLine(from, to, where, texts);
  const { versions, weights } = inFigures(to);
  return texts.glance.moved({ versions, from, to: weights, where });
}

function movedLine(from: Weights | undefined, to: Weights, where: string, { glance }: Texts): string {
  if (from === undefined || sameWeights(from, to)) return glance.at({ ...inFigures(to), where, back: false });
  const versions = [...new Set([...from.keys(), ...to.keys()])];
  return glance.moved({
    versions: versions.join('/'),
    from: figuresOf(from, versions),
    to: figuresOf(to, versions),
    where,
  });
}

function inFigures(weights: Weights): { readonly versions: string; readonly weights: string } {
  const versions = [...weights.keys()];
  return { versions: versions.join('/'), weights: figuresOf(weights, versions) };
}

/** `80/20` */
function figuresOf(weights: Weights, versions: readonly VersionName[]): string {
  return versions.map((version) => String(weights.get(version) ?? 0)).join('/');
}

function clustersOf(names: readonly ClusterName[]): readonly ClusterName[] {
  return [...new Set(names)];
}
