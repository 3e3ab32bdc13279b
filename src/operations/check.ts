import { setTimeout as delay } from 'node:timers/promises';
import type { IngressClient, Target } from '../verify/ingress-client.ts';
import { diagnose } from '../diagnosis/diagnosis.ts';
import type { Snapshot, Finding } from '../diagnosis/diagnosis.ts';
import { verdictOf } from '../verify/evidence.ts';
import type { IngressEvidence, Verdict } from '../verify/evidence.ts';
import { NotArrived, awaitRevision } from '../verify/probe.ts';
import { sampleAll } from '../verify/sampler.ts';
import type { Watch } from '../verify/sampler.ts';
import { allOf } from '../fleet/fleet.ts';
import { messageOf } from '../core/errors.ts';
import { contradict, heldBy } from '../release/agreement.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Release } from '../release/release.ts';
import { lookalikes } from '../release/rival-routes.ts';
import { inSentence } from '../istio/routes.ts';
import type { FleetState } from '../release/state.ts';
import { editsOf, leadsElsewhere, routeStateFor, observeRoutes } from '../release/observed-routing.ts';
import type { RouteState } from '../release/observed-routing.ts';
import type { Weights } from '../core/weights.ts';
import { secondsIn } from '../report/run-record.ts';
import { capitalized, evidenceLine } from '../report/format.ts';
import type { Context } from './context.ts';
import { DIAGNOSIS_MS } from '../core/deadlines.ts';

/** Requests per second and ingress while a step is watched. */
const WATCH_RPS = 5;

/** How the shares are looked at: until they are shown to be right, or for a time, unless they are shown to be wrong. */
export type CheckMode = 'decide' | 'watch';

/**
 * Samples the ingresses against the weights and writes verdict, evidence and findings into the journal.
 *
 * @param state what the clusters hold now
 */
export async function checkShares(
  context: Context,
  clients: readonly IngressClient[],
  weights: Weights,
  state: FleetState,
  manner: CheckMode = 'decide',
): Promise<Verdict> {
  const { release, journal, log, signal } = context;
  const inForce = observeRoutes(release, state);
  const from = secondsIn(journal);
  const evidence = await sampleAll(
    clients,
    ({ target }) => ({
      weights,
      revision: routeStateFor(inForce, target.cluster)?.revision,
      sharedWithOtherHosts: isShared(release, inForce, target),
      version: release.version,
    }),
    {
      check: release.check,
      watch: manner === 'watch' ? watching(release) : undefined,
      signal,
      onProgress: (one) => {
        log.info(evidenceLine(one));
      },
    },
  );
  for (const one of evidence) log.info(`${evidenceLine(one)}: ${one.verdict}, ${one.reason}`);
  // The clients stay while a step is watched: what was told then is not told again.
  if (manner === 'decide') tellLeftOut(context, clients);
  // Whoever edits one cluster's weights breaks the release even while the shares are within the tolerance.
  const edited = editsOf(inForce).length > 0 || contradict(heldBy(release, inForce));
  const alike = edited ? [] : mistakable(release, state, inForce, clients);
  const shown = edited ? 'fail' : verdictOf(evidence);
  const verdict = shown === 'pass' && alike.length > 0 ? 'inconclusive' : shown;
  const kind = manner === 'watch' ? 'bake' : 'verify';
  journal.checks = [...journal.checks, { kind, weights, verdict, evidence, from, to: secondsIn(journal) }];
  journal.evidence = evidence;
  journal.verdict = verdict;
  journal.findings =
    verdict === 'pass' ? [] : [...alike, ...diagnose(await factsFor(context, inForce, evidence))];
  return verdict;
}

/** Why the responses that were counted may be none of the release's: another route may have given them, under the same mark. */
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

function tellLeftOut({ log }: Context, clients: readonly IngressClient[]): void {
  for (const { target, leftOut } of clients) {
    for (const [address, why] of leftOut)
      log.info(`${target.cluster}: ${address} is left out, since this machine has no way to it (${why})`);
  }
}

/** What the clusters hold now that the verdict is no pass; where that cannot be read, what was known before. */
async function factsFor(
  context: Context,
  inForce: readonly RouteState[],
  evidence: readonly IngressEvidence[],
): Promise<Snapshot> {
  const { release, fleet, log } = context;
  // Earlier weights may be waiting to be given back: an explanation must not hold that up for long.
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(DIAGNOSIS_MS)]);
  try {
    const state = await fleet.withSignal(signal).read(release);
    const now = observeRoutes(release, state);
    context.journal.held = heldBy(release, now);
    return { release, evidence, state, inForce: now };
  } catch (error) {
    log.warn(`The causes could not be looked for in every object: ${messageOf(error)}`);
    return { release, evidence, state: undefined, inForce };
  }
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
 * Waits for the time that Istio gets to bring what was written to every proxy (input propagation-time): all that can be done
 * where no ingress is sampled that would show it.
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
 * Waits until every ingress answers under a revision.
 *
 * @param state what the clusters held before the change, which leaves destinations of other hosts as they are
 */
export async function seeRevision(
  context: Context,
  state: FleetState,
  revision: number,
  clients: readonly IngressClient[],
): Promise<void> {
  const { release, signal } = context;
  if (clients.length === 0) {
    await awaitPropagation(context);
    return;
  }
  const inForce = observeRoutes(release, state);
  await explained(
    context,
    clients.map((client) =>
      awaitRevision(client, String(revision), {
        check: release.check,
        sharedWithOtherHosts: isShared(release, inForce, client.target),
        signal,
      }),
    ),
  );
}

/** Runs a wait for answers; where they do not come, the causes are looked for before its failure goes on. */
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
    const { journal, log } = context;
    // What made a run fail has been explained before what then went wrong in giving back.
    if (missed.length > 0 && journal.findings.length === 0) {
      journal.findings = diagnose(await factsFor(context, [], missed));
      for (const { title, detail } of journal.findings) log.warn(`${title}. ${detail}`);
    }
    throw error;
  }
}

/** Checks the shares against what the config clusters hold by now. */
export async function checkNow(
  context: Context,
  state: FleetState,
  weights: Weights,
  clients: readonly IngressClient[],
  manner: CheckMode = 'decide',
): Promise<Verdict> {
  const { release, fleet, journal } = context;
  const now = journal.changes.length === 0 ? state : await fleet.readAgain(release, state);
  return checkShares(context, clients, weights, now, manner);
}
