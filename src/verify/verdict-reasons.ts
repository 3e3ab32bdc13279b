import type { VersionName } from '../core/weights.ts';
import type { CheckSpec } from '../release/release.ts';
import { NO_RESPONSE } from './failure-kinds.ts';
import type { SampleCounts, Expectation } from './sample-counts.ts';
import { total } from './evidence.ts';
import type { IngressVerdict } from './evidence.ts';
import { chanceInWords } from './statistics/significance.ts';
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

export function countedSamples({ counts: { samples, otherHosts } }: Counted): string {
  const others = otherHosts === 0 ? '' : ` besides ${String(otherHosts)} responses from other hosts`;
  return `${String(samples)} samples${others}`;
}

export function sharesDiffer(counted: Counted): string {
  const { expected, counts, logEvidence } = counted;
  const uninvited = [...counts.versions].filter(
    ([version, count]) => expected.weights.get(version) === 0 && count > 0,
  );
  if (uninvited.length > 0) {
    const told = uninvited.map(([version, count]) => `${version} gave ${String(count)}`);
    return `${told.join(' and ')} of ${String(counts.samples)} responses, although its weight is 0`;
  }
  const chance = chanceInWords(logEvidence);
  const luck = chance === undefined ? '' : `; chance of seeing this if the split were right: ${chance}`;
  return `the shares do not match the weights (${countedSamples(counted)}${luck})`;
}

/** The samples that the test takes did not decide. */
export function nearTheEdge(counted: Counted): string {
  const { maxSamples } = counted.check;
  return maxSamples === undefined
    ? `undecided after ${countedSamples(counted)}: the shares differ from the weights by about the tolerance (look for a small cause, or raise the input tolerance)`
    : `undecided after ${countedSamples(counted)}, as many as the input max-samples allows: raise it, or omit it`;
}

function failures({ counts: { errors, judged } }: Counted): string {
  return `${String(total(errors))} of ${String(judged)} requests failed`;
}

/** Too many requests failed. If they got no response at all, it says which versions did respond. */
export function tooManyErrors(counted: Counted): string {
  const { errors, judged } = counted.counts;
  const { check } = counted;
  const limit = `more than ${String(Number((check.maxErrorRate * 100).toFixed(3)))}%`;
  const silent = errors.get(NO_RESPONSE) ?? 0;
  if (silent === total(errors)) {
    return `${silence(counted)}${String(silent)} of ${String(judged)} requests got no response within ${String(INGRESS.requestMs / 1000)} s, ${limit}${responders(counted)}`;
  }
  const kinds = [...errors]
    .toSorted((a, b) => b[1] - a[1])
    .map(([kind, count]) => `${String(count)} × ${kind}`);
  return `${failures(counted)}, ${limit} (${kinds.join(', ')})`;
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
    readonly obstacle: string | undefined;
  },
): string {
  if (verdict === 'undecided')
    return `stopped after ${countedSamples(counted)} because another part of the check failed`;
  const limit = `${String((watchMs ?? counted.check.verifyTimeoutMs) / 1000)} s`;
  if (verdict !== 'pass')
    return outOfTime(counted, watchMs === undefined ? limit : `${seconds.toFixed(1)} s`, obstacle);
  if (watchMs === undefined) return sharesMatch(counted);
  const failed = total(counted.counts.errors) === 0 ? '' : `; ${failures(counted)}`;
  return `no drift in ${limit} and ${countedSamples(counted)}${failed}${outage(counted)}`;
}

function outage({ setAside }: Counted): string {
  return setAside === 0
    ? ''
    : `; ${String(setAside)} requests got no connection while the ingress was away for a moment, and do not count`;
}

export function unknownVersion({ expected: { weights } }: Counted, version: VersionName): string {
  return `version ${version} responded, which the weights do not name (${[...weights.keys()].join(', ')})`;
}

export function contradictingBodies({ counts: { contradictions } }: Counted): string {
  const seen = [...contradictions].map(([pair, count]) => `${String(count)} × ${pair}`).join(', ');
  return `the header and the body of responses name different versions (${seen})`;
}

export function sharesMatch(counted: Counted): string {
  return `the shares match the weights (${countedSamples(counted)})${outage(counted)}`;
}

/** The time is up. */
function outOfTime(counted: Counted, seconds: string, why: string | undefined): string {
  const { unanswered } = counted.counts;
  const open =
    unanswered === 0
      ? undefined
      : `${silence(counted)}${String(unanswered)} requests had no response yet${responders(counted)}`;
  const reasons = [why, open].filter((one) => one !== undefined);
  return `undecided after ${seconds} and ${countedSamples(counted)}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`} (raise the input verify-timeout)`;
}

/** The versions that should have responded by now, and did not. */
function silence({ expected: { weights }, counts: { versions, samples } }: Counted): string {
  const sum = [...weights.values()].reduce((a, b) => a + b, 0);
  const silent = [...weights].filter(([version, weight]) => weight > 0 && versions.get(version) === 0);
  const share = silent.reduce((all, [, weight]) => all + weight / sum, 0);
  if (silent.length === 0 || samples === 0 || (1 - share) ** samples > LUCK) return '';
  const names = silent.map(([version]) => version);
  return `${names.join(' and ')} ${names.length === 1 ? 'does' : 'do'} not respond: `;
}

/** Which versions responded, if not all of them did. */
function responders({ counts: { versions, samples } }: Counted): string {
  const names = [...versions].filter(([, count]) => count > 0).map(([version]) => version);
  if (samples === 0 || names.length === versions.size) return '';
  return `, and all ${String(samples)} responses came from ${names.join(' and ')}`;
}

/** Responses under a revision other than the one in force. */
export function staleResponses({ counts: { stale, own }, expected: { revision = '' } }: Counted): string {
  const seen = [...stale].map(([older, count]) => `${String(count)} × revision ${older}`).join(', ');
  return `${String(total(stale))} of ${String(own)} responses carried a revision other than ${revision} (${seen})`;
}

/** Responses that no managed route gave. */
export function responsesWithoutRevision({
  counts: { withoutRevision, own },
  expected: { revision = '' },
}: Counted): string {
  return `${String(withoutRevision)} of ${String(own)} responses came from another route: they carry no revision, but the managed route sets ${revision}`;
}
