import { setTimeout as delay } from 'node:timers/promises';
import { CanaryError } from '../core/errors.ts';
import type { CheckSpec, VersionSource } from '../release/release.ts';
import { PREVIEW_HEADER } from '../core/marks.ts';
import type { VersionName } from '../core/weights.ts';
import { attribute } from './attribution.ts';
import type { Sample } from './attribution.ts';
import { NO_ANSWER } from './ingress-client.ts';
import type { IngressClient, Reply, Target } from './ingress-client.ts';
import type { IngressEvidence } from './evidence.ts';
import { INGRESS } from '../core/deadlines.ts';

/**
 * So many answers in a row, each over a connection of its own, count as "arrived". Ten meet a replica that a third of the
 * connections reach in 98 of 100 cases, which is enough where all agree at the first look.
 */
const IN_A_ROW = 10;
/**
 * A wrong answer after a right one shows replicas that disagree: one is late, or stays behind. Looking for the same row again and
 * again would find it by chance: 10 come in a row about every 170 answers where a third is wrong, and there is time for hundreds.
 * So each such break asks for ten more than the one before. For a replica that was late that is a matter of a second.
 */
const MORE_AFTER_A_BREAK = 10;
/** In so many a share of 5 %, above which the sampler calls a replica stale, stays unseen in 6 of 1,000 cases. */
const LONGEST_ROW = 100;

export interface ProbeOptions {
  readonly check: CheckSpec;
  readonly signal: AbortSignal;
}

/**
 * Waits until preview requests reach a version through an ingress. Users' traffic is not touched by them.
 *
 * @param revision that the preview route must carry; undefined: any
 * @throws CanaryError with what came back instead, when the time is over, or at once where the version's pods are of another version
 */
export async function awaitPreview(
  client: IngressClient,
  version: VersionName,
  revision: string | undefined,
  known: readonly VersionName[],
  options: ProbeOptions,
): Promise<void> {
  const what = `A preview request (${PREVIEW_HEADER}: ${version})`;
  const arrived = (sample: Sample): boolean => {
    const { contradiction } = sample;
    if (sample.version === version && contradiction !== undefined && known.includes(contradiction)) {
      throw new CanaryError(
        `${what} through the ingress of ${client.target.cluster} was answered by ${contradiction}: the subset ${version} selects pods of ${contradiction}. Compare the labels of the subset with those of the pods, and the image of the pods.`,
      );
    }
    return (
      sample.error === undefined &&
      sample.version === version &&
      (revision === undefined || sample.revision === revision)
    );
  };
  const headers = { [PREVIEW_HEADER]: version };
  await awaitAnswers(
    client,
    { what, whose: version, headers, revision, sharedWithOtherHosts: false, arrived },
    options,
  );
}

/**
 * Waits until the managed route of an ingress answers under a revision.
 *
 * @param options `sharedWithOtherHosts`: whether the route leads a share to other hosts, whose answers carry no revision
 * @throws CanaryError with what came back instead, when the time is over
 */
export async function awaitRevision(
  client: IngressClient,
  revision: string,
  { sharedWithOtherHosts = false, ...options }: ProbeOptions & { readonly sharedWithOtherHosts?: boolean },
): Promise<void> {
  const what = `A request for revision ${revision}`;
  const arrived = (sample: Sample): boolean => sample.revision === revision;
  await awaitAnswers(
    client,
    { what, whose: 'The service', headers: {}, revision, sharedWithOtherHosts, arrived },
    options,
  );
}

interface Wanted {
  readonly what: string;
  /** Who should have answered. */
  readonly whose: string;
  readonly headers: Readonly<Record<string, string>>;
  /** undefined: any */
  readonly revision: string | undefined;
  /** Whether other hosts answer a share of these requests. */
  readonly sharedWithOtherHosts: boolean;
  readonly arrived: (sample: Sample) => boolean;
}

async function awaitAnswers(
  client: IngressClient,
  wanted: Wanted,
  { check, signal }: ProbeOptions,
): Promise<void> {
  const { versionFrom } = check;
  const timeoutMs = Math.min(INGRESS.arrivalMs, check.verifyTimeoutMs);
  const deadline = Date.now() + timeoutMs;
  const missed: Missed[] = [];
  let row = 0;
  let needed = IN_A_ROW;
  let sent = 0;
  while (row < needed) {
    // Slow answers that all are right may take longer; a longer row than ten has no more time than there is.
    if (needed > IN_A_ROW && Date.now() >= deadline)
      throw new NotArrived(client.target, wanted, timeoutMs, sent, missed);
    const reply = await client.send({ headers: wanted.headers, fresh: true, signal });
    sent += 1;
    const sample = attribute(reply, versionFrom);
    if (wanted.arrived(sample)) {
      row += 1;
      continue;
    }
    if (!isNeither(sample, wanted)) {
      if (row > 0) needed = Math.min(needed + MORE_AFTER_A_BREAK, LONGEST_ROW);
      row = 0;
    }
    missed.push({ sample, text: describe(reply, versionFrom) });
    if (Date.now() >= deadline) throw new NotArrived(client.target, wanted, timeoutMs, sent, missed);
    await delay(INGRESS.arrivalPollMs);
    signal.throwIfAborted();
  }
}

