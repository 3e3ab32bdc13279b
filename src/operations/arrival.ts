import { inputLabel } from '../core/wording.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { inEnglish } from '../texts/texts.ts';
import { allOf } from '../fleet/fleet.ts';
import type { Observation } from '../release/observation.ts';
import { allClusters } from '../release/release.ts';
import { isSharedWithOtherHosts } from '../release/route-state.ts';
import type { IngressEvidence } from '../verify/evidence.ts';
import type { IngressClient } from '../verify/ingress-client.ts';
import { NotArrived } from '../verify/not-arrived.ts';
import { awaitRevision } from '../verify/probe.ts';
import type { Context } from './context.ts';
import { causesOf } from './explain.ts';

/**
 * Waits for the time that Istio gets to bring a change to every proxy (input propagation-time) where clusters have no ingress that is
 * sampled: all that can be done there, whatever the other clusters show.
 */
export async function awaitPropagation(
  { release, log, signal }: Context,
  clients: readonly IngressClient[],
): Promise<void> {
  const { propagationMs } = release.check;
  const sampled = new Set(clients.map(({ target }) => target.cluster));
  const unseen = allClusters(release).filter((name) => !sampled.has(name));
  if (unseen.length === 0) return;
  const where = sampled.size === 0 ? '' : ` in ${unseen.join(', ')}`;
  log.info(
    `No ingress is sampled${where} to show when the change has arrived, so the run waits ${String(propagationMs / 1000)} s (${inputLabel('propagation-time')}).`,
  );
  await delay(propagationMs, undefined, { signal }).catch(() => {
    signal.throwIfAborted();
  });
}

/**
 * Waits until every ingress answers under a revision, and for the time that a change takes to the others; if one does not, looks for the
 * causes.
 *
 * @param observed what the clusters held before the change, which leaves destinations of other hosts as they are
 */
export async function seeRevision(
  context: Context,
  observed: Pick<Observation, 'routes'>,
  revision: number,
  clients: readonly IngressClient[],
): Promise<void> {
  await allOf([
    awaitPropagation(context, clients),
    explained(context, revisionSeen(context, observed, revision, clients)),
  ]);
}

/** The same waits, one for each ingress, whose failure nobody explains. */
export function revisionSeen(
  { release, signal }: Context,
  observed: Pick<Observation, 'routes'>,
  revision: number,
  clients: readonly IngressClient[],
): readonly Promise<void>[] {
  return clients.map((client) =>
    awaitRevision(client, String(revision), {
      check: release.check,
      sharedWithOtherHosts: isSharedWithOtherHosts(observed.routes, client.target.cluster),
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
      const findings = await causesOf(context, [], missed);
      recorder.record({ kind: 'explained', findings });
      for (const { title, detail } of findings) log.warn(inEnglish({ kind: 'findingLine', title, detail }));
    }
    throw error;
  }
}
