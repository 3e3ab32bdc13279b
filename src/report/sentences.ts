import type { IngressEvidence } from '../verify/evidence.ts';
import { clustersDisagree } from '../release/cluster-weights.ts';
import type { Weights } from '../core/weights.ts';
import type { Texts } from '../texts/catalogue.ts';
import type { Sampled, VersionErrors, Who } from '../texts/catalogue/headline.ts';
import { say } from '../texts/texts.ts';
import { failingVersions } from './failing-versions.ts';
import { metricFailure, metricsPassed, metricsThat, placeOf } from './metric-sentences.ts';
import type { RunRecord } from './run-record.ts';
import { sharesAt } from './shares.ts';

/**
 * Whose share was measured: "users" only if everything that leads to the service was looked at and follows the weights;
 * otherwise requests to the sampled host and path.
 */
function whoGot({ unseen, asked }: RunRecord): Who {
  if (unseen.length === 0) return 'users';
  if (asked === undefined) return 'samples';
  const { hosts, path } = asked;
  return { targets: hosts.length === 0 ? [path] : hosts.map((host) => `${host}${path}`) };
}

/** A pass in a sentence or two. */
export function passOf(record: RunRecord, texts: Texts): readonly string[] {
  const { headline } = texts;
  const { evidence, metrics, checks } = record;
  if (evidence.length === 0 && metrics.length > 0) {
    const names = new Set(metricsThat(metrics, 'pass').map(({ name }) => name));
    const weights = checks.at(-1)?.weights ?? new Map<string, number>();
    return [headline.passedByMetrics({ weights, metrics: [...names] })];
  }
  const shown = headline.shown({ who: whoGot(record), ...sampledIn(evidence) });
  return [shown, ...metricsPassed(metrics, texts)];
}

/** Why a check was inconclusive. */
export function inconclusiveOf(
  { evidence, metrics, checks, changes }: RunRecord,
  texts: Texts,
): readonly string[] {
  const { headline } = texts;
  const [open] = metricsThat(metrics, 'inconclusive');
  const samplesDecided = evidence.every(({ verdict }) => verdict === 'pass' || verdict === 'undecided');
  if (open !== undefined && samplesDecided)
    return [
      headline.metricOpen({ metric: placeOf(open, texts), reason: say(open.reason, texts) }),
      ...(checks.length === 0 && changes.length === 0 ? [headline.nothingWritten] : []),
    ];
  return [headline.splitOpen(sampledIn(evidence))];
}

/** What a failed check has shown: which version fails, or which shares are off. */
export function failureOf(record: RunRecord, texts: Texts): readonly string[] {
  const { headline } = texts;
  const { evidence, metrics, findings, held } = record;
  const users = metricFailure(metrics, texts);
  const [worst, ...others] = evidence
    .filter(({ verdict }) => verdict === 'fail')
    .toSorted((a, b) => distanceOf(b) - distanceOf(a));
  if (worst === undefined)
    return clustersDisagree(held) || users.length > 0
      ? [...users, ...(evidence.length === 0 && users.length > 0 ? [headline.byMetricsAlone] : [])]
      : [
          headline.expected(weightsOf(evidence)),
          findings[0] === undefined ? headline.otherHolding : headline.finding(say(findings[0].title, texts)),
        ];
  return [
    errorsOf(record, texts) ?? sharesIn(record, worst, texts),
    headline.atIngress({ cluster: worst.cluster, reason: say(worst.reason, texts) }),
    ...alsoFailing([worst, ...others], texts),
    ...users,
  ];
}

/** @param failing the worst ingress, and the others */
function alsoFailing([worst, ...others]: readonly IngressEvidence[], { headline }: Texts): readonly string[] {
  if (others.length === 0) return [];
  const clusters = others.map(({ cluster }) => cluster);
  const areDistinct = new Set([worst?.cluster, ...clusters]).size === others.length + 1;
  return [headline.alsoAtOthers({ ingresses: others.length, clusters: areDistinct ? clusters : [] })];
}

/** Which versions fail, and whether the others do; undefined if the error rate is acceptable. */
function errorsOf(record: RunRecord, { headline }: Texts): string | undefined {
  const { failing, versions, unattributed } = failingVersions(record);
  const isFailing = ({ version }: VersionErrors): boolean => failing.includes(version);
  if (failing.length === 0)
    return unattributed > FEW && isErrorRate(record) ? headline.failedUnattributed(unattributed) : undefined;
  return headline.versionsFail({
    failing: versions.filter(isFailing),
    sound: versions.filter((one) => !isFailing(one) && one.samples > 0),
  });
}

/** This many failures may be chance, and are not worth a headline. */
const FEW = 5;

function isErrorRate({ evidence, limits }: RunRecord): boolean {
  const requests = evidence.reduce((sum, one) => sum + one.requests, 0);
  const { unattributed } = failingVersions({ evidence, limits });
  return unattributed > (limits?.maxErrorRate ?? 0.01) * requests;
}

function sharesIn(record: RunRecord, worst: IngressEvidence, { headline }: Texts): string {
  const seen = sharesAt(worst, record.limits?.tolerance);
  const shares = seen.map(({ version, observed }) => ({ version, share: observed }));
  if (seen.every(({ within }) => within)) return headline.sharesAsExpected(shares);
  const weights = weightsOf(record.evidence);
  return headline.sharesOff({ who: whoGot(record), weights, shares, cluster: worst.cluster });
}

/** The largest distance of a share from its weight. */
function distanceOf(evidence: IngressEvidence): number {
  return Math.max(0, ...sharesAt(evidence).map(({ observed, weight }) => Math.abs(observed - weight)));
}

interface SampledShares {
  readonly weights: Weights;
  readonly sampled: Sampled;
  readonly samples: number;
}

function sampledIn(evidence: readonly IngressEvidence[]): SampledShares {
  const samples = evidence.reduce((sum, one) => sum + one.samples, 0);
  return { weights: weightsOf(evidence), sampled: placesOf(evidence), samples };
}

function weightsOf(evidence: readonly IngressEvidence[]): Weights {
  return evidence[0]?.weights ?? new Map();
}

/** If several clusters share an address, nobody knows which of them responds. */
function placesOf(evidence: readonly IngressEvidence[]): Sampled {
  const urls = [...new Set(evidence.map(({ url }) => url))];
  return urls.length < evidence.length
    ? { at: 'addresses', urls }
    : { at: 'ingresses', clusters: evidence.map(({ cluster }) => cluster) };
}
