import type { CheckSpec } from '../release/release.ts';
import { NO_ANSWER } from './ingress-client.ts';
import type { SampleCounts, Expectation } from './sample-counts.ts';
import { total } from './evidence.ts';
import { chanceInWords } from './statistics/significance.ts';
import { INGRESS } from '../core/deadlines.ts';

/** So likely it may be that no answer came from a version by luck, before it is said to give none. */
const LUCK = 0.01;

/** What was counted at one ingress, and against what it is tested. */
export interface Counted {
  readonly check: CheckSpec;
  readonly expected: Expectation;
  readonly counts: Readonly<SampleCounts>;
  readonly logEvidence: number;
}

export function countedSamples({ counts: { samples, otherHosts } }: Counted): string {
  const others = otherHosts === 0 ? '' : ` beside ${String(otherHosts)} answers of other hosts`;
  return `${String(samples)} samples${others}`;
}

export function sharesDiffer(counted: Counted): string {
  const { expected, counts, logEvidence } = counted;
  const uninvited = [...counts.versions].filter(
    ([version, count]) => expected.weights.get(version) === 0 && count > 0,
  );
  if (uninvited.length > 0) {
    const told = uninvited.map(([version, count]) => `${version} gave ${String(count)}`);
    return `${told.join(' and ')} of ${String(counts.samples)} answers, although its weight is 0`;
  }
  const chance = chanceInWords(logEvidence);
  const luck = chance === undefined ? '' : `; chance of seeing this if the split were right: ${chance}`;
  return `the shares do not match the weights (${countedSamples(counted)}${luck})`;
}

/** More samples than the test takes did not decide. */
export function nearTheEdge(counted: Counted): string {
  const { maxSamples } = counted.check;
  return maxSamples === undefined
    ? `undecided after ${countedSamples(counted)}: the shares are off the weights, but hardly beyond the tolerance (look for a small cause, or set the input tolerance wider)`
    : `undecided after ${countedSamples(counted)}, as many as the input max-samples allows: raise it, or leave it out`;
}

export function failures({ counts: { errors, judged } }: Counted): string {
  return `${String(total(errors))} of ${String(judged)} requests failed`;
}

/** Too many requests failed; where they got no answer at all, by whom the others were answered. */
export function tooManyErrors(counted: Counted): string {
  const { errors, judged } = counted.counts;
  const { check } = counted;
  const limit = `more than ${String(Number((check.maxErrorRate * 100).toFixed(3)))}%`;
  const silent = errors.get(NO_ANSWER) ?? 0;
  if (silent === total(errors)) {
    return `${silence(counted)}${String(silent)} of ${String(judged)} requests got no answer within ${String(INGRESS.requestMs / 1000)} s, ${limit}${answerers(counted)}`;
  }
  const kinds = [...errors]
    .toSorted((a, b) => b[1] - a[1])
    .map(([kind, count]) => `${String(count)} × ${kind}`);
  return `${failures(counted)}, ${limit} (${kinds.join(', ')})`;
}

/** The time is over. */
export function outOfTime(counted: Counted, seconds: string, why: string | undefined): string {
  const { unanswered } = counted.counts;
  const open =
    unanswered === 0
      ? undefined
      : `${silence(counted)}${String(unanswered)} requests had no answer yet${answerers(counted)}`;
  const reasons = [why, open].filter((one) => one !== undefined);
  return `undecided after ${seconds} and ${countedSamples(counted)}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`} (raise the input verify-timeout)`;
}

/** Versions that should have answered by now, and did not. */
function silence({ expected: { weights }, counts: { versions, samples } }: Counted): string {
  const sum = [...weights.values()].reduce((a, b) => a + b, 0);
  const silent = [...weights].filter(([version, weight]) => weight > 0 && versions.get(version) === 0);
  const share = silent.reduce((all, [, weight]) => all + weight / sum, 0);
  if (silent.length === 0 || samples === 0 || (1 - share) ** samples > LUCK) return '';
  const names = silent.map(([version]) => version);
  return `${names.join(' and ')} ${names.length === 1 ? 'does' : 'do'} not answer: `;
}

/** From which versions the answers came, where it was not from all of them. */
function answerers({ counts: { versions, samples } }: Counted): string {
  const names = [...versions].filter(([, count]) => count > 0).map(([version]) => version);
  if (samples === 0 || names.length === versions.size) return '';
  return `, and all ${String(samples)} answers came from ${names.join(' and ')}`;
}

/** Answers under another revision than the one in force. */
export function staleResponses({ counts: { stale, own }, expected: { revision = '' } }: Counted): string {
  const seen = [...stale].map(([older, count]) => `${String(count)} × revision ${older}`).join(', ');
  return `${String(total(stale))} of ${String(own)} answers came under another revision than ${revision} (${seen})`;
}

/** Answers that no managed route gave. */
export function responsesWithoutRevision({
  counts: { withoutRevision, own },
  expected: { revision = '' },
}: Counted): string {
  return `${String(withoutRevision)} of ${String(own)} answers came from another route: they carry no revision, and the managed route sets ${revision}`;
}
