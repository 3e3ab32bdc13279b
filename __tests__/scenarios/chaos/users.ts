import type { LoadReport } from '../../../testbed/load.ts';
import type { Blow } from './plan.ts';

/** What may cost users an answer, as it happened, in ms since the epoch. */
export interface Struck {
  /** How counts name it. */
  readonly kind: string;
  /** undefined: a first install was undone, and its run has said so */
  readonly blow: Blow | undefined;
  /** The base URL of the cluster's ingress. */
  readonly ingress: string;
  readonly from: number;
  /** When it was over: the part was ready again. */
  readonly until: number;
}

/** Requests that were under way when a blow was over may fail a moment later. */
const MARGIN_MS = 500;
/** Until every gateway has learned that a lost pod is gone. */
const POD_MS = 3_000;

/** The failures that no blow explains: those would be the action's. */
export function unexplained(report: LoadReport, struck: readonly Struck[]): LoadReport['failures'] {
  return report.failures.filter(({ url, atMs, what }) => {
    const at = report.startedAt + atMs;
    return !struck.some((one) => explains(one, { url, at, what }));
  });
}

/** How many failures each kind of blow explains; every kind that was struck is named. */
export function costs(report: LoadReport, struck: readonly Struck[]): ReadonlyMap<string, number> {
  const byKind = new Map<string, number>();
  for (const one of struck) {
    const explained = report.failures.length - unexplained(report, [one]).length;
    byKind.set(one.kind, (byKind.get(one.kind) ?? 0) + explained);
  }
  return byKind;
}

/**
 * What a blow does to users without any release (see the test of the same name): a gateway that is killed has no port open, or
 * cuts the connection, and nothing else; a pod that is lost cuts the requests that it was answering. The loss of an API server or of istiod
 * costs users nothing. A first install that one cluster refuses is undone in the other, where requests get 404 again (docs/transaction.md).
 */
function explains(
  { blow, ingress, from, until }: Struck,
  failure: { readonly url: string; readonly at: number; readonly what: string },
): boolean {
  const { url, at, what } = failure;
  const isNear = url.startsWith(`${ingress}/`) && at >= from && at <= until + MARGIN_MS;
  if (blow === undefined) return isNear && what.startsWith('HTTP 404');
  if (blow.kind === 'pod lost')
    return at >= from && at <= from + POD_MS && what.startsWith('HTTP 503: upstream connect error');
  if (blow.part !== 'gateway') return false;
  return isNear && !what.startsWith('HTTP');
}
