import { PODS } from '../../core/deadlines.ts';
import { MONOTONIC_CLOCK } from '../../core/clock.ts';
import type { Clock } from '../../core/clock.ts';
import { CanaryError } from '../../core/errors.ts';
import { inputLabel } from '../../core/wording.ts';
import type { Deployment, Pod } from '../objects.ts';
import { candidateOf, podLabels, selectsEndpoint } from '../pod-selection.ts';
import { ProblemTracker } from '../problem-tracker.ts';
import { missingFor } from '../readiness.ts';
import type { Missing } from '../readiness.ts';
import type { ReadyCheck } from '../readiness.ts';
import type { Cluster } from './cluster.ts';

/** Between two looks passes a tenth of the time so far: a long wait makes few calls, and its end is noticed soon. */
const POLL_SHARE = 0.1;
/** Changing counts are reported this often at most. */
const REPORT_MS = 2_000;
/** A wait without progress reports why this often. */
const STALLED_REPORT_MS = 30_000;

export interface ReadyOptions {
  readonly namespace: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called as the counts change, with a text like `east: helloworld-v2 1/3 ready`. */
  readonly onProgress: (text: string) => void;
  readonly clock?: Clock;
}

/**
 * Waits until a version can take traffic in a cluster: its workloads have rolled out, and a pod that its subset selects
 * is ready and part of the mesh. A container that cannot start ends the wait early only if that lasts: see `ProblemTracker`.
 *
 * @throws CanaryError with the cause, as soon as waiting is pointless or the time is up
 */
export async function waitUntilReady(
  cluster: Cluster,
  check: ReadyCheck,
  { namespace, timeoutMs, signal, onProgress, clock = MONOTONIC_CLOCK }: ReadyOptions,
): Promise<void> {
  const start = clock.now();
  const reporter = progressReporter(onProgress, clock);
  const tracker = new ProblemTracker(timeoutMs, clock.now);
  for (;;) {
    const missing = await lookForMissing(cluster, check, namespace, tracker);
    if (missing === undefined) {
      const names = check.workloads.map(({ name }) => name).join(', ');
      reporter.end(`${check.cluster}: ${names || check.version} ready`);
      return;
    }
    const where = `Version ${check.version} in ${check.cluster}`;
    const elapsed = clock.now() - start;
    if (missing.hopeless) throw new CanaryError(`${where} cannot become ready: ${missing.text}`);
    if (elapsed >= timeoutMs) {
      throw new CanaryError(
        `${where} was not ready after ${String(timeoutMs / 1000)} s (${inputLabel('ready-timeout')}): ${missing.text}`,
      );
    }
    reporter.report(`${check.cluster}: ${missing.brief ?? missing.text}`, missing.text);
    await clock.sleep(Math.min(PODS.lastPollMs, Math.max(PODS.firstPollMs, POLL_SHARE * elapsed)), signal);
  }
}

/** Reports changes at a readable rate, a standstill with its reason now and then, and the end if anything was reported. */
function progressReporter(
  onProgress: (text: string) => void,
  { now }: Clock,
): {
  readonly report: (brief: string, text: string) => void;
  readonly end: (text: string) => void;
} {
  let last = '';
  let at = -Infinity;
  return {
    report(brief, text) {
      const stalled = brief === last;
      if (now() - at < (stalled ? STALLED_REPORT_MS : REPORT_MS)) return;
      onProgress(stalled ? `${brief} (${text})` : brief);
      last = brief;
      at = now();
    },
    end(text) {
      if (last !== '') onProgress(text);
    },
  };
}

async function lookForMissing(
  cluster: Cluster,
  check: ReadyCheck,
  namespace: string,
  tracker: ProblemTracker,
): Promise<Missing | undefined> {
  const [pods, workloads] = await Promise.all([
    candidatePods(cluster, check, namespace),
    Promise.all(
      check.workloads.map(({ kind, name }) => cluster.read<Deployment>('apps/v1', kind, name, namespace)),
    ),
  ]);
  return missingFor(check, namespace, pods, workloads, tracker);
}

/** The pods that the subset selects, and those of which that cannot be known: the preview will show it. */
async function candidatePods(
  cluster: Cluster,
  { labels, place }: ReadyCheck,
  namespace: string,
): Promise<readonly Pod[]> {
  const pods = await cluster.list<Pod>('v1', 'Pod', namespace, podLabels(labels));
  return pods.filter((pod) => selectsEndpoint(labels, candidateOf(pod), place) !== false);
}
