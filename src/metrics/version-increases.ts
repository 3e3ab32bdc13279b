import type { VersionName } from '../core/weights.ts';
import type { VersionLabel } from '../release/metric-specs.ts';
import type { Increase } from './counter-increases.ts';

/** What Istio and Kubernetes call the version, where the metric does not say it. */
const USUAL_LABELS = ['destination_version', 'version'];
/** What Istio says for a request that reached no pod. */
const NO_VERSION: ReadonlySet<string> = new Set(['', 'unknown']);

/** The increases of one poll, by version. */
export interface VersionIncreases {
  readonly of: ReadonlyMap<VersionName, number>;
  /** Of series that name no version. */
  readonly without: number;
}

/** Adds up increases by the version that their labels name. */
export function increasesByVersion(
  increases: readonly Increase[],
  label: VersionLabel | undefined,
): VersionIncreases {
  const of = new Map<VersionName, number>();
  let without = 0;
  for (const { labels, by } of increases) {
    const version = versionOf(labels, label);
    if (version === undefined) without += by;
    else of.set(version, (of.get(version) ?? 0) + by);
  }
  return { of, without };
}

/** The version that labels name; undefined: none. */
export function versionOf(
  labels: ReadonlyMap<string, string>,
  given: VersionLabel | undefined,
): VersionName | undefined {
  const names = given === undefined ? USUAL_LABELS : [given.label];
  const value = names.flatMap((name) => labels.get(name) ?? []).find((text) => !NO_VERSION.has(text));
  if (value === undefined || given?.pattern === undefined) return value;
  return given.pattern.exec(value)?.[1];
}

/** Adds the counts of one poll to totals. */
export function addTo(totals: Map<VersionName, number>, counts: ReadonlyMap<VersionName, number>): void {
  for (const [version, count] of counts) totals.set(version, (totals.get(version) ?? 0) + count);
}
