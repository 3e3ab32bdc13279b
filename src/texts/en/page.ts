import { count, formatCount } from '../../core/plural.ts';
import type { ChartTexts, PageTexts } from '../catalogue/page.ts';
import { formats } from './formats.ts';
import { headline } from './headline.ts';
import { outcomes } from './outcomes.ts';

const { duration } = formats;

const charts: ChartTexts = {
  shares: {
    caption: 'Shares by number of samples. Line: observed share; dotted: weight; shaded: tolerance.',
    title: (cluster) => `Shares through ${cluster} by number of samples`,
    version: ({ version, observed, weight, within, lower, upper }) =>
      `${version}: ${observed} at the end, weight ${weight}, ${within ? 'within' : 'outside'} the tolerance of ${lower} to ${upper}.`,
    samples: (samples) => `${count(samples, 'sample')}.`,
    axis: 'samples',
  },
  times: {
    caption: 'Response times of successful requests.',
    title: (cluster) => `Response times by version through ${cluster}`,
    version: ({ version, p50, p90, p99 }) => `${version}: median ${p50}, 90% ${p90}, 99% ${p99}.`,
    axis: 'ms: ● median, ○ 90%, | 99%',
  },
  metric: {
    captions: {
      value: 'The value at each poll; dotted: the limit.',
      evidence: 'Evidence against the release, as powers of ten; dotted: where it fails.',
    },
    title: (metric) => `Metric ${metric} over time`,
  },
};

export const page: PageTexts = {
  tag: 'en',
  stop: '.',
  title: ({ operation, outcome }) => `${operation} ${outcome.toLowerCase()}`,
  facts: {
    operation: 'Operation',
    weights: 'Current weights',
    previous: 'Previous weights',
    started: 'Started',
    duration: 'Duration',
    samples: 'Samples',
    writes: 'Writes',
  },
  checks: {
    name: ({ weights, kind, verdict }) =>
      `expected ${headline.weights(weights)}, ${kind === 'bake' ? 'during the bake, ' : ''}${outcomes.verdicts[verdict]}`,
    earlier: 'Earlier checks',
    sampled: ({ samples, ingresses, from, to }) =>
      `${count(samples, 'sample')} through ${count(ingresses, 'ingress', 'ingresses')}, ${duration(from)} to ${duration(to)} after the start.`,
    failed: (kinds) => `failed: ${kinds}`,
  },
  tables: {
    shares: 'Traffic split',
    responses: 'Errors and response times',
    metric: 'Users’ requests by version',
    percentiles: { p90: '90%', p99: '99%' },
    requests: { share: 'Share', slow: 'Slow', failed: 'Failed' },
  },
  charts,
  readings: ({ polls, missed, addresses, seconds }) =>
    `${count(polls, 'reading')} of ${formats.list(addresses)} in ${duration(seconds)}${missed === 0 ? '' : `, ${formatCount(missed)} of them failed`}`,
  changes: {
    write: ({ cluster, at, verb, reason }) => `${cluster}, ${duration(at)}: ${verb}, ${reason}`,
  },
  states: 'State of the clusters',
  timeline: {
    notable: 'Steps, checks and long phases',
    full: (entries) => `Full timeline, ${count(entries, 'entry', 'entries')}`,
    all: 'Every phase, step and check',
    position: 'Position',
  },
  made: (version) => `Made by multicluster-canary ${version}.`,
  run: 'Run and log',
};
