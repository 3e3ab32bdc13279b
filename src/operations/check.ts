import { setTimeout as delay } from 'node:timers/promises';
import type { IngressClient, Target } from '../verify/ingress-client.ts';
import { diagnose } from '../diagnosis/diagnosis.ts';
import { readSnapshot } from '../diagnosis/read-snapshot.ts';
import type { Finding } from '../diagnosis/finding.ts';
import type { Snapshot } from '../diagnosis/snapshot.ts';
import type { IngressEvidence, Verdict } from '../verify/evidence.ts';
import { NotArrived } from '../verify/not-arrived.ts';
import { awaitRevision } from '../verify/probe.ts';
import { sampleAll } from '../verify/sampler.ts';
import type { Watch } from '../verify/sampler.ts';
import { allOf } from '../fleet/fleet.ts';
import { clustersDisagree, clusterWeights } from '../release/cluster-weights.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Release } from '../release/release.ts';
import { lookalikes } from '../release/rival-routes.ts';
import { inSentence } from '../istio/routes.ts';
import type { FleetState } from '../release/state.ts';
import { editsOf, leadsElsewhere, routeStateFor, readRouteStates } from '../release/observed-routing.ts';
import type { RouteState } from '../release/observed-routing.ts';
import type { Weights } from '../core/weights.ts';
import type { CheckKind } from '../report/run-events.ts';
import { evidenceLine } from '../report/evidence-line.ts';
import { capitalized } from '../report/format.ts';
import { stopwatch } from './context.ts';
import type { Context } from './context.ts';
import { decideVerdict } from './verdict.ts';
import type { Evidence } from './verdict.ts';

/** Requests per second and ingress while a step is watched. */
const WATCH_RPS = 5;

/** A check to make. */
export interface CheckRequest {
  readonly clients: readonly IngressClient[];
  readonly weights: Weights;
  /** What the clusters hold now. */
  readonly state: FleetState;
  /** `verify`: until the shares are shown to be right or wrong; `bake`: for a time, unless they are shown to be wrong. */
  readonly kind?: CheckKind;
  /** `recovery`: the step of an earlier run is checked, and the verdict is not this run's. */
  readonly on?: 'this run' | 'recovery';
  /** What makes the samples doubtful, beside what the check finds by itself. */
  readonly doubts?: readonly Finding[];
  /** What to report whatever the verdict. */
  readonly remarks?: readonly Finding[];
  /** Reports that the release was changed meanwhile; asked for unless the check passes. */
  readonly interruption?: () => Promise<Finding | undefined>;
}

/** What a check came to. */
export interface CheckResult {
  readonly verdict: Verdict;
  readonly evidence: readonly IngressEvidence[];
}

/** Samples the ingresses against the weights, decides, and explains what did not pass. */
export async function checkShares(context: Context, request: CheckRequest): Promise<CheckResult> {
  const { release, recorder, log } = context;
  const { clients, weights, state, kind = 'verify', on = 'this run' } = request;
  const inForce = readRouteStates(release, state);
  const elapsed = stopwatch();
  const ingresses = await sample(context, request, inForce);
  recorder.record({ kind: 'sampled', check: kind, weights, evidence: ingresses, seconds: elapsed() });
  for (const one of ingresses) log.info(`${evidenceLine(one)}: ${one.verdict}, ${one.reason}`);
  // The clients stay open during the bake, so these addresses have been logged by then.
  if (kind === 'verify') logLeftOut(context, clients);
  const edited = editsOf(inForce).length > 0 || clustersDisagree(clusterWeights(release, inForce));
  const alike = edited ? [] : mistakable(release, state, inForce, clients);
  const { remarks = [], doubts: given = [] } = request;
  const doubts = [...given, ...alike];
  const found: Evidence = { ingresses, edited, doubts, interrupted: undefined };
  const interrupted = decideVerdict(found) === 'pass' ? undefined : await request.interruption?.();
  const verdict = decideVerdict({ ...found, interrupted });
  recorder.record({ kind: 'judged', verdict, on });
  const known = [...(interrupted === undefined ? [] : [interrupted]), ...remarks, ...doubts];
  if (on === 'this run') await explain(context, verdict, known, { inForce, ingresses });
  return { verdict, evidence: ingresses };
}

/** Records what is known already, and for anything but a pass the causes that the clusters show. */
async function explain(
  context: Context,
  verdict: Verdict,
  known: readonly Finding[],
  {
    inForce,
    ingresses,
  }: { readonly inForce: readonly RouteState[]; readonly ingresses: readonly IngressEvidence[] },
): Promise<void> {
  const causes = verdict === 'pass' ? [] : diagnose(await snapshotOf(context, inForce, ingresses));
  const titles = new Set(known.map(({ title }) => title));
  const findings = [...known, ...causes.filter(({ title }) => !titles.has(title))];
  if (findings.length > 0) context.recorder.record({ kind: 'explained', findings });
}