/** An answer that says nothing about the replica it came through: it neither counts nor breaks a row. */
function isNeither(sample: Sample, { sharedWithOtherHosts, arrived }: Wanted): boolean {
  if ((sharedWithOtherHosts && sample.unmanaged) || sample.error === NO_ANSWER) return true;
  // An application's own failure got there: how many of them are too many is for the error rate to say.
  return isOwnFailure(sample) && arrived({ ...sample, error: undefined });
}

/** A failure of the application, not of the way to it: Envoy answers 502, 503 and 504 by itself where it reaches no pod. */
function isOwnFailure({ error }: Sample): boolean {
  return error !== undefined && /^status 5(?!0[234])/.test(error);
}

/** An answer that was not the one waited for. */
interface Missed {
  readonly sample: Sample;
  readonly text: string;
}

/** What was waited for did not come through an ingress in time; with what came instead, for a diagnosis. */
export class NotArrived extends CanaryError {
  override readonly name = 'NotArrived';
  /** Without weights: no shares were looked at. */
  readonly evidence: IngressEvidence;

  constructor(
    target: Target,
    { what, whose, revision, sharedWithOtherHosts }: Wanted,
    timeoutMs: number,
    sent: number,
    missed: readonly Missed[],
  ) {
    const { cluster, url, path } = target;
    const unanswered = missed.filter(({ sample }) => sample.error === NO_ANSWER).length;
    const silent = missed.length === sent && missed.at(-1)?.sample.error === NO_ANSWER;
    const kinds = countsOf(missed.map(({ text }) => text));
    const seen = [...kinds]
      .toSorted((a, b) => b[1] - a[1])
      .map(([kind, count]) => `${String(count)} × ${kind}`);
    const foreign = missed.filter(({ sample }) => sharedWithOtherHosts && sample.unmanaged);
    const others = missed.filter(({ sample }) => revision !== undefined && sample.revision !== revision);
    const stale = countsOf(others.map(({ sample }) => sample.revision));
    const remedy =
      sent > missed.length && stale.size > 0
        ? 'The others were right, so a gateway replica seems to stay on an earlier configuration: run istioctl proxy-status.'
        : unanswered > 0
          ? 'Some requests had no answer at all: check whether a version hangs.'
          : 'Check that the path exists (input path) and that no other route matches it.';
    super(
      silent
        ? `${whose} does not answer: ${String(unanswered)} requests through the ingress of ${cluster} (${url}${path}) had no answer within ${String(INGRESS.requestMs / 1000)} s. Check why its pods accept requests and send nothing back.`
        : `${what} did not get through the ingress of ${cluster} (${url}${path}) within ${String(timeoutMs / 1000)} s: of ${String(sent)} answers ${seen.join(', ')}. ${remedy}`,
    );
    this.evidence = {
      cluster,
      url,
      verdict: 'inconclusive',
      reason: this.message,
      weights: new Map(),
      requests: sent,
      samples: sent,
      counts: new Map(),
      versions: new Map(),
      convergence: [],
      errors: countsOf(missed.filter((one) => !foreign.includes(one)).map(({ sample }) => sample.error)),
      stale,
      revision,
      withoutRevision: missed.filter(
        (one) =>
          one.sample.version !== undefined && one.sample.revision === undefined && !foreign.includes(one),
      ).length,
      otherHosts: foreign.length,
      unanswered: 0,
      logEvidence: 0,
      contradictions: new Map(),
      seconds: timeoutMs / 1000,
    };
  }
}

/** How often each of some texts is there; `undefined` is not counted. */
function countsOf(texts: readonly (string | undefined)[]): ReadonlyMap<string, number> {
  const known = texts.filter((text) => text !== undefined);
  return new Map([...Map.groupBy(known, (text) => text)].map(([text, all]) => [text, all.length]));
}

function describe(reply: Reply, versionFrom: VersionSource): string {
  const sample = attribute(reply, versionFrom);
  if (reply.kind === 'failure') return reply.what;
  const told = [
    sample.version === undefined ? undefined : `version ${sample.version}`,
    sample.revision === undefined ? 'no revision' : `revision ${sample.revision}`,
  ];
  return [sample.error ?? 'a success', ...told.filter((part) => part !== undefined)].join(' with ');
}
