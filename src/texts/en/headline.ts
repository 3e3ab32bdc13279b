import { count, formatCount } from '../../core/plural.ts';
import type {
  Acted,
  HeadlineTexts,
  Holding,
  Sampled,
  SeenShare,
  VersionErrors,
  Who,
} from '../catalogue/headline.ts';
import type { Weights } from '../../core/weights.ts';
import { worded } from '../../core/wording.ts';
import { formats } from './formats.ts';

const PARTICIPLES: Readonly<Record<string, string>> = {
  rollout: 'released',
  promote: 'promoted',
  rollback: 'rolled back',
  retire: 'retired',
};

/** More places are counted: a hundred names would hide the one that differs. */
const MOST_NAMED = 3;

export const headline: HeadlineTexts = {
  titles: {
    pass: ({ acted, byMetrics }) => {
      const verified = byMetrics ? 'metrics passed' : 'traffic split verified';
      return acted === undefined ? verified : `${done(acted)}, ${verified}`;
    },
    versionsFail: (versions) => `${versions.join(', ')} ${versions.length === 1 ? 'fails' : 'fail'}`,
    metricFailed: (metric) => `metric check failed (${metric})`,
    splitFailed: 'traffic split check failed',
    inconclusive: ({ byMetrics }) =>
      byMetrics ? 'metrics inconclusive' : 'traffic split check inconclusive',
    notVerified: 'not verified',
    actedNotVerified: (acted) => `${done(acted)}, not verified`,
    routesNotChosen: 'routes not chosen',
    differentWeights: 'clusters hold different weights',
    noWeights: 'no cluster holds one set of weights',
    refused: (operation) => `${operation} refused`,
    failed: (operation) => `${operation} failed`,
    done: (operation) => `${operation} done`,
    planned: (changes) => `plan: ${count(changes, 'change')}`,
  },
  holdings,
  holdingsSentence: (held) => `${holdings(held)}.`,
  differentWeights: (held) => `The clusters hold different weights: ${holdings(held)}.`,
  noCommonWeights: (held) => `No cluster holds one set of weights: ${holdings(held)}.`,
  noWeights: 'no weights',
  shown: ({ who, weights, sampled, samples }) => {
    const get = whoGet(who);
    return `${get.slice(0, 1).toUpperCase()}${get.slice(1)} ${inWords(weights)} ${through(sampled)}, as ${count(samples, 'sample')} show.`;
  },
  metricsPassed: (metrics) => `${count(metrics, 'metric')} passed during the watch.`,
  byMetricsAlone: 'No ingress was sampled, so metrics alone decided.',
  passedByMetrics: ({ weights, metrics }) =>
    `No ingress was sampled, so metrics alone decided: they show nothing against ${inWords(weights)} (${metrics.join(', ')}).`,
  metricOpen: ({ metric, reason }) =>
    `The check was inconclusive, so ${worded({ step: 'the job', command: 'the command' })} fails: ${metric}: ${reason}.`,
  nothingWritten: 'Nothing was written, since nothing would judge it.',
  splitOpen: ({ weights, sampled, samples }) =>
    `The check was inconclusive, so ${worded({ step: 'the job', command: 'the command' })} fails: ${count(samples, 'sample')} ${through(sampled)} neither confirm nor rule out ${inWords(weights)}.`,
  expected: (weights) => `Expected ${inWords(weights)}.`,
  finding: (title) => `${title}.`,
  otherHolding: 'A cluster holds something else.',
  alsoAtOthers: ({ ingresses, clusters }) =>
    clusters.length > 0 && clusters.length <= MOST_NAMED
      ? `The check also fails in ${formats.all(clusters)}.`
      : `The check also fails at ${count(ingresses, 'other ingress', 'other ingresses')}.`,
  atIngress: ({ cluster, reason }) => `In ${cluster}: ${reason}.`,
  failedUnattributed: (requests) => `${count(requests, 'request')} failed without reaching a version.`,
  versionsFail: ({ failing, sound }) => {
    const others =
      sound.length > 0
        ? `; requests to ${listed(sound)} do not`
        : failing.length > 1
          ? ': every version fails'
          : '';
    return `Requests to ${listed(failing)} fail${others}.`;
  },
  sharesAsExpected: (shares) =>
    `The shares are as expected (${seen(shares)}), but the check failed for another reason.`,
  sharesOff: ({ who, weights, shares, cluster }) =>
    `Expected ${inWords(weights)}, but ${whoGet(who)} ${seen(shares)} through ${cluster}.`,
  noneSet: 'No weights are set.',
  allHold: (weights) => `The routes in every config cluster hold ${inWords(weights)}.`,
  nothingSampled: 'No ingress was sampled, so nothing is known about the responses.',
  noMetricApplies: (reason) => `No metric applies: ${reason}.`,
  routesOpen: (held) =>
    `Several routes lead to the service, and the inputs choose none of them: ${holdings(held)}.`,
  refused: (problems) =>
    `${count(problems, 'problem')} with the inputs, so the run was refused before it reached any cluster.`,
  failedBeforeCheck: 'The run failed before the traffic split was checked.',
  failedAfterCheck: 'The run failed after the last check shown here.',
  currentWeights: (weights) => `The current weights are ${inWords(weights)}.`,
  noWeightsSet: 'No weights are set.',
  nothingWouldChange: 'Nothing would change: every cluster already matches the request.',
  wouldChange: ({ from, to }) =>
    `A rollout would change all clusters from ${from} to ${inWords(to)}. Nothing was written.`,
  weights: inWords,
  metric: {
    place,
    sentence: ({ reason, ...metric }) => {
      const where = place(metric);
      return `${where.slice(0, 1).toUpperCase()}${where.slice(1)}: ${reason}.`;
    },
    reasonIn: ({ reason, cluster }) => `${reason}${cluster === undefined ? '' : `, in ${cluster}`}.`,
    othersFail: (metrics) => `${count(metrics, 'other metric')} ${metrics === 1 ? 'fails' : 'fail'} as well.`,
  },
};

