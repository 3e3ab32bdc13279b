import { count, formatCount } from '../../core/plural.ts';
import { nameOfInput, theInput } from '../../core/wording.ts';
import type { Condition, CountedValues, LimitValues, MetricMessages } from '../catalogue/metrics.ts';
import { chanceOneIn } from '../chance.ts';
import type { MessageTexts, Say } from '../message.ts';

export const metrics: MessageTexts<MetricMessages> = {
  counted,
  failsForUsers: ({ logEvidence, ...values }) => {
    const chance = chanceOneIn(logEvidence);
    const luck =
      chance === undefined ? '' : ` (chance of seeing this if they were alike: below 1 in ${chance})`;
    return `${values.version} ${is(values.of)} more often than ${values.others.join(' and ')} for real users: ${counted(values)}${luck}`;
  },
  failedUnattributed: ({ hits, requests }) =>
    `${count(hits, 'request')} of ${formatCount(requests)} failed without reaching a version`,
  nothingCounted: ({ versions, noSeries, passes }) =>
    `no request${versions.length === 0 ? '' : ` to ${versions.join(' and ')}`} was counted${noSeries ? ': the query found no series' : ''}${passes ? ', which passes (on-no-data: pass)' : ''}`,
  tooFewToShow: ({ seen, of }, say) =>
    `${say(seen)}; so few requests would not even show a version that ${is(of)} every time, and nothing else was checked: watch longer`,
  countedDoubtful: ({ seen, ratio }, say) =>
    `${say(seen)}; that is more than ${ratio === 1 ? 'as often' : `${String(ratio)} times as often`}, but may be chance`,
  nothingReleased: () => 'no version is being released, so there is none to compare with the others',
  noTrafficYet: ({ version }) => `${version} has no traffic yet`,
  allTraffic: ({ version }) => `${version} has all the traffic, so there is no version to compare it with`,
  countedShares: ({ sampled, weights, requests, all }) => {
    const parts = [...weights].map(([version, weight]) => {
      const share = all === 0 ? 0 : (100 * (requests.get(version) ?? 0)) / all;
      return `${version} ${share.toFixed(1)}% (weight ${String(weight)}%)`;
    });
    return `${sampled ? 'requests counted' : 'users’ own requests'}: ${parts.join(', ')} of ${count(all, 'request')}`;
  },
  sharesOffForUsers: ({ seen, logEvidence }, say) => {
    const chance = chanceOneIn(logEvidence);
    return `${say(seen)}${chance === undefined ? '' : ` (chance of seeing this if the split were right: below 1 in ${chance})`}`;
  },
  tooFewForSplit: ({ seen }, say) =>
    `${say(seen)}: too few requests to confirm the split, or it is near the edge of the tolerance (raise ${theInput('bake')} or ${nameOfInput('tolerance')})`,
  onlyVersion: ({ version }) => `${version} is the only version, so there is no split to compare with`,
  lastReadingFailed: ({ message }) => `the last reading failed: ${message}`,
  cannotBeFound: ({ unknown }, say) =>
    `${say(unknown)}, so that none would ever count: check the spelling; or, if it appears only with the first error, add "or 0 *" and the query of requests`,
  unknownMetric: ({ address, metric }) => `${address} knows no metric ${metric}`,
  unknownLabel: ({ address, metric, label }) =>
    `at ${address}, no series of ${metric} has the label ${label}`,
  readOnce: ({ addresses }) =>
    `${addresses.join(' and ')} could be read only once, so nothing is known about the requests there`,
  noSeriesAt: ({ addresses }) =>
    `the query found no series at ${addresses.join(' and ')}, so nothing is known about the requests there (if there are none, set on-no-data: pass)`,
  countsTwice: () =>
    'the series come from both ends of each request (reporter source and destination), so each counts twice: add reporter="source" to the query',
  valuesFell: ({ of, readings }) =>
    `the values fell in ${formatCount(of)} of ${formatCount(readings)} readings, as a gauge or a recorded rate does: counters only rise until their process restarts`,
  notScraped: ({ seconds }) =>
    `the counters have not been scraped for ${seconds.toFixed(0)} s, so nothing is known about the requests since`,
  missingBucket: ({ address, versions }) => {
    const what =
      versions.length === 0
        ? 'requests, and no series'
        : `requests to ${versions.join(' and ')}, and no series of ${versions.length === 1 ? 'it' : 'them'}`;
    return `${address} has ${what} that matches the query for slow ones. A histogram has a series for each of its buckets, so the bucket (le) in the query is not one of them, or another label differs. Ask Prometheus for the buckets without le to see which there are`;
  },
  differingLabels: ({ series, labels, more }) =>
    `the query found ${count(series, 'series', 'series')} where one value is expected; they differ in ${labels.join(', ')}${more ? ' and others' : ''}: make one of them, such as by sum(…)`,
  limit,
  symbols: ({ condition, matches }) => {
    const symbols = inSymbols(condition);
    return matches === undefined ? symbols : symbols.replace(/1$/, () => matches);
  },
  noReading: () => 'there was no reading',
  noSeries: () => 'the query found no series',
  notFinite: ({ value }) => `the query found ${value}, as of a division by 0`,
  passesWithout: ({ problem, why }, say) =>
    `${say(problem)}, which passes (${why === 'template' ? 'by the conditions of the template' : 'on-no-data: pass'})`,
  metNeither: ({ seen, values }, say) =>
    `${say(seen)}; ${count(values, 'value')} met neither the condition of success nor that of failure`,
  noGoodValue: ({ seen, why }, say) => `${say(seen)}; ${say(why)}`,
  looksBack: ({ seconds }) =>
    `none counts as good: the query looks back to before the step, or to requests of this check, until it has been watched for ${String(seconds)} s without any`,
  watchTooShort: () => 'no value was good, so the watch was too short to tolerate bad ones',
  delayNotOver: ({ seconds }) =>
    `no value was judged: the watch ended before its initialDelay of ${String(seconds)} s was over`,
  firstNotJudged: () => 'no value was judged: the first of a watch is not, and there was no other',

  readingsFailed: ({ missed, polls, message }) =>
    `${formatCount(missed)} of ${count(polls, 'reading')} failed, the last one so: ${message}`,
  serverSays: ({ note }) => `The server says: ${note}`,
  requestsWithoutVersion: ({ requests }) => `${count(requests, 'request')} named no version.`,
  versionOutside: ({ version, requests }) =>
    `${version}, which has no weight, had ${count(requests, 'request')}.`,
  mayBeSamples: ({ samples }) =>
    `Up to ${formatCount(samples)} of these requests may be samples of this check.`,
  noMoreThanSamples: () =>
    'No more requests were counted than this check sampled, so there may have been no users.',
  versionNotNamed: ({ version }) =>
    `The query does not name ${version}, so it is about all versions together: errors of ${version} alone hardly show while it has little traffic. Select by version, such as destination_version="${version}".`,
  fillsGaps: () =>
    'The query has a number where there is no data (or vector(…)), so that missing data may count as good.',
};

