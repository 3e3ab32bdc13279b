import { count, formatCount } from '../../core/plural.ts';
import { inputLabel, theInput } from '../../core/wording.ts';
import type {
  FailedValues,
  SampledValues,
  SilentValues,
  Tally,
  VerdictMessages,
} from '../catalogue/verdicts.ts';
import { chanceOneIn } from '../chance.ts';
import type { MessageTexts } from '../message.ts';
import { failures } from './failures.ts';
import { formats } from './formats.ts';

export const verdicts: MessageTexts<VerdictMessages> = {
  weightlessVersions: ({ versions, samples }) => {
    const gave = [...versions].map(([version, number]) => `${version} gave ${formatCount(number)}`);
    return `${gave.join(' and ')} of ${formatCount(samples)} responses, although its weight is 0`;
  },
  sharesDiffer: ({ logEvidence, ...seen }) => {
    const chance = chanceOneIn(logEvidence);
    const luck =
      chance === undefined ? '' : `; chance of seeing this if the split were right: below 1 in ${chance}`;
    return `the shares do not match the weights (${sampled(seen)}${luck})`;
  },
  nearTheEdge: (seen) =>
    `undecided after ${sampled(seen)}: the shares differ from the weights by about the tolerance (look for a small cause, or raise ${theInput('tolerance')})`,
  maxSamplesReached: (seen) =>
    `undecided after ${sampled(seen)}, as many as ${theInput('max-samples')} allows: raise it, or omit it`,
  openAtMaxSamples: ({ why, ...seen }, say) =>
    `undecided after ${sampled(seen)}: ${say(why)} (raise ${theInput('max-samples')})`,
  noResponses: ({ unanswered, judged, seconds, limit, ...who }) =>
    `${silence(who)}${formatCount(unanswered)} of ${formatCount(judged)} requests got no response within ${String(seconds)} s, ${above(limit)}${responders(who)}`,
  tooManyErrors: ({ limit, kinds, ...failed }) =>
    `${failedOf(failed)}, ${above(limit)} (${failures.kinds(kinds)})`,
  stoppedEarly: (seen) => `stopped after ${sampled(seen)} because another part of the check failed`,
  sharesMatch: ({ setAside, ...seen }) =>
    `the shares match the weights (${sampled(seen)})${outage(setAside)}`,
  noDrift: ({ seconds, failures: failed, setAside, ...seen }) =>
    `no drift in ${seconds} s and ${sampled(seen)}${failed.failed === 0 ? '' : `; ${failedOf(failed)}`}${outage(setAside)}`,
  outOfTime: ({ seconds, why, open, ...seen }, say) => {
    const reasons = [
      ...(why === undefined ? [] : [say(why)]),
      ...(open === undefined
        ? []
        : [
            `${silence(open)}${formatCount(open.unanswered)} requests had no response yet${responders(open)}`,
          ]),
    ];
    return `undecided after ${seconds} s and ${sampled(seen)}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`} (raise ${theInput('verify-timeout')})`;
  },
  unknownVersion: ({ version, weights }) =>
    `version ${version} responded, which the weights do not name (${[...weights.keys()].join(', ')})`,
  contradictingBodies: ({ pairs }) =>
    `the header and the body of responses name different versions (${tally(pairs)})`,
  contradictingBody: () => 'the body of a response names another version than its header',
  staleResponses: ({ own, revision, stale }) =>
    `${formatCount(sum(stale))} of ${formatCount(own)} responses carried a revision other than ${revision} (${revisions(stale)})`,
  withoutRevision: ({ own, revision, withoutRevision }) =>
    `${formatCount(withoutRevision)} of ${formatCount(own)} responses came from another route: they carry no revision, but the managed route sets ${revision}`,
  failsMoreOften: ({ version, failed, requests, otherFailed, otherRequests }) =>
    `${version} fails more than twice as often as the other versions: ${formatCount(failed)} of ${formatCount(requests)} requests failed, against ${formatCount(otherFailed)} of ${formatCount(otherRequests)}`,
  slower: ({ version, limit, median, otherMedian }) =>
    `${version} is more than ${percent(limit)} slower than the other versions: median ${median.toFixed(1)} ms, against ${otherMedian.toFixed(1)} ms (${inputLabel('max-latency-increase')})`,
  podSplitsOtherwise: ({ pod, versions, samples }) => {
    const numbers = [...versions].map(([version, number]) => `${version} ${formatCount(number)}`).join(', ');
    return `Pod ${pod} splits its requests otherwise than the weights say: ${numbers} of ${formats.number(samples)} samples`;
  },
  podStaysBehind: ({ pod, own, revision, stale, withoutRevision }) => {
    const parts = [
      ...(stale.size === 0 ? [] : [revisions(stale)]),
      ...(withoutRevision === 0 ? [] : [`${formatCount(withoutRevision)} × no revision`]),
    ];
    return `Pod ${pod} stays behind: ${formatCount(sum(stale) + withoutRevision)} of its ${formatCount(own)} responses did not carry revision ${revision} (${parts.join(', ')})`;
  },
  podCrashes: ({ pod, restarts }) =>
    `Pod ${pod} crashes again and again: its proxy was restarted ${count(restarts, 'time')} during the check; see its log with kubectl logs --previous`,
};

function sampled({ samples, otherHosts }: SampledValues): string {
  const others = otherHosts === 0 ? '' : ` besides ${formatCount(otherHosts)} responses from other hosts`;
  return `${formats.number(samples)} samples${others}`;
}

function failedOf({ failed, judged }: FailedValues): string {
  return `${formatCount(failed)} of ${formatCount(judged)} requests failed`;
}

function above(limit: number): string {
  return `more than ${percent(limit)}`;
}

function percent(fraction: number): string {
  return `${String(Number((fraction * 100).toFixed(3)))}%`;
}

function outage(setAside: number): string {
  return setAside === 0
    ? ''
    : `; ${formatCount(setAside)} requests got no connection while the ingress was away for a moment, and do not count`;
}

function silence({ silent }: SilentValues): string {
  return silent.length === 0
    ? ''
    : `${silent.join(' and ')} ${silent.length === 1 ? 'does' : 'do'} not respond: `;
}

function responders({ responders: names, samples }: SilentValues): string {
  return names.length === 0
    ? ''
    : `, and all ${formatCount(samples)} responses came from ${names.join(' and ')}`;
}

function tally(counts: Tally): string {
  return [...counts].map(([what, number]) => `${formatCount(number)} × ${what}`).join(', ');
}

function revisions(stale: Tally): string {
  return [...stale].map(([older, number]) => `${formatCount(number)} × revision ${older}`).join(', ');
}

function sum(counts: Tally): number {
  return [...counts.values()].reduce((a, b) => a + b, 0);
}