function done({ operation, version }: Acted): string {
  return [...(version === undefined ? [] : [version]), PARTICIPLES[operation] ?? operation].join(' ');
}

function holdings(held: readonly Holding[]): string {
  return held
    .map(({ places, what }, i) => {
      if (places.length === 1) return `${places.join('')} holds ${what}`;
      if (places.length <= MOST_NAMED) return `${formats.all(places)} hold ${what}`;
      const who = `${formatCount(places.length)} ${i === 0 ? 'of them' : 'others'}`;
      return `${i > 0 && i === held.length - 1 ? 'the ' : ''}${who} hold ${what}`;
    })
    .join('; ');
}

function inWords(weights: Weights): string {
  return [...weights].map(([version, weight]) => `${version} ${String(weight)}%`).join(', ');
}

function place({ name, cluster }: { readonly name: string; readonly cluster: string | undefined }): string {
  return `metric ${name}${cluster === undefined ? '' : ` in ${cluster}`}`;
}

function whoGet(who: Who): string {
  if (who === 'users') return 'users get';
  return who === 'samples' ? 'the sampled requests get' : `requests to ${who.targets.join(', ')} get`;
}

function through(sampled: Sampled): string {
  if (sampled.at === 'addresses') return `through ${formats.all(sampled.urls)}`;
  const { clusters } = sampled;
  const [first = '', second = ''] = clusters;
  if (clusters.length === 1) return `through the ingress of ${first}`;
  if (clusters.length === 2) return `through the ingresses of ${first} and ${second}`;
  return `through all ${formatCount(clusters.length)} ingresses`;
}

function listed(versions: readonly VersionErrors[]): string {
  return versions
    .map(
      ({ version, errors, samples }) =>
        `${version} (${formats.number(errors)} of ${formats.number(samples)})`,
    )
    .join(' and ');
}

function seen(shares: readonly SeenShare[]): string {
  return shares.map(({ version, share }) => `${version} ${(100 * share).toFixed(1)}%`).join(', ');
}