function counted({ of, version, hits, requests, others, otherHits, otherRequests }: CountedValues): string {
  const ofAll = (some: number, all: number): string => `${formatCount(some)} of ${count(all, 'request')}`;
  return `${ofAll(hits, requests)} to ${version} ${of === 'slow' ? 'were slow' : 'failed'}, against ${ofAll(otherHits, otherRequests)} to ${others.join(' and ')}`;
}

function is(of: CountedValues['of']): string {
  return of === 'slow' ? 'is slow' : 'fails';
}

function limit({ value, good, bad, wrong, judged, tolerated }: LimitValues, say: Say): string {
  const conditions = [
    ...(good === undefined ? [] : [`good if ${say(good)}`]),
    ...(bad === undefined ? [] : [`bad if ${say(bad)}`]),
  ].join(', ');
  const badOnes = `${count(wrong, 'value')} of ${formatCount(judged)} ${wrong === 1 ? 'was' : 'were'} bad`;
  return `${valueWas(value)}, ${conditions}${wrong === 0 && tolerated === 0 ? '' : `; ${badOnes}, ${formatCount(tolerated)} tolerated`}`;
}

function valueWas(value: LimitValues['value']): string {
  if (value === undefined) return 'no value';
  return 'number' in value
    ? `the value was ${value.number.toLocaleString('en', { maximumSignificantDigits: 4 })}`
    : `the answer was ${value.was ? '' : 'not '}${value.matches}`;
}

/** `< 0.01`, `>= 0.95 and < 2` */
function inSymbols(condition: Condition): string {
  switch (condition.kind) {
    case 'compare':
      return `${condition.operator} ${String(condition.limit)}`;
    case 'not':
      return `not (${inSymbols(condition.of)})`;
    case 'all':
    case 'any':
      return condition.of
        .map((one) => (one.kind === 'all' || one.kind === 'any' ? `(${inSymbols(one)})` : inSymbols(one)))
        .join(condition.kind === 'all' ? ' and ' : ' or ');
  }
}
