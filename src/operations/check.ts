import type { IngressClient } from '../check/client.ts';
import { diagnose } from '../check/diagnosis.ts';
import type { Facts } from '../check/diagnosis.ts';
import { verdictOf } from '../check/evidence.ts';
import type { IngressEvidence, Verdict } from '../check/evidence.ts';
import { awaitRevision } from '../check/probe.ts';
import { sampleAll } from '../check/sampler.ts';
import { allOf } from '../fleet/fleet.ts';
import { readSurroundings } from '../fleet/surroundings.ts';
import { messageOf } from '../release/errors.ts';
import type { CheckSpec } from '../release/release.ts';
import type { FleetState } from '../release/state.ts';
import { editsOf, servingOf, weightsInForce } from '../release/traffic.ts';
import type { InForce } from '../release/traffic.ts';
import type { Weights } from '../release/weights.ts';
import { secondsIn } from '../report/record.ts';
import { evidenceLine } from '../report/text.ts';
import type { Context } from './context.ts';

/** Requests per second and ingress while a step is watched. */
const WATCH_RPS = 5;

/** How the shares are looked at: until they are shown to be right, or for a time, unless they are shown to be wrong. */
export type Manner = 'decide' | 'watch';

/**
 * Samples the ingresses against the weights and writes verdict, evidence and findings into the journal.
 *
 * @param inForce what the config clusters hold now
 */
export async function checkShares(
  context: Context,
  clients: readonly IngressClient[],
  weights: Weights,
  inForce: readonly InForce[],
  manner: Manner = 'decide',
): Promise<Verdict> {
  const { release, journal, log, signal } = context;
  const from = secondsIn(journal);
  const evidence = await sampleAll(
    clients,
    ({ target }) => ({
      weights,
      revision: servingOf(inForce, target.cluster)?.revision,
      version: release.version,
    }),
    {
      check: manner === 'watch' ? watching(release.traffic.bakeMs, release.check) : release.check,
      watch: manner === 'watch',
      signal,
      onProgress: (one) => {
        log.info(evidenceLine(one));
      },
    },
  );
  for (const one of evidence) log.info(`${evidenceLine(one)}: ${one.verdict}, ${one.reason}`);
  // Whoever edits one cluster's weights breaks the release even while the shares are within the tolerance.
  const edited = editsOf(inForce).length > 0;
  const verdict = edited ? 'fail' : verdictOf(evidence);
  const kind = manner === 'watch' ? 'bake' : 'verify';
  journal.checks = [...journal.checks, { kind, weights, verdict, evidence, from, to: secondsIn(journal) }];
  journal.evidence = evidence;
  journal.verdict = verdict;
  journal.findings = verdict === 'pass' ? [] : diagnose(await factsFor(context, inForce, evidence));
  return verdict;
}

/** What the clusters hold now that the verdict is no pass; where that cannot be read, what was known before. */
async function factsFor(
  { release, fleet, log }: Context,
  inForce: readonly InForce[],
  evidence: readonly IngressEvidence[],
): Promise<Facts> {
  try {
    const surroundings = await readSurroundings(fleet, release);
    return { release, evidence, surroundings, inForce: weightsInForce(release, surroundings.state) };
  } catch (error) {
    log.warn(`The causes could not be looked for in every object: ${messageOf(error)}`);
    return { release, evidence, surroundings: undefined, inForce };
  }
}

/** A low rate for the whole time. */
function watching(bakeMs: number, check: CheckSpec): CheckSpec {
  return { ...check, maxRps: Math.min(check.maxRps, WATCH_RPS), verifyTimeoutMs: bakeMs };
}

/** Waits until every ingress answers under a revision. */
export async function seeRevision(
  { release, signal }: Context,
  revision: number,
  clients: readonly IngressClient[],
): Promise<void> {
  await allOf(
    clients.map((client) => awaitRevision(client, String(revision), { check: release.check, signal })),
  );
}

/** Checks the shares against what the config clusters hold by now. */
export async function checkNow(
  context: Context,
  state: FleetState,
  weights: Weights,
  clients: readonly IngressClient[],
  manner: Manner = 'decide',
): Promise<Verdict> {
  const { release, fleet, journal } = context;
  const now = journal.changes.length === 0 ? state : await fleet.readAgain(release, state);
  return checkShares(context, clients, weights, weightsInForce(release, now), manner);
}
