import { INGRESS } from '../core/deadlines.ts';
import { MONOTONIC_CLOCK } from '../core/clock.ts';
import type { Clock } from '../core/clock.ts';
import { CanaryError } from '../core/errors.ts';
import { PREVIEW_HEADER } from '../core/headers.ts';
import type { VersionName } from '../core/weights.ts';
import type { CheckSpec } from '../release/release.ts';
import { attribute } from './attribution.ts';
import type { Sample } from './attribution.ts';
import { NO_RESPONSE } from './failure-kinds.ts';
import type { IngressClient } from './ingress-client.ts';
import { NotArrived, describeReply } from './not-arrived.ts';
import type { Awaited, Missed } from './not-arrived.ts';

/**
 * A change has arrived after this many matching responses in a row, each over its own connection. Ten reach a replica that
 * serves a third of the connections in 98 of 100 cases, which is enough as long as all of them agree.
 */
const IN_A_ROW = 10;
/**
 * A wrong response after a right one shows replicas that disagree: one is late, or stays behind. Waiting for another ten in a row
 * would succeed by chance: where a third is wrong, ten come in a row about every 170 responses, and there is time for hundreds. So
 * each such break requires ten more than the one before. For a replica that was only late, that takes about a second.
 */
const MORE_AFTER_A_BREAK = 10;
/** A share of 5%, above which the sampler calls a replica stale, is missed by this many in 6 of 1,000 cases. */
const LONGEST_ROW = 100;

export interface ProbeOptions {
  readonly check: CheckSpec;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/**
 * Waits until preview requests reach a version through an ingress. Users' traffic is not affected.
 *
 * @param revision that the preview route must set; undefined: any
 * @param known the versions of the release
 * @throws CanaryError with what came back instead: when the time is up, or at once if the version's pods run another version
 */
export async function awaitPreview(
  client: IngressClient,
  version: VersionName,
  revision: string | undefined,
  known: readonly VersionName[],
  options: ProbeOptions,
): Promise<void> {
  const what = `A preview request (${PREVIEW_HEADER}: ${version})`;
  const matches = (sample: Sample): boolean => {
    const { contradiction } = sample;
    if (sample.version === version && contradiction !== undefined && known.includes(contradiction)) {
      throw new CanaryError(
        `${what} through the ingress of ${client.target.cluster} was answered by ${contradiction}: the labels that select ${version} match pods of ${contradiction}. Compare them with those of the pods, and check the image of the pods.`,
      );
    }
    return (
      sample.error === undefined &&
      sample.version === version &&
      (revision === undefined || sample.revision === revision)
    );
  };
  await awaitResponses(
    client,
    { what, whose: version, revision, sharedWithOtherHosts: false, matches },
    { [PREVIEW_HEADER]: version },
    options,
  );
}

/**
 * Waits until the managed route of an ingress responds under a revision.
 *
 * @param options `sharedWithOtherHosts`: whether the route sends a share to other hosts, whose responses carry no revision
 * @throws CanaryError with what came back instead, when the time is up
 */
export async function awaitRevision(
  client: IngressClient,
  revision: string,
  { sharedWithOtherHosts = false, ...options }: ProbeOptions & { readonly sharedWithOtherHosts?: boolean },
): Promise<void> {
  const what = `A request for revision ${revision}`;
  const matches = (sample: Sample): boolean => sample.revision === revision;
  await awaitResponses(
    client,
    { what, whose: 'The service', revision, sharedWithOtherHosts, matches },
    {},
    options,
  );
}

interface Wanted extends Awaited {
  readonly matches: (sample: Sample) => boolean;
}

async function awaitResponses(
  client: IngressClient,
  wanted: Wanted,
  headers: Readonly<Record<string, string>>,
  { check, signal, clock = MONOTONIC_CLOCK }: ProbeOptions,
): Promise<void> {
  const { versionFrom } = check;
  const timeoutMs = Math.min(INGRESS.arrivalMs, check.verifyTimeoutMs);
  const deadline = clock.now() + timeoutMs;
  const missed: Missed[] = [];
  let row = 0;
  /** The pods whose responses are in the row, by UID. */
  const pods = new Set<string>();
  const isComplete = (): boolean => row >= needed && client.pods.isSubsetOf(pods);
  let needed = IN_A_ROW;
  let sent = 0;
  // Each pod that is asked in turn has to have answered; there may be more of them than at the start.
  while (!isComplete()) {
    // Ten slow responses that all match may take longer than the time, as may one of each pod; a longer row may not.
    if (needed > IN_A_ROW && row >= client.pods.size && clock.now() >= deadline)
      throw new NotArrived(client.target, wanted, timeoutMs, sent, missed);
    const reply = await client.send({ headers, fresh: true, signal });
    sent += 1;
    const sample = attribute(reply, versionFrom);
    if (wanted.matches(sample)) {
      row += 1;
      if (reply.pod !== undefined) pods.add(reply.pod.uid);
      continue;
    }
    if (!saysNothing(sample, wanted)) {
      if (row > 0) needed = Math.min(needed + MORE_AFTER_A_BREAK, Math.max(LONGEST_ROW, client.pods.size));
      row = 0;
      pods.clear();
    }
    missed.push({ sample, text: describeReply(reply, sample) });
    if (clock.now() >= deadline) throw new NotArrived(client.target, wanted, timeoutMs, sent, missed);
    await clock.sleep(INGRESS.arrivalPollMs, signal);
  }
}

/** A response that says nothing about the replica it came through: it neither extends nor breaks a row. */
function saysNothing(sample: Sample, { sharedWithOtherHosts, matches }: Wanted): boolean {
  if ((sharedWithOtherHosts && sample.unmanaged) || sample.error === NO_RESPONSE) return true;
  // The application's own failure shows that the request got there. How many are too many, the error rate decides.
  return isApplicationFailure(sample) && matches({ ...sample, error: undefined });
}

/** A failure of the application, not of the way to it: Envoy itself answers 502, 503 and 504 if it reaches no pod. */
function isApplicationFailure({ error }: Sample): boolean {
  return error !== undefined && /^status 5(?!0[234])/.test(error);
}