function sample(
  context: Context,
  { clients, weights, kind }: CheckRequest,
  inForce: readonly RouteState[],
): Promise<readonly IngressEvidence[]> {
  const { release, log, signal } = context;
  return sampleAll(
    clients,
    ({ target }) => ({
      weights,
      revision: routeStateFor(inForce, target.cluster)?.revision,
      sharedWithOtherHosts: isShared(release, inForce, target),
      version: release.version,
    }),
    {
      check: release.check,
      watch: kind === 'bake' ? watching(release) : undefined,
      signal,
      onProgress: (one) => {
        log.info(evidenceLine(one));
      },
    },
  );
}

/** Why the responses that were counted may not be the release's: another route may have given them, under the same mark. */
function mistakable(
  release: Release,
  state: FleetState,
  inForce: readonly RouteState[],
  clients: readonly IngressClient[],
): readonly Finding[] {
  const serving = new Set(clients.flatMap(({ target }) => routeStateFor(inForce, target.cluster) ?? []));
  return [...serving].flatMap((one) =>
    lookalikes(release, state, one)
      .slice(0, 1)
      .map(({ virtualService: vs, route, revision }) => ({
        title: `Another app may have answered in ${one.cluster}`,
        detail: `${capitalized(inSentence(vs, route))} of ${nameOf(vs)} takes the path ${release.check.path} ahead of ${release.app}, and ${revision === undefined ? 'nothing in the responses tells the two apart' : `its responses carry revision ${revision} as well`}: the samples do not show what users of ${release.app} get. Set the inputs path and host to what only ${release.app} answers, or narrow the match or the hosts of that route.`,
      })),
  );
}

function logLeftOut({ log }: Context, clients: readonly IngressClient[]): void {
  for (const { target, leftOut } of clients) {
    for (const [address, why] of leftOut)
      log.info(`${target.cluster}: ${address} is left out, since this machine has no way to it (${why})`);
  }
}

/** What the clusters hold now; if that cannot be read, what was known before. */
async function snapshotOf(
  context: Context,
  inForce: readonly RouteState[],
  evidence: readonly IngressEvidence[],
): Promise<Snapshot> {
  const { release, fleet, recorder, log, signal } = context;
  const { snapshot, unread } = await readSnapshot(fleet, { release, inForce, evidence }, signal);
  if (unread !== undefined) log.warn(`The clusters could not be read to find the cause: ${unread}`);
  else recorder.record({ kind: 'read', held: clusterWeights(release, snapshot.inForce) });
  return snapshot;
}

/** A low rate for the whole time. */
function watching({ traffic, check }: Release): Watch {
  return { forMs: traffic.bakeMs, maxRps: Math.min(check.maxRps, WATCH_RPS) };
}

/** Whether other hosts answer a share of what is asked of an ingress. */
function isShared(release: Release, inForce: readonly RouteState[], { cluster }: Target): boolean {
  const serving = routeStateFor(inForce, cluster);
  return serving !== undefined && leadsElsewhere(serving, release);
}

/**
 * Waits for the time that Istio gets to bring a change to every proxy (input propagation-time): all that can be done if no
 * ingress is sampled that would show its arrival.
 */
export async function awaitPropagation({ release, log, signal }: Context): Promise<void> {
  const { propagationMs } = release.check;
  log.info(
    `No ingress shows when the change has arrived: ${String(propagationMs / 1000)} s are left for it (input propagation-time).`,
  );
  await delay(propagationMs, undefined, { signal }).catch(() => {
    signal.throwIfAborted();
  });
}

/**
 * Waits until every ingress answers under a revision; if one does not, looks for the causes.
 *
 * @param state what the clusters held before the change, which leaves destinations of other hosts as they are
 */
export async function seeRevision(
  context: Context,
  state: FleetState,
  revision: number,
  clients: readonly IngressClient[],
): Promise<void> {
  if (clients.length === 0) await awaitPropagation(context);
  else await explained(context, revisionSeen(context, state, revision, clients));
}

/** The same waits, one for each ingress, whose failure nobody explains. */
export function revisionSeen(
  { release, signal }: Context,
  state: FleetState,
  revision: number,
  clients: readonly IngressClient[],
): readonly Promise<void>[] {
  const inForce = readRouteStates(release, state);
  return clients.map((client) =>
    awaitRevision(client, String(revision), {
      check: release.check,
      sharedWithOtherHosts: isShared(release, inForce, client.target),
      signal,
    }),
  );
}

/** Waits for what the ingresses answer; if that does not come, looks for the causes before the failure goes on. */
export async function explained(context: Context, waits: readonly Promise<void>[]): Promise<void> {
  const missed: IngressEvidence[] = [];
  const watched = waits.map((wait) =>
    wait.catch((error: unknown) => {
      if (error instanceof NotArrived) missed.push(error.evidence);
      throw error;
    }),
  );
  try {
    await allOf(watched);
  } catch (error) {
    const { recorder, log } = context;
    if (missed.length > 0) {
      const findings = diagnose(await snapshotOf(context, [], missed));
      recorder.record({ kind: 'explained', findings });
      for (const { title, detail } of findings) log.warn(`${title}. ${detail}`);
    }
    throw error;
  }
}
