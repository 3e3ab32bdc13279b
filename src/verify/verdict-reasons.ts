import type { VersionName } from '../core/weights.ts';
import type { CheckSpec } from '../release/release.ts';
import type { FailedValues, SampledValues, SilentValues } from '../texts/catalogue/verdicts.ts';
import type { Message } from '../texts/message.ts';
import { NO_RESPONSE } from './failure-kinds.ts';
import type { SampleCounts, Expectation } from './sample-counts.ts';
import { total } from './evidence.ts';
import type { IngressVerdict } from './evidence.ts';
import { INGRESS } from '../core/deadlines.ts';

/** A version is called silent only if chance explains its silence with at most this probability. */
const LUCK = 0.01;

/** What was counted at one ingress, and what it is tested against. */
export interface Counted {
  readonly check: CheckSpec;
  readonly expected: Expectation;
  readonly counts: Readonly<SampleCounts>;
  readonly logEvidence: number;
  /** Requests that failed while the ingress was away for a moment. */
  readonly setAside: number;
}

function sampled({ counts: { samples, otherHosts } }: Counted): SampledValues {
  return { samples, otherHosts };
}

export function sharesDiffer(counted: Counted): Message {
  const { expected, counts, logEvidence } = counted;
  const uninvited = [...counts.versions].filter(
    ([version, count]) => expected.weights.get(version) === 0 && count > 0,
  );
  if (uninvited.length > 0)
    return { kind: 'weightlessVersions', versions: new Map(uninvited), samples: counts.samples };
  return { kind: 'sharesDiffer', ...sampled(counted), logEvidence };
}

/** The samples that the test takes did not decide. */
export function nearTheEdge(counted: Counted): Message {
  const kind = counted.check.maxSamples === undefined ? 'nearTheEdge' : 'maxSamplesReached';
  return { kind, ...sampled(counted) };
}

/** As many samples as are allowed did not rule out what prevents a pass. */
export function openAtMaxSamples(counted: Counted, why: Message): Message {
  return { kind: 'openAtMaxSamples', ...sampled(counted), why };
}

function failures({ counts: { errors, judged } }: Counted): FailedValues {
  return { failed: total(errors), judged };
}

/** Too many requests failed. If they got no response at all, it says which versions did respond. */
export function tooManyErrors(counted: Counted): Message {
  const { errors, judged } = counted.counts;
  const limit = counted.check.maxErrorRate;
  const unanswered = errors.get(NO_RESPONSE) ?? 0;
  if (unanswered === total(errors)) {
    const seconds = INGRESS.requestMs / 1000;
    return { kind: 'noResponses', ...silence(counted), unanswered, judged, seconds, limit };
  }
  const kinds = new Map([...errors].toSorted((a, b) => b[1] - a[1]));
  return { kind: 'tooManyErrors', ...failures(counted), limit, kinds };
}

/** Why a check ended without a decision on its samples. */
export function withoutDecision(
  verdict: IngressVerdict,
  counted: Counted,
  {
    watchMs,
    seconds,
    obstacle,
  }: {
    /** How long the step was to be watched; undefined: until there is a verdict. */
    readonly watchMs: number | undefined;
    /** How long it was sampled. */
    readonly seconds: number;
    /** What prevented a pass. */
    readonly obstacle: Message | undefined;
  },
): Message {
  if (verdict === 'undecided') return { kind: 'stoppedEarly', ...sampled(counted) };
  const limit = String((watchMs ?? counted.check.verifyTimeoutMs) / 1000);
  if (verdict !== 'pass')
    return outOfTime(counted, watchMs === undefined ? limit : seconds.toFixed(1), obstacle);
  if (watchMs === undefined) return sharesMatch(counted);
  const { setAside } = counted;
  return { kind: 'noDrift', ...sampled(counted), seconds: limit, failures: failures(counted), setAside };
}

export function unknownVersion({ expected: { weights } }: Counted, version: VersionName): Message {
  return { kind: 'unknownVersion', version, weights };
}

export function contradictingBodies({ counts: { contradictions } }: Counted): Message {
  return { kind: 'contradictingBodies', pairs: new Map(contradictions) };
}

export function sharesMatch(counted: Counted): Message {
  return { kind: 'sharesMatch', ...sampled(counted), setAside: counted.setAside };
}

/** The time is up. */
function outOfTime(counted: Counted, seconds: string, why: Message | undefined): Message {
  const { unanswered } = counted.counts;
  const open = unanswered === 0 ? undefined : { ...silence(counted), unanswered };
  return { kind: 'outOfTime', ...sampled(counted), seconds, why, open };
}

/** The versions that should have responded by now, and did not; and those that did, unless all of them did. */
function silence({ expected: { weights }, counts: { versions, samples } }: Counted): SilentValues {
  const sum = [...weights.values()].reduce((a, b) => a + b, 0);
  const silent = [...weights].filter(([version, weight]) => weight > 0 && versions.get(version) === 0);
  const share = silent.reduce((all, [, weight]) => all + weight / sum, 0);
  const isLuck = samples === 0 || (1 - share) ** samples > LUCK;
  const responders = [...versions].filter(([, count]) => count > 0).map(([version]) => version);
  return {
    silent: isLuck ? [] : silent.map(([version]) => version),
    responders: samples === 0 || responders.length === versions.size ? [] : responders,
    samples,
  };
}

/** Responses under a revision other than the one in force. */
export function staleResponses({ counts: { stale, own }, expected: { revision = '' } }: Counted): Message {
  return { kind: 'staleResponses', own, revision, stale: new Map(stale) };
}

/** Responses that no managed route gave. */
export function responsesWithoutRevision({
  counts: { withoutRevision, own },
  expected: { revision = '' },
}: Counted): Message {
  return { kind: 'withoutRevision', own, revision, withoutRevision };
}
